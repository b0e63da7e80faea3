"""Precision, recall, density and coverage to play with: points in the plane and the balls about them."""

from typing import Literal

from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _one_of, _within

Fakes = Literal[
    "like the data", "one cluster", "away from the data", "copies of the data", "one point, repeated"
]
Balls = Literal["the data's, k = 3", "the data's, k = 5", "the generator's, k = 3", "none"]


def neighbourhoods(
    generator: Fakes = "like the data",
    balls: Balls = "the data's, k = 3",
    *,
    spread: float = 1.0,
    stray_data: int = 0,
    stray_samples: int = 0,
    task: str = "Find precision 1 with coverage below ¼. Then let one stray data point spoil the precision.",
) -> Lab:
    """The four measures of `evaluation.manifold` on two clouds of 48 points, and the balls about one of them.

    spread widens the generator's points about their centres, in [0, 3], and is 1 for the data; stray_data (0 to 3)
    are points far from the others that join the data, stray_samples (0 to 6) replace generated ones. A tap moves
    the first stray data point. Raises UsageError for a setting outside of what the controls can show.
    """
    _one_of("generator", generator, Fakes)
    _one_of("balls", balls, Balls)
    _within("spread", spread, 0, 3)
    _within("stray_data", stray_data, 0, 3)
    _within("stray_samples", stray_samples, 0, 6)
    settings = {
        "generator": generator,
        "balls": balls,
        "spread": spread,
        "strayData": stray_data,
        "straySamples": stray_samples,
        "task": task,
    }
    scripts = ("rng.js", *PARTS, "manifold.js", "manifold-lab.js")
    return _lab("mountManifold", scripts, settings, (640, 1215), "Precision, recall, density, coverage")
