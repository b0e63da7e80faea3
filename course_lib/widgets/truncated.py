"""Truncated codes: the same codes at every threshold, by each law that goes by that name; pictures made beforehand."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab
from course_lib.widgets.walks import _sheet

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


def truncation(
    pictures: "Mapping[str, Tensor | np.ndarray]",
    thresholds: Sequence[float],
    deviations: Mapping[str, Sequence[float]],
    *,
    columns: int = 10,
    task: str = "Lower the threshold until pictures of one column look alike. By which law does that happen first?",
) -> Lab:
    """Pictures by law, each (thresholds, pictures, C, H, W) in [-1, 1]: the reader chooses a law and a threshold.

    deviations: for each law the standard deviation of a code's numbers at each threshold. The pictures stand in rows
    of `columns`. Raises UsageError for arrays that do not belong together.
    """
    shapes = {tuple(made.shape) for made in pictures.values()}
    lengths = {len(values) for values in deviations.values()}
    if len(shapes) != 1 or deviations.keys() != pictures.keys() or lengths != {len(thresholds)}:
        raise UsageError("every law needs as many pictures and deviations as there are thresholds.")
    count, shown, _, height, width = shapes.pop()
    if count != len(thresholds) or shown % columns:
        raise UsageError(
            f"{count} rows of {shown} pictures do not suit {len(thresholds)} thresholds and {columns} columns."
        )
    data = {
        "laws": [
            {
                "name": name,
                "sheet": _sheet(made),
                "deviations": [round(float(v), 3) for v in deviations[name]],
            }
            for name, made in pictures.items()
        ],
        "thresholds": [float(t) for t in thresholds],
        "pictures": shown,
        "columns": columns,
        "height": height,
        "width": width,
        "task": task,
    }
    return _lab("mountTruncation", (*PARTS, "truncation-lab.js"), data, (430, 560), "Truncated codes")
