"""A player of walks through a latent space: pictures made beforehand, a row of faces that change together."""

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.figures.images import pixels
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab

if TYPE_CHECKING:
    from torch import Tensor


def walks(
    frames: "Mapping[str, Tensor | np.ndarray]",
    *,
    task: str = "Play each walk in turn. Which of them change the picture as a whole, which only a detail?",
    title: str = "Walks through the latent space",
) -> Lab:
    """Walks by name, each (frames, faces, C, H, W) in [-1, 1]: the reader chooses one, plays it or drags it.

    A walk is played round and round, so let it end where it begins. Pictures are kept as JPEG, of a kilobyte each at
    32 pixels. `title` names the figure. Raises UsageError for walks that differ in shape, and for none.
    """
    shapes = {tuple(walk.shape) for walk in frames.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 5:
        raise UsageError(
            f"walks are arrays (frames, faces, C, H, W) of one shape, with a name each; these have {sorted(shapes)}."
        )
    count, faces, _, height, width = shapes.pop()
    data = {
        "walks": [{"name": name, "sheet": _sheet(walk)} for name, walk in frames.items()],
        "frames": count,
        "faces": faces,
        "height": height,
        "width": width,
        "task": task,
    }
    return _lab("mountWalks", (*PARTS, "walks-lab.js"), data, (330, 430), title)


def _sheet(walk: "Tensor | np.ndarray") -> str:
    """(frames, faces, C, H, W) -> a picture with a row for each frame and a column for each face, as a data URL."""
    from PIL import Image

    rows = [np.concatenate(list(pixels(frame)), 1) for frame in walk]
    buffer = io.BytesIO()
    Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
