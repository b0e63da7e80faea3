"""The game on the line: both densities, the discriminator above them, and below them where each latent goes.

The layout is that of figure 1 of Goodfellow et al. (2014), which was drawn by hand; here every line is measured.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from course_lib.errors import UsageError
from course_lib.figures.style import COLOURS, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def players(
    ax: "Axes",
    x: ArrayLike,
    data: ArrayLike,
    generated: ArrayLike,
    discriminator: ArrayLike | None = None,
    best: ArrayLike | None = None,
) -> None:
    """Densities of data and generator (n,) at x (n,), and D in [0, 1] with its optimum D*, scaled to the axis' height.

    One axis serves densities and probabilities: D = 1 lies at the height that `ceiling` returns.
    """
    x, data, generated = (np.asarray(values, float) for values in (x, data, generated))
    top = ceiling(data)
    ax.fill_between(x, data, color=COLOURS["data"], alpha=0.13, linewidth=0)
    ax.plot(x, data, **line("data"), label="$p_{data}$")
    ax.plot(x, generated, **line("generator"), label="$p_g$")
    if discriminator is not None:
        ax.plot(x, top * np.asarray(discriminator), **line("discriminator"), label="$D$")
    if best is not None:
        ax.plot(x, top * np.asarray(best), **line("theory"), linewidth=1.5, label="$D^*$")
    ax.set(xlim=(x.min(), x.max()), ylim=(0, 1.08 * top), yticks=[0, top / 2, top])
    ax.set_yticklabels(["0", "½", "1"])


def ceiling(data: ArrayLike) -> float:
    """Density at which D = 1 is drawn: a third above the highest data density."""
    return float(np.asarray(data, float).max()) * 4 / 3


def mapping(ax: "Axes", latents: ArrayLike, outputs: ArrayLike, reach: tuple[float, float]) -> None:
    """Lines from z (n,), on the lower rule, to G(z) (n,), on the upper one. `reach` is the range of x that is shown.

    With z at equal steps of probability, the lines crowd where p_g is high. Raises UsageError when the lengths differ.
    """
    latents, outputs = np.asarray(latents, float), np.asarray(outputs, float)
    if latents.shape != outputs.shape or latents.ndim != 1:
        raise UsageError(
            f"mapping() draws one line a latent: {latents.shape} latents and {outputs.shape} outputs."
        )
    ax.plot(
        [latents, outputs],
        [np.zeros_like(latents), np.ones_like(latents)],
        color=COLOURS["generator"],
        linestyle="-",
        linewidth=0.6,
    )
    ax.axhline(1, color=COLOURS["theory"], linewidth=0.8)
    ax.axhline(0, color=COLOURS["theory"], linewidth=0.8)
    ax.set(xlim=reach, ylim=(-0.05, 1.05), yticks=[0, 1], yticklabels=["$z$", "$x$"])
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)


def diagram(ax: "Axes") -> None:
    """Who gets what: noise to G, data and G's samples to D, D's verdict back to both, drawn in the unit square."""
    boxes = {
        "noise\n$z \\sim p_z$": (0.09, 0.25, "theory"),
        "generator\n$G$": (0.36, 0.25, "generator"),
        "data\n$x \\sim p_{data}$": (0.36, 0.75, "data"),
        "discriminator\n$D$": (0.64, 0.5, "discriminator"),
        "$D(x)$:\n“real?”": (0.91, 0.5, "theory"),
    }
    for text, (x, y, role) in boxes.items():
        frame = {
            "boxstyle": "round,pad=0.45",
            "facecolor": "white",
            "edgecolor": COLOURS[role],
            "linewidth": 1.8,
        }
        ax.text(x, y, text, ha="center", va="center", bbox=frame, zorder=3)
    arrow = {"arrowstyle": "-|>", "color": COLOURS["theory"], "shrinkA": 0, "shrinkB": 0, "linewidth": 1.4}
    ways = [
        ((0.17, 0.25), (0.27, 0.25)),
        ((0.45, 0.27), (0.54, 0.41)),
        ((0.46, 0.73), (0.54, 0.6)),
        ((0.76, 0.5), (0.85, 0.5)),
    ]
    for start, end in ways:
        ax.annotate("", xy=end, xytext=start, arrowprops=arrow)
    back = arrow | {
        "color": COLOURS["generator"],
        "linestyle": (0, (4, 2)),
        "connectionstyle": "arc3,rad=-0.35",
    }
    ax.annotate("", xy=(0.37, 0.13), xytext=(0.66, 0.38), arrowprops=back)
    ax.text(
        0.62,
        0.11,
        "gradient,\nthrough $D$ only",
        color=COLOURS["generator"],
        fontsize=11,
        ha="left",
        va="center",
    )
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.axis("off")
