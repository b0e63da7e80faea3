"""The channel lab: its numbers are the library's, and in a real browser the bound is tight where it should be."""

import math

import matplotlib.pyplot as plt
import pytest
import torch
from widgets.readings import reading

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import information
from course_lib.theory.quadrature import grid_1d
from course_lib.widgets import live_codes
from course_lib.widgets.channels import COUNTS

CASES = [
    (2, 0.3, 0.3, 0.0),
    (4, 1.0, 0.4, 0.0),
    (4, 1.0, 2.5, 0.3),
    (8, 3.0, 1.0, -1.0),
    (8, 10.0, 10.0, 0.0),
]
CODE = "return DATA.map(([count, noise, assumed, shift]) => channelBounds(levelsOf(count), noise, assumed, shift));"


def library(count, noise, assumed, shift):
    levels = 2.0 * torch.arange(count, dtype=torch.float64) - (count - 1)
    line = grid_1d(-150, 150, 30_001)
    prior = torch.full((count,), 1 / count, dtype=torch.float64).log()
    made = information.noisy_levels(levels, noise, line.points)
    q = information.posterior(prior, information.noisy_levels(levels + shift, assumed, line.points))
    return (
        float(information.mutual_information(prior, made, line)),
        float(information.lower_bound(prior, made, q, line)),
    )


def test_information_and_bound_are_the_librarys(javascript):
    for case, found in zip(CASES, javascript(["channel.js"], CODE, CASES), strict=True):
        exact, bound = library(*case)
        assert found["exact"] == pytest.approx(exact, abs=1e-6)
        assert found["bound"] == pytest.approx(bound, abs=1e-6)


def test_the_codes_that_can_be_chosen_are_those_of_the_page(javascript):
    source = (widgets.embed.SCRIPTS / "channel-lab.js").read_text("utf-8")
    assert f"{{ {', '.join(f'{name}: {count}' for name, count in COUNTS.items())} }}" in source


@pytest.mark.parametrize("wrong", [{"codes": "three"}, {"noise": 0.01}, {"assumed": math.nan}], ids=str)
def test_settings_that_no_control_can_show_are_refused(wrong):
    with pytest.raises(UsageError):
        widgets.channel(**wrong)


def test_the_twin_says_the_same():
    exact, bound = library(4, 1.0, 0.4, 0.3)
    figure = live_codes.channel_figure(noise=1.0, assumed=0.4, shift=0.3)
    title = "".join(figure.axes[1].get_title(loc=place) for place in ("left", "center"))
    plt.close(figure)
    assert f"I = {exact:.3f}" in title and f"bound = {bound:.3f}" in title


# in the browser


@pytest.fixture
def lab(opened):
    page = opened(widgets.channel("four", noise=1.0, assumed=0.4).page, 390, 1200)
    page.wait_for_selector("svg .dot")
    return page


@pytest.mark.browser
def test_the_keyboard_makes_the_bound_tight(lab):
    assert reading(lab, "bound") < reading(lab, "I(C; X)") < reading(lab, "H(C)")
    assumed = lab.get_by_role("slider").nth(1)
    assumed.focus()
    gaps = []
    for _ in range(30):
        lab.keyboard.press("ArrowRight")
        gaps.append(reading(lab, "gap"))
    best = min(range(30), key=gaps.__getitem__)
    assert gaps[best] < 1e-3 and 0 < best < 29 and min(gaps) >= 0
    assumed.press("Home")
    assert reading(lab, "bound") < 0
    assert "below zero" in lab.locator("p.note").inner_text()
    assert lab.complaints == []


@pytest.mark.browser
def test_every_end_draws_and_fits_a_telephone(lab):
    sliders = lab.get_by_role("slider")
    for codes in COUNTS:
        lab.get_by_role("combobox").select_option(codes)
        for key in ("Home", "End"):
            for which in range(3):
                sliders.nth(which).focus()
                lab.keyboard.press(key)
                assert reading(lab, "gap") >= -0.001
        assert "NaN" not in lab.content()
    assert lab.complaints == []
    assert lab.evaluate("document.documentElement.scrollWidth") <= 390
    assert lab.evaluate("document.body.scrollHeight") <= widgets.channel().height[1]
