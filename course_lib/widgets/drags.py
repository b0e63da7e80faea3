"""A point of a face that the reader drags: paths to a grid of targets, made beforehand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab
from course_lib.widgets.walks import _sheet

if TYPE_CHECKING:
    from torch import Tensor


def drags(
    frames: "Tensor | np.ndarray",
    targets: "Tensor | np.ndarray",
    seen: "Tensor | np.ndarray",
    known: "Tensor | np.ndarray",
    names: Sequence[str],
    *,
    task: str = "Drag the ring to a place. Where do the handle and what tracking sees part?",
) -> Lab:
    """Faces, each with a handle that goes to any of some targets.

    frames: (faces, targets, moments, C, H, W) in [-1, 1], the pictures along each drag. targets: (faces, targets, 2).
    seen: (faces, targets, moments, 2), where tracking sees the handle; known: the same by a judge. Points are (x, y) in
    pixels; the middle of the first pixel is (0, 0). names: one for each face and handle. Raises UsageError for arrays
    that do not belong together.
    """
    faces, count, moments = frames.shape[:3]
    shapes = [tuple(a.shape) for a in (targets, seen, known)]
    path = (faces, count, moments, 2)
    if shapes != [(faces, count, 2), path, path] or len(names) != faces:
        raise UsageError(
            f"{faces} faces with {count} targets and {moments} moments need points of as many, and names; these have "
            f"{shapes} and {len(names)}."
        )

    def rounded(points: "Tensor | np.ndarray") -> list:
        return np.asarray(points, dtype=float).round(2).tolist()

    data = {
        "faces": [
            {
                "name": name,
                "sheet": _sheet(frames[k]),
                "targets": rounded(targets[k]),
                "seen": rounded(seen[k]),
                "known": rounded(known[k]),
            }
            for k, name in enumerate(names)
        ],
        "moments": moments,
        "height": int(frames.shape[-2]),
        "width": int(frames.shape[-1]),
        "task": task,
    }
    return _lab("mountDrags", (*PARTS, "drags-lab.js"), data, (560, 640), "Drag a point of a face")
