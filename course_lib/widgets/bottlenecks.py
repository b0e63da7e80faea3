"""The information bottleneck of a table: the reader turns the price of a nat and sees which values share a code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _within
from course_lib.widgets.walks import _sheet

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure
    from torch import Tensor

    from course_lib.theory.bottleneck import Bottleneck

PRICES = tuple(round(0.05 * k, 2) for k in range(1, 20))


class Solved(NamedTuple):
    """The best encoders of a table, one for each price, and the most probable code of each value of X."""

    points: "list[Bottleneck]"
    groups: list[list[int]]


def solved(joint: "Tensor", prices: Sequence[float] = PRICES) -> Solved:
    """Solve the bottleneck of p(x, y) (n, m) at each price (`theory.bottleneck`).

    Codes that say the same are one group. Raises UsageError for what is no joint table, or no price.
    """
    from course_lib.figures.information import merged
    from course_lib.theory import bottleneck

    points = bottleneck.curve(joint, prices)
    return Solved(points, [merged(one.encoder.numpy()).argmax(1).tolist() for one in points])


def bottleneck(
    joint: "Tensor",
    pictures: "Tensor | np.ndarray",
    *,
    prices: Sequence[float] = PRICES,
    price: float = 0.4,
    task: str = "Raise the price until two codes are left. What do they still tell apart?",
) -> Lab:
    """The information curve of a table, and at the price that the reader chooses the values of X that share a code.

    joint: p(x, y), (n, m). pictures: (n, C, H, W) in [-1, 1], one for each value of X. price: one of `prices`, with
    which the figure begins. Every point is solved beforehand by `theory.bottleneck`. Raises UsageError for pictures or
    a price that do not fit, and for what is no joint table.
    """
    if len(pictures) != len(joint):
        raise UsageError(f"{len(joint)} values of X need as many pictures, not {len(pictures)}.")
    _within("price", price, min(prices), max(prices))
    if price not in prices:
        raise UsageError(f"the price must be one of {', '.join(f'{p:g}' for p in prices)}, not {price:g}.")
    points, groups = solved(joint, prices)
    height, width = pictures.shape[-2:]
    settings = {
        "prices": [float(p) for p in prices],
        "start": list(prices).index(price),
        "kept": [round(one.what_x, 4) for one in points],
        "told": [round(one.what_y, 4) for one in points],
        "groups": groups,
        "sheet": _sheet(pictures[None]),
        "height": int(height),
        "width": int(width),
        "task": task,
    }
    return _lab(
        "mountBottleneck",
        (*PARTS, "bottleneck-lab.js"),
        settings,
        (640, 820),
        "What a price leaves of a code",
    )


def live_bottleneck(
    joint: "Tensor", pictures: "np.ndarray", *, prices: Sequence[float] = PRICES, price: float = 0.4
) -> "Widget":
    """The lab's twin, drawn by the library; it needs a running kernel. pictures: (n, H, W) in [-1, 1]."""
    import ipywidgets

    from course_lib.widgets.live import _interact

    found = solved(joint, prices)

    def figure(price: float) -> "Figure":
        return bottleneck_figure(found, pictures, list(prices).index(price))

    return _interact(
        figure, price=ipywidgets.SelectionSlider(options=list(prices), value=price, description="price")
    )


def bottleneck_figure(found: Solved, pictures: "np.ndarray", place: int) -> "Figure":
    """The information plane with the point of one price and the line of that slope; below it the groups."""
    import matplotlib.pyplot as plt

    from course_lib.figures import information, style

    one, codes = found.points[place], found.groups[place]
    figure, (top, bottom) = plt.subplots(2, figsize=(style.WIDTH, 4.6), height_ratios=(3, 1))
    information.plane(top, [(p.what_x, p.what_y) for p in found.points])
    ends = np.array(top.get_xlim())
    top.plot(ends, one.what_y + one.beta * (ends - one.what_x), **style.line("theory"))
    top.plot(
        one.what_x,
        one.what_y,
        linestyle="",
        marker=style.MARKERS["data"],
        color=style.COLOURS["data"],
        markersize=9,
    )
    top.set_xlim(*ends)
    top.set_title(
        f"price {one.beta:g}: {len(set(codes))} codes, {one.what_x:.2f} nats kept, {one.what_y:.2f} told"
    )
    information.groups(bottom, pictures, codes)
    return figure
