"""The lab of the information bottleneck: what it shows at a price is what the library solves there."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import bottleneck
from course_lib.widgets import bottlenecks

PRICES = (0.1, 0.5, 0.9)


def table():
    """Six values of X in pairs that say nearly the same of Y: at a price in the middle the pairs share a code."""
    given = torch.tensor(
        [
            [0.9, 0.05, 0.05],
            [0.85, 0.1, 0.05],
            [0.05, 0.9, 0.05],
            [0.1, 0.85, 0.05],
            [0.05, 0.05, 0.9],
            [0.05, 0.1, 0.85],
        ],
        dtype=torch.float64,
    )
    return given / 6


def pictures():
    """One grey level for each value of X."""
    return torch.linspace(-1, 1, 6).view(6, 1, 1, 1).expand(6, 1, 8, 8)


def lab(**changes):
    return widgets.bottleneck(table(), pictures(), **{"prices": PRICES, "price": 0.5} | changes)


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="as many pictures"):
        widgets.bottleneck(table(), pictures()[:5], prices=PRICES, price=0.5)
    with pytest.raises(UsageError, match="one of 0.1, 0.5, 0.9"):
        lab(price=0.4)
    with pytest.raises(UsageError, match="between 0 and 1"):
        lab(prices=(0.5, 1.5))


def test_values_that_say_the_same_share_a_code():
    found = bottlenecks.solved(table(), PRICES)
    assert found.groups[1] == [0, 0, 1, 1, 2, 2]
    assert len(set(found.groups[2])) < 3 < len(set(found.groups[0])) + 1
    for price, point in zip(PRICES, found.points, strict=True):
        assert point.value == pytest.approx(bottleneck.curve(table(), [price])[0].value, abs=1e-6)


def test_words_and_groups(javascript):
    code = (
        "return [sharing([1, 0, 1, 2]), bottleneckText(0.5, 3, 1.1, 0.654), bottleneckText(0.95, 1, 0, 0)];"
    )
    groups, several, silent = javascript(["page.js", "bottleneck-lab.js"], code)
    assert groups == [[0, 2], [1], [3]]
    assert several == "At a price of 0.5, 3 codes keep 1.10 nats and tell 0.65."
    assert silent.endswith("one code is left, and it says nothing.")


def test_a_reader_turns_the_price(opened):
    made = lab()
    page = opened(made.page, 328, 800)
    found = bottlenecks.solved(table(), PRICES)
    for place in (0, 1, 2):
        page.get_by_role("slider").fill(str(place))
        said = page.locator("p.note").inner_text()
        count, point = len(set(found.groups[place])), found.points[place]
        assert f"{count} codes keep {point.what_x:.2f} nats" in said or count == 1
        assert page.locator(".pictures > div").count() == count
        assert page.locator(".pictures canvas").count() == 6
    page.wait_for_function(
        "[...document.querySelectorAll('canvas')].every(c => c.getContext('2d').getImageData(4, 4, 1, 1).data[3])"
    )
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= made.height[1]


def test_the_twin_is_the_library():
    found = bottlenecks.solved(table(), PRICES)
    figure = bottlenecks.bottleneck_figure(found, pictures()[:, 0].numpy(), 1)
    title = figure.axes[0].get_title() + figure.axes[0].get_title(loc="left")
    assert f"3 codes, {found.points[1].what_x:.2f} nats kept" in title
    pytest.importorskip("ipywidgets")
    twin = widgets.live_bottleneck(table(), pictures()[:, 0].numpy(), prices=PRICES, price=0.5)
    before = twin.children[-1].value
    twin.children[0].value = 0.1
    assert twin.children[-1].value != before
