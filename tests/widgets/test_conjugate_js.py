"""The conjugate lab: its functions are the library's, and in a real browser its controls do what they say."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from widgets.readings import reading

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory.fdivergences import FAMILY, find
from course_lib.widgets.conjugates import Divergence

RATIOS = [1e-3, 0.2, 0.7, 1.0, 1.9, 4.0, 60.0]
CODE = """return Object.entries(F_DIVERGENCES).map(([label, row]) => {
  const ts = Array.from({ length: 41 }, (_, i) => row.slopes[0] + (row.slopes[1] - row.slopes[0]) * i / 40);
  // JSON has no infinity
  const number = (x) => (Number.isFinite(x) ? x : null);
  return { label, name: row.name, ts, f: DATA.map(row.f), conjugate: ts.map((t) => number(row.conjugate(t))),
    contact: ts.map((t) => number(row.contact(t))) };
});"""


@pytest.fixture(scope="module")
def table(javascript):
    return javascript(["conjugates.js"], CODE, RATIOS)


def test_the_lab_offers_the_whole_family(table):
    assert [row["label"] for row in table] == list(get_args(Divergence))
    assert {row["name"] for row in table} == FAMILY.keys()


def test_functions_and_conjugates_are_the_librarys(table):
    u = torch.tensor(RATIOS, dtype=torch.float64)
    for row in table:
        ours, t = find(row["name"]), torch.tensor(row["ts"], dtype=torch.float64)
        np.testing.assert_allclose(row["f"], ours.f(u), rtol=1e-9, atol=1e-12)
        found = [math.inf if x is None else x for x in row["conjugate"]]
        np.testing.assert_allclose(found, ours.conjugate(t), rtol=1e-9, atol=1e-12)


def test_the_line_touches_where_the_lab_says(table):
    """At the point of contact the line is at f and, around it, below."""
    for row in table:
        ours = find(row["name"])
        for t, contact, conjugate in zip(row["ts"], row["contact"], row["conjugate"], strict=True):
            if conjugate is None or contact is None or contact <= 0 or contact > 1e6:
                continue
            u = contact * torch.tensor([1.0, 0.8, 1.25], dtype=torch.float64)
            gap = ours.f(u) + conjugate - t * u
            assert abs(gap[0]) < 1e-9 * (1 + abs(conjugate)) and (gap[1:] >= -1e-12).all()


@pytest.mark.parametrize(
    "wrong", [{"divergence": "Wasserstein"}, {"slope": 9.0}, {"ratio": 0.0}, {"ratio": math.nan}], ids=str
)
def test_settings_that_no_control_can_show_are_refused(wrong):
    with pytest.raises(UsageError):
        widgets.conjugate(**wrong)


# in the browser


@pytest.fixture
def lab(opened):
    page = opened(widgets.conjugate("Pearson", slope=1.0, ratio=2.0).page, 390, 1100)
    page.wait_for_selector("svg .dot")
    return page


@pytest.mark.browser
def test_the_keyboard_finds_the_best_slope(lab):
    """Pearson at u = 2: f' = 2; the gap closes there and opens again beyond."""
    assert reading(lab, "gap") == pytest.approx((2 - 1) ** 2 + (1 / 4 + 1) - 2, abs=0.03)
    slope = lab.get_by_role("slider").first
    slope.focus()
    gaps = []
    for _ in range(30):
        lab.keyboard.press("ArrowRight")
        gaps.append(reading(lab, "gap"))
    best = min(range(30), key=gaps.__getitem__)
    assert gaps[best] < 1e-3 and 0 < best < 29 and min(gaps) >= 0
    lab.keyboard.press("End")  # t = 5
    assert reading(lab, "slope t") == 5 and reading(lab, "f*(t)") == pytest.approx(11.25)
    lab.keyboard.press("Home")  # t = -4: the clamp
    assert reading(lab, "f*(t)") == -1
    assert "no longer changes" in lab.locator("p.note").inner_text()
    assert lab.complaints == []


@pytest.mark.browser
def test_every_divergence_draws_at_every_end_and_fits_a_telephone(lab):
    sliders = lab.get_by_role("slider")
    lab.get_by_role("checkbox").check()
    for label in get_args(Divergence):
        lab.get_by_role("combobox").select_option(label)
        for key in ("Home", "End"):
            sliders.first.focus()
            lab.keyboard.press(key)
            for other in ("Home", "End"):
                sliders.nth(1).focus()
                lab.keyboard.press(other)
                assert reading(lab, "gap") >= 0
        assert "NaN" not in lab.content()
    assert lab.complaints == []
    assert lab.evaluate("document.documentElement.scrollWidth") <= 390
    # everything stands inside the height that the frame is given
    assert lab.evaluate("document.body.scrollHeight") <= widgets.conjugate().height[1]


@pytest.mark.browser
def test_a_slope_outside_of_the_domain_says_so(lab):
    lab.get_by_role("combobox").select_option("GAN")
    lab.get_by_role("slider").first.focus()
    lab.keyboard.press("End")
    assert reading(lab, "gap") == math.inf
    assert "must not say this" in lab.locator("p.note").inner_text()
