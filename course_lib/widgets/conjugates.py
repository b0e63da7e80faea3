"""The Fenchel conjugate to play with: a line of given slope under the f of a divergence."""

from typing import Literal

from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _one_of, _within

Divergence = Literal[
    "KL", "reverse KL", "JS", "squared Hellinger", "total variation", "Pearson", "Neyman", "GAN"
]


def conjugate(
    divergence: Divergence = "KL",
    slope: float = 0.0,
    ratio: float = 2.0,
    *,
    task: str = "Find the slope at which the line touches f at the marked ratio. What is that slope called?",
) -> Lab:
    """The highest line of a slope t that stays below f: it starts at −f*(t), and touches where t = f'(u).

    `slope` is t, in the range that the lab shows of the divergence (nearest end where it lies outside); `ratio` in
    [0.05, 4] is the u = p/q at which the bound u t − f*(t) ≤ f(u) is read off.
    """
    _one_of("divergence", divergence, Divergence)
    _within("slope", slope, -4, 5)
    _within("ratio", ratio, 0.05, 4)
    settings = {"divergence": divergence, "slope": slope, "ratio": ratio, "task": task}
    scripts = (*PARTS, "conjugates.js", "conjugate-lab.js")
    return _lab("mountConjugate", scripts, settings, (590, 1110), "The conjugate as a line under a curve")
