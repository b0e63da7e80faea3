"""Figures of codes and images: a channel with its reading, the bound and its gap, the information plane."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.figures.style import COLOURS, CYCLE, CYCLE_LINES, MARKERS, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor


def channel(ax: "Axes", points: "Tensor", log_channel: "Tensor") -> None:
    """What is seen of each code: densities exp(log_channel) (K, n) over points (n,), numbered at their peaks."""
    x = np.asarray(points)
    for k, density in enumerate(np.exp(np.asarray(log_channel))):
        colour, style = CYCLE[k % len(CYCLE)], CYCLE_LINES[k % len(CYCLE_LINES)]
        ax.plot(x, density, color=colour, linestyle=style)
        ax.fill_between(x, density, color=colour, alpha=0.08, linewidth=0)
        peak = int(density.argmax())
        ax.annotate(
            f"$c = {k + 1}$",
            (x[peak], density[peak]),
            textcoords="offset points",
            xytext=(0, 4),
            ha="center",
            color=colour,
        )
    ax.margins(y=0.16)
    ax.set(xlabel="what is seen, $x$", ylabel="$p(x\\mid c)$")


def bounds(
    ax: "Axes",
    at: Sequence[float],
    exact: Sequence[float],
    below: Sequence[float],
    above: Sequence[float] = (),
) -> None:
    """Exact information over a setting `at`, its lower bound with the gap shaded, and maybe an upper bound; in nats."""
    ax.plot(at, exact, **line("theory"), label="exact $I(C; X)$")
    ax.plot(at, below, **line("generator"), label="bound from below")
    ax.fill_between(at, below, exact, color=COLOURS["generator"], alpha=0.15, linewidth=0)
    if len(above):
        ax.plot(at, above, **line("data"), label="bound from above")
    ax.set(ylabel="nats")
    ax.legend()


def plane(
    ax: "Axes",
    points: Sequence[tuple[float, float]],
    betas: Sequence[float] = (),
    *,
    names: tuple[str, str] = ("$I(Z; X)$ in nats", "$I(Z; Y)$ in nats"),
) -> None:
    """The information plane: best encoders (I(Z;X), I(Z;Y)) as a curve, each labelled with its price β where given.

    Dotted, the line that data processing forbids to cross: no code tells more of Y than it keeps of X.
    """
    kept, told = np.array(sorted({(0.0, 0.0), *points})).T
    ax.plot(kept, told, **line("data"))
    top = 1.12 * told.max()
    ax.plot([0, top], [0, top], **line("theory"))
    if len(betas):
        ax.plot(*np.array(points).T, linestyle="", marker=MARKERS["data"], color=COLOURS["data"])
        for (x, y), beta in zip(points, betas, strict=True):
            ax.annotate(f"{beta:g}", (x, y), textcoords="offset points", xytext=(4, -13), fontsize=10)
    ax.set(xlabel=names[0], ylabel=names[1], ylim=(-0.04 * top, top * 1.02))


def named_points(ax: "Axes", places: Mapping[str, tuple[float, float]]) -> None:
    """Points of a plane under letters."""
    for letter, (x, y) in places.items():
        ax.plot(x, y, linestyle="", marker=MARKERS["generator"], color=COLOURS["generator"], markersize=8)
        ax.annotate(letter, (x, y), textcoords="offset points", xytext=(7, 5), fontweight="bold")


def encoder(ax: "Axes", table: "Tensor", rows: Sequence[str] = ()) -> None:
    """An encoder q(z|x) (n, k) as a picture: dark where a value of X gets a value of Z; unused values left out.

    Columns that never differ are one value of Z under several names, and are drawn as one.
    """
    kept = merged(np.asarray(table))
    ax.imshow(kept, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    ax.set_xticks(range(kept.shape[1]), [str(k + 1) for k in range(kept.shape[1])])
    ax.set_yticks(range(len(kept)), list(rows) or [str(k + 1) for k in range(len(kept))])
    ax.grid(visible=False)
    ax.set_xlabel("$z$")


def merged(table: np.ndarray, tolerance: float = 1e-3) -> np.ndarray:
    """The columns of an encoder q(z|x) (n, k), those that are multiples of each other added up, unused ones dropped."""
    groups: list[np.ndarray] = []
    for column in table.T:
        if column.max() < tolerance:
            continue
        shape = column / column.max()
        same = next((g for g in groups if np.abs(g / g.max() - shape).max() < 0.02), None)
        if same is None:
            groups.append(column.copy())
        else:
            same += column
    groups.sort(key=lambda column: int(column.argmax()))
    return np.stack(groups, 1)


def groups(ax: "Axes", pictures: np.ndarray, codes: Sequence[int], gap: float = 0.35) -> None:
    """Pictures (n, h, w) in one row, those of the same code side by side and groups apart; the larger groups first."""
    codes = np.asarray(codes)
    order = sorted(set(codes.tolist()), key=lambda code: (-(codes == code).sum(), code))
    place = 0.0
    for code in order:
        start = place
        for picture in pictures[codes == code]:
            ax.imshow(picture, extent=(place, place + 1, 0, 1), cmap="gray", vmin=-1, vmax=1)
            place += 1
        ax.plot([start + 0.08, place - 0.08], [-0.12, -0.12], color=COLOURS["data"], linestyle="-", lw=2)
        place += gap
    ax.set(xlim=(-0.05, place - gap + 0.05), ylim=(-0.2, 1.02), aspect="equal")
    ax.axis("off")
