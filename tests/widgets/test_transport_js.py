"""The transport lab against the Python theory, and its slopes against differences."""

import math

import numpy as np
import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import divergences
from course_lib.theory.densities import mixture_1d
from course_lib.theory.quadrature import grid_1d

SCRIPTS = ["games.js", "transport.js"]
CODE = """const { w1, js, kl, w1Slope, jsSlope, klSlope, xs } = solveTransport(DATA);
return { w1, js, kl, w1Slope, jsSlope, klSlope, xs: Array.from(xs) };"""


def exact(position, gap, width):
    grid = grid_1d(-9, 9, 3601)
    data = mixture_1d((-gap / 2, gap / 2), (width, width), (0.5, 0.5))
    model = mixture_1d((position,), (width,), (1.0,))
    log_p, log_q = (m.log_prob(grid.points) for m in (data, model))
    return {
        "w1": divergences.wasserstein_1d_cdf(data.cdf(grid.points), model.cdf(grid.points), grid).item(),
        "js": divergences.js(log_p, log_q, grid).item(),
        "kl": divergences.kl(log_p, log_q, grid).item(),
    }


CASES = [(2.5, 0.0, 0.3), (0.7, 2.0, 0.5), (-3.0, 1.0, 0.1), (0.4, 0.0, 1.2)]


@pytest.mark.parametrize(("position", "gap", "width"), CASES)
def test_the_distances_are_the_theorys(javascript, position, gap, width):
    got = javascript(SCRIPTS, CODE, {"position": position, "gap": gap, "width": width})
    np.testing.assert_allclose(got["xs"], grid_1d(-9, 9, 3601).points, atol=1e-12)
    for name, value in exact(position, gap, width).items():
        assert got[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize(("position", "gap", "width"), CASES)
def test_the_slopes_are_those_of_the_distances(javascript, position, gap, width):
    got, h = javascript(SCRIPTS, CODE, {"position": position, "gap": gap, "width": width}), 1e-3
    ahead, behind = exact(position + h, gap, width), exact(position - h, gap, width)
    for name in ("w1", "js", "kl"):
        slope = (ahead[name] - behind[name]) / (2 * h)
        assert got[f"{name}Slope"] == pytest.approx(slope, rel=0.01, abs=2e-3), name


def test_equal_bumps_have_no_distance_and_no_slope(javascript):
    got = javascript(SCRIPTS, CODE, {"position": 0, "gap": 0, "width": 0.4})
    for name in ("w1", "js", "kl", "w1Slope", "jsSlope", "klSlope"):
        assert got[name] == pytest.approx(0, abs=1e-6), name


def test_apart_the_plan_is_a_shift(javascript):
    """Thin bumps, two apart: W1 is 2 and pulls with slope 1, JS is log 2 and does not pull."""
    got = javascript(SCRIPTS, CODE, {"position": 2, "gap": 0, "width": 0.1})
    assert got["w1"] == pytest.approx(2, abs=1e-6) and got["w1Slope"] == pytest.approx(1, abs=1e-6)
    assert got["js"] == pytest.approx(math.log(2), abs=1e-6) and abs(got["jsSlope"]) < 1e-9
    assert got["kl"] == pytest.approx(200, rel=1e-6)  # theta^2 / (2 width^2)


def test_quantiles_invert_the_distribution_function(javascript):
    code = """const { xs, ground } = solveTransport(DATA);
    return quantiles(xs, ground, [0.1, 0.5, 0.9]);"""
    got = javascript(SCRIPTS, code, {"position": 1.0, "gap": 0, "width": 0.5})
    expected = 1.0 + 0.5 * torch.special.ndtri(torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64))
    np.testing.assert_allclose(got, expected, atol=1e-3)


@pytest.mark.parametrize("wrong", [{"position": 4.5}, {"width": 0.05}, {"gap": -1}])
def test_settings_that_no_control_can_show_are_refused(wrong):
    with pytest.raises(UsageError):
        widgets.transport(**wrong)


# in the browser


def reading(page, row):
    """(value, slope) in the row of that name."""
    cells = page.locator("tbody tr", has=page.get_by_text(row)).locator("td").all_inner_texts()
    return tuple(float(text.replace("−", "-")) for text in cells[1:])


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 820])
def test_dragging_the_bump_moves_every_number(opened, width):
    page = opened(widgets.transport(position=3.0, width=0.2).page, width, 1400)
    page.wait_for_selector("tbody tr")
    assert reading(page, "W₁") == (3.0, 1.0) and reading(page, "JS") == (0.693, 0.0)
    assert "JS has no slope" in page.locator("p.note").inner_text()
    box = page.locator("svg").first.bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 90)
    page.mouse.down()
    # across the data, to their other side
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 90, steps=3)
    page.mouse.up()
    value, slope = reading(page, "W₁")
    assert 0.5 < value < 4 and slope == -1
    # with the keyboard onto the data
    slider = page.get_by_role("slider").first
    slider.focus()
    for _ in range(100):
        if reading(page, "W₁")[0] < 0.02:
            break
        page.keyboard.press("ArrowRight")
    assert reading(page, "W₁")[0] < 0.02 and abs(reading(page, "JS")[0]) < 2e-3
    assert "where it should" in page.locator("p.note").inner_text()
    for slider in page.get_by_role("slider").all():
        for key in ("Home", "End"):
            slider.focus()
            page.keyboard.press(key)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            assert "NaN" not in page.locator("#lab").inner_html()
    assert page.complaints == []
