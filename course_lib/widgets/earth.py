"""The earth mover's distance to play with: one bump of earth that the reader moves onto two."""

from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _within


def transport(
    position: float = 2.5,
    width: float = 0.3,
    gap: float = 0.0,
    *,
    task: str = "Make the bump thin, and move it until JS has a slope again. What did W₁ say all the while?",
) -> Lab:
    """p_g = N(position, width²) against p_data = ½ N(−gap/2, width²) + ½ N(gap/2, width²): plan, W₁, JS, KL, slopes.

    position in [−4, 4], width in [0.1, 1.2], gap in [0, 4]. Raises UsageError outside of the sliders' ranges.
    """
    _within("position", position, -4, 4)
    _within("width", width, 0.1, 1.2)
    _within("gap", gap, 0, 4)
    settings = {"position": position, "width": width, "gap": gap, "task": task}
    scripts = (*PARTS, "transport.js", "transport-lab.js")
    return _lab("mountTransport", scripts, settings, (710, 1365), "Moving earth: W1, JS and KL")
