"""Games of two numbers in the plane of both players: directions of play, and the path from one start."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from course_lib.figures.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor


def phase(
    ax: "Axes", field: "Callable[[Tensor], Tensor]", path: "Tensor | None" = None, *, reach: float = 2.0
) -> None:
    """Streamlines of `field` (..., 2) -> (..., 2) over [-reach, reach]², and a path (T, 2) from dot to square."""
    import torch

    ticks = torch.linspace(-reach, reach, 25, dtype=torch.float64)
    u, v = field(torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1)).unbind(-1)
    ax.streamplot(*(t.numpy() for t in (ticks, ticks, u, v)), density=0.8, color="#A9B2BC", linewidth=0.9)
    if path is not None:
        ax.plot(*path.T, color=COLOURS["generator"], lw=1.3)
        ax.plot(*path[0], "o", color=COLOURS["generator"], ms=6)
        ax.plot(*path[-1], "s", color=COLOURS["discriminator"], ms=7)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
