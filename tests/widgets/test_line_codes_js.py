"""The lab of GLO with one number as code: its steps are the library's, its laws and measures are exact."""

import numpy as np
import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.methods.code_distribution import moments
from course_lib.networks import mlp
from course_lib.studies.catalogue.glo_small import same_class
from course_lib.widgets import code_lines as lab

SCRIPTS = ["rng.js", "mlp.js", "games.js", "points.js", "line-codes.js"]
NEW = "const run = new LineCodes({ data: DATA.data, linear: DATA.linear, start: DATA.start, seed: 3 });"
WEIGHTS = "run.generator.layers.map((l) => [Array.from(l.weight.value), Array.from(l.bias.value)])"


def started(javascript, code, **how):
    given = {"data": "ring of eight", "linear": False, "start": "noise"} | how
    return javascript(SCRIPTS, NEW + code, given)


@pytest.mark.parametrize("linear", [False, True])
def test_steps_are_those_of_glo(javascript, linear):
    code = (
        f"const state = () => [Array.from(run.x), Array.from(run.codes), {WEIGHTS}]; const before = state();"
        "for (let i = 0; i < 4; i++) run.step(); return [before, state()];"
    )
    (x, codes, weights), (_, later, moved) = started(javascript, code, linear=linear)
    network = mlp.Generator(1, 2, lab.HIDDEN, 0 if linear else 2)
    layers = [m for m in network.layers if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, weights, strict=True):
            layer.weight.copy_(torch.tensor(weight).view(layer.in_features, -1).T)
            layer.bias.copy_(torch.tensor(bias))
    method = lab.glo(network, torch.tensor(codes)[:, None])
    for _ in range(4):
        lab.glo_step(method, torch.tensor(x).view(-1, 2))
    table = method.networks["codes"].table[:, 0]
    assert (table - torch.tensor(codes)).abs().max() > 0.01
    torch.testing.assert_close(torch.tensor(later), table, rtol=0, atol=2e-4)
    for layer, (weight, _) in zip(layers, moved, strict=True):
        expected = torch.tensor(weight).view(layer.in_features, -1).T
        torch.testing.assert_close(layer.weight.detach(), expected, rtol=0, atol=2e-4)


def test_settings_are_those_of_the_library(javascript):
    settings = javascript(SCRIPTS, "return LINE_CODES;")
    assert settings == {
        "points": lab.POINTS,
        "hidden": lab.HIDDEN,
        "rates": {"generator": lab.GENERATOR_RATE, "codes": lab.CODE_RATE},
        "betas": list(lab.BETAS),
        "start": lab.SCALE,
        "grid": 401,
        "neighbours": 10,
    }


@pytest.mark.parametrize("data", ["ring of eight", "two blobs", "Swiss roll"])
def test_a_linear_generator_finds_the_first_principal_component(javascript, data):
    """`thm-glo-pca` in the page."""
    code = (
        "for (let i = 0; i < 1500; i++) run.step(); run.searchCodes();"
        f"return [Array.from(run.x), run.floor, run.error, {WEIGHTS}];"
    )
    x, floor, error, ((direction, _),) = started(javascript, code, data=data, linear=True)
    values, vectors = np.linalg.eigh(np.cov(np.reshape(x, (-1, 2)).T, bias=True))
    assert floor == pytest.approx(values[0])
    assert floor * 0.999 <= error < 1.1 * floor
    if data == "two blobs":  # elsewhere the two variances are nearly equal, and so are all directions
        cosine = abs(np.dot(direction, vectors[:, 1])) / np.linalg.norm(direction)
        assert cosine > 0.99


@pytest.mark.parametrize("linear", [False, True])
def test_the_best_codes_are_never_worse(javascript, linear):
    code = (
        "for (let i = 0; i < 100; i++) run.step();"
        "const errors = () => { const made = run.reconstructions(); return Array.from(run.codes, (_, i) =>"
        " (made[2 * i] - run.x[2 * i]) ** 2 + (made[2 * i + 1] - run.x[2 * i + 1]) ** 2); };"
        "const was = errors(); run.searchCodes(); const best = errors();"
        "for (let i = 0; i < 1500; i++) run.step();"
        "const late = errors(); run.searchCodes(); return [was, best, late, errors()];"
    )
    was, best, late, last = (np.array(errors) for errors in started(javascript, code, linear=linear))
    assert best.mean() < was.mean() and (best <= was).all()
    assert (last <= late).all()  # where descent has ended a code lies between those of the grid


