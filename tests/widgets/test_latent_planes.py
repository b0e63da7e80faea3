import numpy as np
import pytest
import torch
from torch import nn

from course_lib import data, widgets
from course_lib.errors import UsageError
from course_lib.evaluation.curve_axes import arc_length
from course_lib.networks.mlp import Generator
from course_lib.widgets import latent_planes

SCRIPTS = ["rng.js", "mlp.js", "latent-plane.js"]


def generator():
    torch.manual_seed(0)
    network = Generator(2, 2, 16, 3)
    for layer in network.layers[::2]:
        nn.init.normal_(layer.bias)
    return network


def test_the_page_makes_the_points_that_torch_makes(javascript):
    network, z = generator(), torch.rand(7, 2) * 2 - 1
    code = "return Array.from(pointsOf(loadPerceptron(DATA.spec), DATA.z.flat()));"
    got = javascript(SCRIPTS, code, {"spec": latent_planes.pack(network), "z": z.tolist()})
    with torch.no_grad():
        expected = network(z)
    assert expected.std() > 0.1
    np.testing.assert_allclose(np.reshape(got, (7, 2)), expected, rtol=1e-3, atol=1e-3)


def test_places_along_the_roll_are_those_of_the_library(javascript):
    curve = data.open("toy/swiss-roll").curve[::50]
    points = torch.rand(40, 2, dtype=torch.float64) * 4 - 2
    code = "const c = measured(DATA.curve); return DATA.points.map(([x, y]) => placeOn(c, x, y));"
    got = javascript(SCRIPTS, code, {"curve": curve.tolist(), "points": points.tolist()})
    place, distance = arc_length(points, curve)
    length = curve.diff(dim=0).norm(dim=1).sum()
    np.testing.assert_allclose([found["place"] for found in got], place / length, atol=1e-9)
    np.testing.assert_allclose([found["distance"] for found in got], distance, atol=1e-9)


@pytest.mark.parametrize(
    "network", [Generator(1, 2, 8, 2), Generator(2, 1, 8, 2), nn.Sequential(nn.Linear(2, 2), nn.ReLU())]
)
def test_networks_that_the_page_cannot_run_are_refused(network):
    with pytest.raises(UsageError, match="use"):
        widgets.latent_plane({"a": network}, data.open("toy/swiss-roll").curve)


def test_a_lab_without_generators_is_refused():
    with pytest.raises(UsageError, match="no generator"):
        widgets.latent_plane({}, data.open("toy/swiss-roll").curve)


def test_two_trained_sizes_fit_into_a_page():
    lab = widgets.latent_plane(
        {name: Generator(2, 2, 32, 4) for name in ("direct", "grown")}, data.open("toy/swiss-roll").curve
    )
    assert len(lab.page) < 120_000


def test_the_map_follows_the_choice_and_the_arrow_keys(browser):
    """In a browser: both canvases are drawn, readings change with a key and with the generator."""
    lab = widgets.latent_plane(
        {"one": generator(), "two": Generator(2, 2, 16, 3)}, data.open("toy/swiss-roll").curve
    )
    for width in (360, 900):
        page = browser.new_page(viewport={"width": width, "height": 1200})
        errors = []
        page.on("pageerror", lambda error, seen=errors: seen.append(str(error)))
        page.set_content(lab.page)
        values = lambda page=page: page.locator("dd").all_inner_texts()  # noqa: E731
        start = values()
        assert len(start) == 4 and start[0].endswith("%")
        page.locator("canvas[role=application]").focus()
        for _ in range(10):
            page.keyboard.press("ArrowLeft")
        moved = values()
        assert moved != start
        page.select_option("select", "two")
        assert values() != moved and errors == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


class Sampler:
    def sample(self, latents):
        return latents


def test_the_twin_says_where_the_point_lies():
    pytest.importorskip("ipywidgets")
    curve = torch.tensor([[-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    figure = latent_planes.latent_plane_figure(Sampler(), curve, 0.5, 0.25)
    title = figure.axes[0].get_title(loc="left") + figure.axes[0].get_title()
    assert "75% along the roll, 0.25 away" in title
    twin = latent_planes.live_latent_plane({"plain": Sampler()}, curve)
    before = twin.children[-1].value
    twin.children[1].value = -1.0
    assert twin.children[-1].value != before
