"""Curves of several seeds as one line with a band, and the metrics of a single run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from course_lib.errors import UsageError
from course_lib.figures.style import COLOURS, LINES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spread(
    ax: "Axes",
    x: ArrayLike,
    runs: ArrayLike,
    label: str,
    role: str = "generator",
    *,
    quantiles: tuple[float, float] = (0.0, 1.0),
    colour: str | None = None,
    linestyle: object = None,
) -> None:
    """Draw the median over seeds and a band between two quantiles (all runs, by default).

    x (T,), runs (seeds, T). `role` gives the colour and the line style; `colour` and `linestyle` replace them where a
    figure compares more than roles. Points where a run has no value (NaN) are left out of that point's statistics.
    Raises UsageError when the shapes do not fit.
    """
    x, runs = np.asarray(x, float), np.atleast_2d(np.asarray(runs, float))
    if runs.shape[-1] != x.shape[0]:
        raise UsageError(f"runs must have the shape (seeds, {x.shape[0]}) to fit x, not {runs.shape}.")
    colour, linestyle = colour or COLOURS[role], linestyle or LINES[role]
    low, middle, high = np.nanquantile(runs, (quantiles[0], 0.5, quantiles[1]), axis=0)
    ax.plot(x, middle, color=colour, linestyle=linestyle, label=label)
    ax.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def strip(ax: "Axes", groups: Sequence[tuple[str, ArrayLike]], role: str = "generator") -> None:
    """One final number a seed, for several settings: every seed as a point, the median as a bar.

    `groups` holds (name, values (seeds,)). Points are set side by side, not jittered, so that equal ones show.
    """
    for position, (_, values) in enumerate(groups):
        values = np.sort(np.asarray(values, float))
        offsets = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(1)
        ax.plot(
            position + offsets, values, linestyle="", marker=MARKERS[role], color=COLOURS[role], alpha=0.75
        )
        middle = np.nanmedian(values)
        ax.plot(
            [position - 0.28, position + 0.28], [middle, middle], color=COLOURS["theory"], linestyle="-", lw=2
        )
    ax.set_xticks(range(len(groups)), [name for name, _ in groups])
    ax.set_xlim(-0.6, len(groups) - 0.4)
    ax.grid(axis="x", visible=False)


def smooth(values: ArrayLike, window: int) -> np.ndarray:
    """Running mean of (T,) over the last `window` values, shorter at the start: it never looks ahead."""
    values = np.asarray(values, float)
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)


def reference(ax: "Axes", value: float, label: str) -> None:
    """A level that theory predicts, as a dotted horizontal line behind the curves."""
    ax.axhline(
        value, color=COLOURS["theory"], linestyle=LINES["theory"], linewidth=1.6, label=label, zorder=1
    )
