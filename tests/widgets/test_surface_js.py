"""The loss surface: exact where the mathematics is known, and it follows a tap in a browser."""

import numpy as np
import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError

SCRIPTS = ["surface.js"]
CURVES = (0.7, 0.2)


def bowl(n=21, reach=2.0):
    """a (x − 0.3)² + b (y + 0.2)² on a grid: (n, n), rows from below."""
    at = np.linspace(-reach, reach, n)
    return CURVES[0] * (at[None, :] - 0.3) ** 2 + CURVES[1] * (at[:, None] + 0.2) ** 2


def asked(javascript, code, values, **data):
    return javascript(SCRIPTS, code, {"surface": {"values": values.tolist(), "reach": 2.0}, **data})


def test_a_parabola_is_met_exactly(javascript):
    points = [[0.11, -0.37], [-1.4, 1.2], [0.0, 0.0], [1.5, -1.5]]
    got = asked(
        javascript, "return DATA.points.map((p) => surfaceAt(DATA.surface, p));", bowl(), points=points
    )
    for (x, y), said in zip(points, got, strict=True):
        assert said["value"] == pytest.approx(CURVES[0] * (x - 0.3) ** 2 + CURVES[1] * (y + 0.2) ** 2)
        assert said["slope"] == pytest.approx([2 * CURVES[0] * (x - 0.3), 2 * CURVES[1] * (y + 0.2)])


def test_any_surface_is_met_at_its_nodes_and_its_slope_is_that_of_differences(javascript):
    values = np.random.default_rng(0).normal(size=(9, 9))
    nodes = [[-2 + 0.5 * c, -2 + 0.5 * r] for r in range(9) for c in range(9)]
    got = asked(
        javascript, "return DATA.nodes.map((p) => surfaceAt(DATA.surface, p).value);", values, nodes=nodes
    )
    np.testing.assert_allclose(got, values.flatten(), atol=1e-12)
    code = """const h = 1e-5; const f = (x, y) => surfaceAt(DATA.surface, [x, y]).value;
    return DATA.points.map(([x, y]) => [surfaceAt(DATA.surface, [x, y]).slope,
      [(f(x + h, y) - f(x - h, y)) / (2 * h), (f(x, y + h) - f(x, y - h)) / (2 * h)]]);"""
    points = np.random.default_rng(1).uniform(-1.99, 1.99, (40, 2)).tolist()
    for slope, difference in asked(javascript, code, values, points=points):
        assert slope == pytest.approx(difference, abs=1e-6)


def test_descent_on_a_bowl_is_the_closed_form(javascript):
    start, rate, steps = (1.2, -1.1), 0.4, 12
    code = "return descendSurface(DATA.surface, DATA.start, DATA.rate, DATA.steps);"
    got = asked(javascript, code, bowl(), start=start, rate=rate, steps=steps)
    for k, (curve, centre) in enumerate(zip(CURVES, (0.3, -0.2), strict=True)):
        expected = centre + (start[k] - centre) * (1 - 2 * rate * curve) ** np.arange(steps + 1)
        np.testing.assert_allclose(np.array(got["points"])[:, k], expected, atol=1e-9)
    assert np.all(np.diff(got["values"]) < 0) and len(got["values"]) == steps + 1
    wild = asked(javascript, code, bowl(), start=start, rate=50, steps=9)
    assert np.abs(wild["points"]).max() <= 2, "it stays in the square"


def lab(**changes):
    pictures = torch.full((3, 3, 3, 8, 8), -1.0)
    pictures[..., 0, :, :] = torch.linspace(-1, 1, 3)[None, :, None, None]  # redder to the right
    given = {
        "values": bowl(),
        "pictures": pictures,
        "wanted": torch.ones(3, 8, 8),
        "reach": 2.0,
        "truth": (0.3, -0.2),
    }
    return widgets.loss_surface(**given | changes)


def test_what_is_no_surface_is_refused():
    with pytest.raises(UsageError, match="at least 4"):
        lab(values=np.zeros((3, 3)))
    with pytest.raises(UsageError, match="finite"):
        lab(values=np.full((5, 5), np.nan))
    with pytest.raises(UsageError, match="wanted"):
        lab(wanted=torch.ones(3, 4, 4))


@pytest.mark.browser
def test_a_tap_starts_a_descent(opened):
    page = opened(lab().page, 390, 1100)
    surface = page.locator("canvas").first
    surface.wait_for()
    box = surface.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)
    first = page.locator("dd").first.inner_text()
    assert "found the code" in page.inner_text("p.note")
    page.locator("input[type=range]").nth(0).fill("-2")
    assert "settled elsewhere" in page.inner_text("p.note")
    surface.focus()
    surface.press("ArrowLeft")
    assert page.locator("dd").first.inner_text() != first
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 390
