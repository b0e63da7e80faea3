"""A face with fewer and fewer pixels: what P says of it, and which faces of the generator look alike at that size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab
from course_lib.widgets.walks import _sheet

if TYPE_CHECKING:
    from torch import Tensor


def small_images(
    answers: "Tensor | np.ndarray",
    posterior: "Tensor | np.ndarray",
    sides: Sequence[int],
    labels: Sequence[str],
    *,
    spread: "Tensor | np.ndarray | None" = None,
    task: str = "Lower the resolution. Which feature of the face is the first that the look-alikes disagree about?",
) -> Lab:
    """Pictures of several faces, each at several resolutions.

    answers: (faces, resolutions, columns, C, H, W) in [-1, 1], a column for each of `labels`, such as what P is shown
    and what it answers. posterior: (faces, resolutions, k, C, H, W), images that look alike at that resolution.
    sides: pixels of each resolution. spread: (faces, resolutions), how far the look-alikes lie apart, in grey levels.
    Raises UsageError for arrays that do not belong together.
    """
    faces, count, columns = answers.shape[:3]
    if posterior.shape[:2] != (faces, count) or len(sides) != count or len(labels) != columns:
        raise UsageError(
            f"{faces} faces at {count} resolutions in {columns} columns need as many look-alikes, sides and labels, "
            f"not {tuple(posterior.shape[:2])}, {len(sides)} and {len(labels)}."
        )
    if spread is not None and tuple(spread.shape) != (faces, count):
        raise UsageError(f"the spread has a number for each face and resolution, not {tuple(spread.shape)}.")
    data = {
        "faces": [
            {
                "answers": _sheet(a),
                "posterior": _sheet(p),
                "spread": None if spread is None else [round(float(v), 1) for v in spread[number]],
            }
            for number, (a, p) in enumerate(zip(answers, posterior, strict=True))
        ],
        "sides": list(sides),
        "labels": list(labels),
        "alike": int(posterior.shape[2]),
        "height": int(answers.shape[-2]),
        "width": int(answers.shape[-1]),
        "task": task,
    }
    scripts = (*PARTS, "small-images-lab.js")
    return _lab("mountSmallImages", scripts, data, (520, 620), "A face with fewer and fewer pixels")
