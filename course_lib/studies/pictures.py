"""Pictures that a record keeps of its runs: a page shows what was recorded, and trains nothing for it."""

import base64
import io
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import CourseError


def as_text(images: Tensor) -> str:
    """Images (N, 3, H, H) in [-1, 1], in a row as one PNG, in base64: text for a line of a record.

    Square, for `from_text`. To 256 levels of each value; nothing else is lost.
    """
    from PIL import Image

    levels = images.detach().cpu().clamp(-1, 1).add(1).mul(127.5).round().byte()
    row = levels.permute(2, 0, 3, 1).flatten(1, 2)  # (H, N·W, C)
    file = io.BytesIO()
    Image.fromarray(row.numpy()).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def from_text(text: str) -> Tensor:
    """What `as_text` gave, as square images (N, 3, H, H) in [-1, 1]."""
    from PIL import Image

    row = torch.from_numpy(np.array(Image.open(io.BytesIO(base64.b64decode(text)))))
    height, width, channels = row.shape
    images = row.reshape(height, width // height, height, channels).permute(1, 3, 0, 2)
    return images.float().div(127.5).sub(1)


def of(record: Any, variant: str, name: str = "pictures") -> Tensor:
    """The pictures of that name that a `records.Record` keeps of a variant, of the first seed that has some.

    Raises CourseError where none has.
    """
    rows = (line["measures"][-1] for line in record.lines if line["variant"] == variant)
    text = next((row[name] for row in rows if name in row), None)
    if text is None:
        raise CourseError(
            f"the record {record.name} keeps no '{name}' of the variant '{variant}': make it again with "
            f"`course study run {record.name}`."
        )
    return from_text(text)
