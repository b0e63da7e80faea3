"""The f of a divergence with lines below it, and the conjugate that says how deep they start."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_lib.figures.style import COLOURS, MARKERS, RULE, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course_lib.theory.fdivergences import FDivergence


def supporting_line(ax: "Axes", row: "FDivergence", slope: float, ratio: float, reach: float = 4.0) -> None:
    """f on (0, reach], the highest line of a slope below it, and the gap between them at one ratio u.

    A slope outside of the domain of f* has no line: then the title says so.
    """
    import torch

    u = torch.linspace(1e-3, reach, 400, dtype=torch.float64)
    t = torch.tensor(slope, dtype=torch.float64)
    start, at = row.conjugate(t), torch.tensor(ratio, dtype=torch.float64)
    ax.plot(u, row.f(u), **line("data"), label="$f$")
    ax.set(xlabel="$u = p/q$", ylabel="$f(u)$", xlim=(0, reach))
    if not start.isfinite():
        ax.set_title(f"t = {slope:.2f}: no line of this slope stays below f")
        return
    ax.plot([0, reach], [-start, reach * t - start], **line("generator"), label="$u\\,t - f^*(t)$")
    ax.plot([ratio, ratio], [ratio * t - start, row.f(at)], **line("theory"), label="gap")
    ax.plot(0, -start, marker=MARKERS["theory"], color=COLOURS["theory"], linestyle="", label="$-f^*(t)$")
    gap = float(row.f(at) + start - at * t)
    ax.set_title(f"t = {slope:.2f}, f*(t) = {float(start):.3f},\ngap {gap:.3f}")
    ax.legend(loc="upper left")


def envelope(ax: "Axes", row: "FDivergence", slopes: Sequence[float], reach: float = 4.0) -> None:
    """Lines u t − f*(t) for many slopes t (those outside of the domain left out), and f, their upper edge."""
    import torch

    u = torch.linspace(1e-3, reach, 400, dtype=torch.float64)
    for slope in slopes:
        t = torch.tensor(float(slope), dtype=torch.float64)
        if row.conjugate(t).isfinite():
            ax.plot(
                [0, reach], [-row.conjugate(t), reach * t - row.conjugate(t)], color="#B4BBC3", lw=0.8, ls="-"
            )
    ax.axhline(0, color=RULE, linewidth=1, zorder=0)
    ax.plot(u, row.f(u), **line("data"), label="$f$")
    ax.set(xlabel="$u = p/q$", xlim=(0, reach))
