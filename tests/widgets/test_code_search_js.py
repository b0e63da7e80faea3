"""The lab of the search for a code of one number: descent is torch's Adam, and the best code is the best."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.networks import mlp
from course_lib.widgets import code_searches, latent_planes

SCRIPTS = ["rng.js", "mlp.js", "games.js", "latent-plane.js", "code-search.js"]
NEW = "const search = new CodeSearch(loadPerceptron(DATA.network), 2);"


def network(seed=0):
    torch.manual_seed(seed)
    made = mlp.Generator(1, 2, 16, 2)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def ran(javascript, code, made, **more):
    return javascript(SCRIPTS, NEW + code, {"network": latent_planes.pack(made, latents=1)} | more)


@pytest.mark.parametrize(("start", "target"), [(0.0, (1.0, -0.5)), (1.5, (-2.0, 0.3))])
def test_descent_is_adams(javascript, start, target):
    made = network().double()
    path = ran(
        javascript, "return search.descend(DATA.start, DATA.target);", made, start=start, target=target
    )
    expected = code_searches.descend(made, 2.0, torch.tensor(target, dtype=torch.float64), start)
    assert len(path) == code_searches.STEPS + 1 and abs(path[-1] - start) > 0.05
    # weights are sent with five digits
    torch.testing.assert_close(torch.tensor(path, dtype=torch.float64), expected, rtol=0, atol=5e-3)


def test_slope_agrees_with_finite_differences(javascript):
    code = (
        "const t = [0.4, -1]; const f = (z) => search.distance(z, t) ** 2;"
        "return [-1.3, 0.2, 1.1].map((z) => [search.slope(z, t), (f(z + 1e-5) - f(z - 1e-5)) / 2e-5]);"
    )
    for exact, differenced in ran(javascript, code, network()):
        assert exact == pytest.approx(differenced, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_code_is_the_best(javascript, seed):
    made = network(seed).double()
    own = made(torch.tensor([[0.73]], dtype=torch.float64))[0].tolist()
    far = [3.0, 2.0]
    found = ran(
        javascript, "return DATA.targets.map((t) => search.best(t).distance);", made, targets=[own, far]
    )
    assert found[0] < 1e-3  # five digits of the weights
    codes = torch.linspace(-2, 2, 20_001, dtype=torch.float64)[:, None]
    with torch.no_grad():
        least = (made(codes) - torch.tensor(far)).norm(dim=1).min().item()
    assert found[1] == pytest.approx(least, abs=1e-3)


def test_settings_and_words(javascript):
    code = (
        "return [CODE_SEARCH, codeSearchText(0.001, 0, true), codeSearchText(1.5, 0.25, true),"
        "codeSearchText(0.001, 0, false), codeSearchText(1.5, 0.25, false)];"
    )
    scripts = ["page.js", *SCRIPTS, "code-search-lab.js"]
    settings, found, missed, at_hand, apart = javascript(scripts, code)
    assert (settings["steps"], settings["rate"]) == (code_searches.STEPS, code_searches.RATE)
    assert settings["betas"] == [0.9, 0.999]
    assert found == "The generator can make this point; the search has found it."
    assert "is 0.25 away" in missed and "the search ended" in missed and "1.25 farther" in missed
    assert "search" not in at_hand + apart and "this code is 1.25 farther" in apart


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"generators": {}}, "no generator"),
        ({"generators": {"two": (mlp.Generator(2, 2, 4, 1), 1.0, "normal")}}, "one latent"),
        ({"target": "a photograph"}, "target"),
        ({"seed": 0}, "seed"),
        ({"held_out": torch.zeros(0, 2)}, "held_out"),
        ({"held_out": torch.zeros(5, 3)}, "held_out"),
        ({"generators": {"one": (network(), 0.0, "normal")}}, "reach"),
        ({"generators": {"one": (network(), 1.0, "Cauchy")}}, "law"),
    ],
)
def test_what_the_page_cannot_show_is_refused(wrong, message):
    given = {"generators": {"one": (network(), 2.0, "normal")}, "held_out": torch.rand(5, 2)} | wrong
    with pytest.raises(UsageError, match=message):
        widgets.code_search(**given)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_tells_the_generator_from_the_search_on_a_telephone(opened, scheme):
    made = widgets.code_search({"one": (network(), 2.0, "normal")}, torch.tensor([[2.5, 2.5], [-2.5, 2.0]]))
    html = made.page.replace("mountCodeSearch(document", "window.lab = mountCodeSearch(document")
    page = opened(html, height=700, color_scheme=scheme)

    def reading(name):
        return float(page.locator("dt", has_text=name).locator("xpath=../dd").inner_text())

    assert reading("of the best code") == 0 and reading("distance now") > 0
    page.get_by_role("button", name="Best code").click()
    assert reading("distance now") == 0 and "this is its code" in page.locator("p.note").inner_text()
    page.get_by_role("slider").fill("-900")
    before = reading("distance now")
    page.get_by_role("button", name="Descend").click()
    page.wait_for_function("!lab.walking")
    assert reading("distance now") < before
    page.locator("select").nth(1).select_option("held-out")
    assert reading("of the best code") > 0.1
    page.get_by_role("button", name="Another target").click()
    box = page.locator("canvas").bounding_box()
    page.locator("canvas").click(position={"x": box["width"] / 2, "y": 20})
    assert page.evaluate("lab.target[1]") > 2 and page.locator("select").nth(1).input_value() == "own"
    page.locator("canvas").press("ArrowDown")
    assert page.evaluate("lab.target[1]") < 3
    for _ in range(30):
        page.locator("canvas").press("ArrowRight")
    assert page.evaluate("lab.target[0]") == 3
    assert page.locator("p.note").get_attribute("aria-live") == "polite"
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= made.height[1]


def test_the_twin_is_torch():
    pytest.importorskip("ipywidgets")
    made = network()
    figure = code_searches.code_search_figure(made, 2.0, torch.tensor([1.0, -0.5]), 0.5)
    end = code_searches.descend(made, 2.0, torch.tensor([1.0, -0.5]), 1.0)[-1]
    distance = (made(end.view(1, 1))[0] - torch.tensor([1.0, -0.5])).norm().item()
    assert f"descent ends {distance:.2f} away" in figure.axes[0].get_title()
    twin = widgets.live_code_search({"one": (made, 2.0, "normal")}, torch.rand(5, 2))
    before = twin.children[-1].value
    twin.children[1].value = 3
    assert twin.children[-1].value != before
