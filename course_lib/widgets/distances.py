"""The Fréchet distance to play with: two Gaussians in the plane and the transport between them."""

from collections.abc import Sequence

from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _within


def frechet(
    mean: Sequence[float] = (1.2, 0.6),
    along: float = 0.8,
    across: float = 0.8,
    angle: float = 30,
    *,
    task: str = "Bring the distance to 0. Then turn the ellipse: which of the two terms notices?",
) -> Lab:
    """The distance between N(0, A), the data, and N(mean, B), which the reader moves, stretches and turns.

    B has the standard deviations `along` and `across` (0.1 to 2.5) with the first axis turned by `angle` degrees
    (0 to 180); both means lie in [−3, 3]. A has 1.5 and 0.6 at 30 degrees. Sixteen arrows show the cheapest transport
    of one onto the other; their mean squared length is the distance (Dowson and Landau 1982).
    """
    for name, value in (("the first mean", mean[0]), ("the second mean", mean[1])):
        _within(name, value, -3, 3)
    _within("along", along, 0.1, 2.5)
    _within("across", across, 0.1, 2.5)
    _within("angle", angle, 0, 180)
    settings = {"mean": list(mean), "along": along, "across": across, "angle": angle, "task": task}
    scripts = (*PARTS, "frechet.js", "frechet-lab.js")
    return _lab("mountFrechet", scripts, settings, (560, 1070), "The Fréchet distance of two Gaussians")
