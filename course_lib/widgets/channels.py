"""A channel with a noise that the reader turns, and the bound of a reading that assumes another."""

from typing import Literal

from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _one_of, _within

Codes = Literal["two", "four", "eight"]
COUNTS = {"two": 2, "four": 4, "eight": 8}


def channel(
    codes: Codes = "four",
    noise: float = 1.0,
    assumed: float = 0.4,
    *,
    task: str = "Turn the noise that q assumes until the bound is tight. Then make the bound negative.",
) -> Lab:
    """Equally probable codes, two apart on a line, are seen through Gaussian noise: information and its bound.

    The reading q is the posterior of a channel with the noise `assumed`, shifted at will: it is the best reading where
    both noises are equal and the shift is 0. Both noises lie in [0.1, 10]. The formulas are those of
    `theory.information`. Raises UsageError for a setting outside of what the controls can show.
    """
    _one_of("codes", codes, Codes)
    _within("noise", noise, 0.1, 10)
    _within("assumed", assumed, 0.1, 10)
    settings = {"codes": codes, "noise": noise, "assumed": assumed, "task": task}
    scripts = (*PARTS, "channel.js", "channel-lab.js")
    return _lab("mountChannel", scripts, settings, (670, 1200), "Information through a noisy channel")
