"""The generator's costs as functions of the discriminator's opinion, and the Dirac-GAN's plane of play."""

from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.figures.style import COLOURS, MARKERS, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# each game keeps the look of one role, here and in the browser lab of the same figure
ROLES = {"minimax": "discriminator", "non-saturating": "generator", "maximum-likelihood": "data"}


def look(game: str) -> dict[str, object]:
    """Keyword arguments of `Axes.plot` for a game: colour, line style, marker (drawn only where asked) and label."""
    if game not in ROLES:
        raise UsageError(f"No look belongs to the game '{game}': choose one of {', '.join(ROLES)}.")
    return {**line(ROLES[game]), "label": game}


def marks(game: str) -> dict[str, object]:
    """Keyword arguments of `Axes.plot` for measured points of a game, without a line."""
    if game not in ROLES:
        raise UsageError(f"No look belongs to the game '{game}': choose one of {', '.join(ROLES)}.")
    role = ROLES[game]
    return {"color": COLOURS[role], "marker": MARKERS[role], "linestyle": ""}


def costs_and_slopes(cost: "Axes", slope: "Axes") -> None:
    """Draw the three costs (nats) into one panel and the size of their slopes in the logit into another.

    Both run over D(G(z)) in (0, 1).
    """
    import torch

    from course_lib.theory.generator_objectives import generator_loss, generator_loss_slope

    logits = torch.linspace(-9, 9, 721, dtype=torch.float64)
    probability = logits.sigmoid()
    for game in ROLES:
        cost.plot(probability, generator_loss(game, logits), **look(game))
        slope.plot(probability, generator_loss_slope(game, logits).abs(), **look(game))
    cost.set(xlabel="$D(G(z))$", ylabel="cost of a sample (nats)", xlim=(0, 1), ylim=(-5, 5))
    slope.set(xlabel="$D(G(z))$", ylabel="size of its slope in the logit", xlim=(0, 1), ylim=(0, 2))


def dirac_plane(ax: "Axes", path: "np.ndarray", loss: str, reach: float = 2.5, arrows: int = 13) -> None:
    """The field of the Dirac-GAN's two players as arrows of equal length, and a path (steps + 1, 2) through it.

    `loss` is one of theory.games.DIRAC_LOSSES. The start of the path is a dot, the equilibrium a cross.
    """
    from course_lib.theory.games import dirac_field

    ticks = np.linspace(-reach, reach, arrows)
    theta, psi = np.meshgrid(ticks, ticks)
    field = np.array([dirac_field(t, p, loss=loss) for t, p in zip(theta.flat, psi.flat, strict=True)])
    length = np.maximum(np.hypot(field[:, 0], field[:, 1]), 1e-12)
    u, v = field.T / length
    ax.quiver(theta, psi, u, v, color="#B4BBC3", pivot="mid", width=0.005, scale=20, zorder=1)
    path = np.asarray(path)
    ax.plot(path[:, 0], path[:, 1], color=COLOURS["generator"], linestyle="-", linewidth=0.9, zorder=2)
    ax.plot(*path[0], marker="o", color=COLOURS["generator"], linestyle="", zorder=3)
    ax.plot(
        0, 0, marker="x", color=COLOURS["theory"], markersize=8, markeredgewidth=2, linestyle="", zorder=4
    )
    ax.set(xlabel=r"generator $\theta$", ylabel=r"discriminator $\psi$", aspect="equal")
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    ax.grid(visible=False)