def test_laws(javascript):
    noise = np.random.default_rng(0)
    codes = np.concatenate([noise.normal(m, 0.05, 50) for m in (-0.8, 0.0, 0.7)])
    code = (
        "const [one, three] = [1, 3].map((k) => fitLaw(DATA.codes, k));"
        "const density = DATA.zs.map((z) => lawDensity(three, z));"
        "return [one, three, density, drawCodes(three, [[0.01, 0], [0.5, 1], [0.999, -1]])];"
    )
    grid = np.linspace(-2, 2, 4001)
    one, three, density, drawn = javascript(SCRIPTS, code, {"codes": codes.tolist(), "zs": grid.tolist()})
    mean, covariance = moments(torch.from_numpy(codes)[:, None])
    assert one["means"] == pytest.approx(mean) and one["stds"] == pytest.approx(np.sqrt(covariance[0]))
    assert three["means"] == pytest.approx([-0.8, 0.0, 0.7], abs=0.03)
    assert three["weights"] == pytest.approx([1 / 3] * 3, abs=1e-6)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-6)
    expected = [three["means"][k] + three["stds"][k] * n for k, n in ((0, 0), (1, 1), (2, -1))]
    assert drawn == pytest.approx(expected)


def test_a_fit_that_goes_on_is_one_fit(javascript):
    code = (
        "const codes = Array.from({ length: 60 }, (_, i) => Math.sin(i * i));"
        "return [fitLaw(codes, 3, 12), fitLaw(codes, 3, 5, fitLaw(codes, 3, 7)), fitLaw(codes, 3, 7)];"
    )
    whole, resumed, part = javascript(SCRIPTS, code)
    for name in ("weights", "means", "stds"):
        assert resumed[name] == pytest.approx(whole[name], rel=1e-9)
        assert part[name] != pytest.approx(whole[name], rel=1e-9)


def test_order_is_the_chapters(javascript):
    code = "for (let i = 0; i < 50; i++) run.step(); return [Array.from(run.codes), run.labels, run.order];"
    codes, labels, order = started(javascript, code)
    assert order == pytest.approx(same_class(torch.tensor(codes)[:, None], np.array(labels)), abs=0.01)
    assert started(javascript, "return run.order;", data="Swiss roll") is None


@pytest.mark.parametrize(
    "wrong", [{"data": "moons"}, {"generator": "deep"}, {"start": "zero"}, {"law": 2}, {"seed": 0}], ids=str
)
def test_what_the_controls_do_not_offer_is_refused(wrong):
    with pytest.raises(UsageError):
        widgets.line_codes(**wrong)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_finds_the_law_that_is_to_blame_on_a_telephone(opened, scheme):
    made = widgets.line_codes()
    html = made.page.replace("mountLineCodes(document", "window.lab = mountLineCodes(document")
    page = opened(html, height=700, color_scheme=scheme)

    def good():
        text = page.locator("dt", has_text="new points on a cluster").locator("xpath=../dd").inner_text()
        return int(text.split()[0])

    page.evaluate("lab.advance(400)")
    with_one = good()
    page.locator("select").nth(3).select_option("20 Gaussians")
    assert good() > with_one + 40
    assert "Of the new points" in page.locator("p.note").inner_text()
    before = page.evaluate("lab.run.error")
    page.get_by_role("button", name="Best codes").click()
    assert page.evaluate("lab.run.error") < before
    page.locator("select").nth(1).select_option("linear")
    page.evaluate("lab.advance(1500)")
    assert page.evaluate("lab.run.error < 1.1 * lab.run.floor")
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("lab.run.steps > 1504")
    assert page.locator("p.note").get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Pause").click()
    assert page.locator("p.note").get_attribute("aria-live") == "polite"
    page.get_by_role("button", name="Reset").click()
    assert "Press Train" in page.locator("p.note").inner_text()
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= made.height[1]


def test_the_twin_is_the_library():
    pytest.importorskip("ipywidgets")
    run = lab.CodeRun()
    run.advance(3)
    assert "step 3: squared error" in run.figure(8).axes[0].get_title()
    twin = widgets.live_line_codes(2)
    before = twin.children[-1].value
    twin.children[1].children[0].click()
    assert twin.children[-1].value != before
    twin.children[1].children[1].click()
    assert twin.children[-1].value == before
