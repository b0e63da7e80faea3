"""The brush of Zhu et al. (2016): paint a colour, and the nearest image that a generator can make appears."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.explorer import _array, fold
from course_lib.widgets.labs import PARTS, _lab

if TYPE_CHECKING:
    from torch import Tensor, nn

INKS = {
    "black": (-0.9, -0.9, -0.9),
    "white": (0.95, 0.95, 0.95),
    "red": (0.75, -0.6, -0.6),
    "yellow": (0.9, 0.6, -0.4),
    "green": (-0.4, 0.3, -0.4),
    "blue": (-0.6, -0.2, 0.6),
}


def brush(
    generator: "nn.Module",
    codes: "Tensor | np.ndarray",
    *,
    free: int | None = None,
    inks: Mapping[str, tuple[float, float, float]] | None = None,
    precision: Literal["float16", "float32"] = "float16",
    task: str = "Make the hair red with one stroke. Does the rest of the face stay? Move the slider and paint again.",
) -> Lab:
    """A generated image that the reader paints on, with descent on its code in the page after each stroke.

    codes (n, latent): of the images that a button goes through. free: how many of the first numbers of a code the
    search may change; by default all. A conditional generator's condition stands behind them and stays. inks: colours
    by name, each three numbers in [-1, 1]; of grey images the first counts.
    Raises UsageError when codes do not fit the generator.
    """
    spec = fold(generator, precision)
    width = spec["layers"][0]["inputs"]
    codes = _array(codes)
    free = width if free is None else free
    if codes.ndim != 2 or codes.shape[1] != width or not 0 < free <= width:
        raise UsageError(
            f"This generator is fed with {width} numbers; it got codes {codes.shape}, {free} of them free."
        )
    data = {
        "generator": spec,
        "codes": codes.round(5).tolist(),
        "free": free,
        "inks": [{"name": name, "rgb": list(rgb)} for name, rgb in (inks or INKS).items()],
        "task": task,
    }
    scripts = (*PARTS, "conv.js", "brush.js", "brush-lab.js")
    return _lab("mountBrush", scripts, data, (660, 1060), "Paint on a generated image")
