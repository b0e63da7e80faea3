"""One look for every figure: what a colour, a line and a marker stand for, and matplotlib set up for page and print.

The colours are those of Okabe and Ito (2008), which people with any common colour blindness tell apart. No figure
relies on colour alone: each role has a line style and a marker of its own. Figures keep an opaque light card in
dark mode, so that a dark page never swallows an axis. The browser labs take their colours from here too.
"""

import os
from typing import Literal

COLOURS = {
    "data": "#0072B2",  # blue
    "generator": "#D55E00",  # vermilion
    "discriminator": "#007F5F",  # bluish green, darkened to 4.5:1 against the card
    "theory": "#333333",  # near black
}
DARK = {"data": "#56B4E9", "generator": "#FF9F5A", "discriminator": "#3CCFA4", "theory": "#D6DAE0"}
LINES = {
    "data": "-",
    "generator": (0, (6, 2)),
    "discriminator": (0, (6, 2, 1.2, 2)),
    "theory": (0, (1.5, 1.8)),
}
MARKERS = {"data": "o", "generator": "^", "discriminator": "s", "theory": "D"}
PAPER, INK, RULE = "#FDFDFB", "#1F2328", "#D5D9DE"
CYCLE = ("#0072B2", "#D55E00", "#007F5F", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
CYCLE_LINES = (
    *("-", (0, (6, 2)), (0, (6, 2, 1.2, 2)), (0, (3, 1.5)), (0, (9, 3)), (0, (4, 1, 1, 1, 1, 1))),
    (0, (1.5, 1.8)),
)
DRAWINGS = "COURSE_DRAWINGS"  # set to 1 by `make book`: each figure is kept as PDF as well
WIDTH = 6.4  # inches: 11 points are 9 pixels where a figure is 390 pixels wide, the whole screen of a phone


def line(role: str) -> dict[str, object]:
    """Keyword arguments of `Axes.plot` for a role: "data", "generator", "discriminator" or "theory"."""
    return {"color": COLOURS[role], "linestyle": LINES[role]}


def points(role: str, size: float = 12.0) -> dict[str, object]:
    """Keyword arguments of `Axes.scatter` for a role; `size` is the marker's area in square points."""
    return {"color": COLOURS[role], "marker": MARKERS[role], "s": size, "linewidths": 0}


def belief_map():
    """Colours of a discriminator's output: 0 (generated) in the generator's hue, 1/2 white, 1 (real) in the data's."""
    from matplotlib.colors import LinearSegmentedColormap

    # tints, so that points drawn on top in the full colours stand out
    return LinearSegmentedColormap.from_list("belief", ["#F3B58A", "#FDFDFB", "#8CC4E6"])


def use(format: Literal["png", "retina", "svg"] = "png") -> None:
    """Set matplotlib up for a notebook of the book; call it once, at the top.

    "png" (130 dots per inch) keeps pages small, "retina" doubles the resolution, and "svg" suits line drawings. Where
    $COURSE_DRAWINGS is 1, each figure is kept as PDF too, which no page shows and `make figures` packs.
    """
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.4),
            "figure.dpi": 130,
            "savefig.dpi": 130,
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "axes.facecolor": PAPER,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "xtick.labelsize": 11,
            "ytick.labelsize": 11,
            "legend.fontsize": 11,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": "#8A929C",
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#E6E8EB",
            "grid.linewidth": 0.8,
            "axes.axisbelow": True,
            "axes.titlelocation": "left",
            "lines.linewidth": 2.0,
            "lines.markersize": 5,
            "legend.frameon": False,
            "legend.handlelength": 2.6,
            "image.interpolation": "nearest",
            "image.cmap": "gray",
            "axes.prop_cycle": cycler(color=CYCLE) + cycler(linestyle=CYCLE_LINES),
            "svg.fonttype": "none",
            "pdf.fonttype": 42,  # fonts are embedded whole, so that letters stay letters
        }
    )
    _inline_format(format)


def _inline_format(format: str) -> None:
    """Tell the notebook's inline backend what to write; outside a notebook there is nothing to tell."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats(format, *(["pdf"] if os.environ.get(DRAWINGS) == "1" else []))
