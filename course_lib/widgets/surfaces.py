"""A loss surface over two directions of a code: the reader chooses where descent starts, and sees what it finds."""

from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab
from course_lib.widgets.walks import _sheet

if TYPE_CHECKING:
    from torch import Tensor


def loss_surface(
    values: "Tensor | np.ndarray",
    pictures: "Tensor | np.ndarray",
    wanted: "Tensor | np.ndarray",
    reach: float,
    *,
    truth: tuple[float, float] = (0.0, 0.0),
    start: tuple[float, float] = (1.5, 1.5),
    rate: float = 1.0,
    task: str = "Find two starts that lie near each other and end in different valleys.",
) -> Lab:
    """Descent from wherever the reader taps, on a surface that is known on a grid.

    values: (n, n) losses over [-reach, reach]², row by row from the lowest y. pictures: (k, k, C, H, W) in [-1, 1], on
    a coarser grid of the same square: what is shown at the end. wanted: (C, H, W). truth: where the code lies.
    Raises UsageError for grids that are no squares, of fewer than four values a side, or not finite.
    """
    grid = np.asarray(values, dtype=float)
    if grid.ndim != 2 or grid.shape[0] != grid.shape[1] or len(grid) < 4 or not np.isfinite(grid).all():
        raise UsageError(
            f"a loss surface is a square of at least 4 × 4 finite numbers, not {tuple(grid.shape)}."
        )
    side = pictures.shape[0]
    if pictures.ndim != 5 or pictures.shape[1] != side or tuple(wanted.shape) != tuple(pictures.shape[2:]):
        raise UsageError(
            f"pictures are (k, k, C, H, W), and the wanted one (C, H, W), not {tuple(pictures.shape)} and "
            f"{tuple(wanted.shape)}."
        )
    blank = np.zeros((1, side, *pictures.shape[2:]), dtype=np.float32) - 1
    blank[0, 0] = np.asarray(wanted, dtype=np.float32)
    # the wanted one begins the last row
    rows = np.concatenate([np.asarray(pictures, dtype=np.float32), blank])
    data = {
        "surface": {"values": [[float(f"{v:.5g}") for v in row] for row in grid], "reach": reach},
        "sheet": _sheet(rows),
        "side": side,
        "height": int(pictures.shape[-2]),
        "width": int(pictures.shape[-1]),
        "truth": list(truth),
        "start": list(start),
        "rate": rate,
        "task": task,
    }
    return _lab(
        "mountSurface",
        (*PARTS, "surface.js", "surface-lab.js"),
        data,
        (640, 1080),
        "Descent in the plane of two codes",
    )
