"""The brush: its slopes are torch's, its search reaches what is painted, and the page does both."""

import numpy as np
import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.networks.dcgan import Generator
from course_lib.widgets import explorer

SCRIPTS = ["conv.js", "brush.js"]
LOSS = """const layers = unpackGenerator(DATA.spec);
const f = (key) => Float32Array.from(DATA[key]);
const { loss, slope, fit, away } = brushLoss(layers, f("code"), f("start"), f("target"), f("mask"), DATA.near);
return { loss, fit, away, slope: Array.from(slope) };"""
SEARCH = """const layers = unpackGenerator(DATA.spec);
const f = (key) => Float32Array.from(DATA[key]);
const search = beginSearch(f("start"));
const fits = [];
for (let step = 0; step < 200; step++) {
  const { slope, fit } = brushLoss(layers, search.code, f("start"), f("target"), f("mask"), DATA.near);
  fits.push(fit);
  adamStep(search, slope, 0.05, DATA.free);
}
return { fits, code: Array.from(search.code) };"""


def trained(channels=3):
    torch.manual_seed(0)
    generator = Generator(6, channels=channels, width=8, resolution=16)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(4).add_(0.05 * torch.randn_like(parameter))
        for _ in range(20):
            generator(torch.randn(32, 6))
    return generator.eval().requires_grad_(False)


def case(channels=3, near=0.7):
    draw = torch.Generator().manual_seed(1)
    code, start = torch.randn(2, 6, generator=draw)
    target = torch.rand(channels, 16, 16, generator=draw) * 2 - 1
    mask = (torch.rand(16, 16, generator=draw) < 0.2).float()
    generator = trained(channels)
    data = {"spec": explorer.fold(generator, "float32"), "near": near, "free": 4}
    data |= {
        name: tensor.flatten().tolist()
        for name, tensor in {"code": code, "start": start, "target": target, "mask": mask}.items()
    }
    return generator, code, start, target, mask, data


@pytest.mark.parametrize("channels", [1, 3])
def test_loss_and_slope_are_those_of_torch(javascript, channels):
    generator, code, start, target, mask, data = case(channels)
    z = code.clone().requires_grad_(True)
    image = generator(z[None])[0]
    fit = (mask * (image - target).square()).sum() / (channels * mask.sum())
    loss = fit + 0.7 * (z - start).square().mean() / 2
    (slope,) = torch.autograd.grad(loss, z)
    got = javascript(SCRIPTS, LOSS, data)
    assert got["loss"] == pytest.approx(loss.item(), rel=1e-4) and got["fit"] == pytest.approx(
        fit.item(), rel=1e-4
    )
    assert got["away"] == pytest.approx((code - start).norm().item(), rel=1e-4)
    assert slope.abs().max() > 1e-3
    np.testing.assert_allclose(got["slope"], slope.numpy(), atol=1e-5, rtol=1e-3)


def test_a_search_fits_what_another_code_painted_and_leaves_the_condition_alone(javascript):
    generator, code, start, _, mask, data = case(near=0.0)
    code[4:] = start[4:]
    data["target"] = generator(code[None])[0].flatten().tolist()
    got = javascript(SCRIPTS, SEARCH, data)
    assert got["fits"][-1] < 0.1 * got["fits"][0]
    assert got["code"][4:] == pytest.approx(start[4:].tolist())
    held = javascript(SCRIPTS, SEARCH, data | {"near": 1e4})
    assert np.abs(np.array(held["code"]) - start.numpy()).max() < 0.1, "held to where it began"


def test_codes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="fed with 6 numbers"):
        widgets.brush(trained(), torch.zeros(2, 5))
    with pytest.raises(UsageError, match="9 of them free"):
        widgets.brush(trained(), torch.zeros(2, 6), free=9)


@pytest.mark.browser
def test_a_stroke_changes_the_picture_towards_the_ink(opened):
    lab = widgets.brush(trained(), torch.randn(2, 6, generator=torch.Generator().manual_seed(2)))
    page = opened(lab.page, 390, 1200)
    easel = page.locator("canvas").first
    easel.wait_for()
    under = "c => Array.from(c.getContext('2d').getImageData(6, 6, 5, 5).data).filter((_, i) => i % 4 < 3)"

    def error():
        values = np.array(easel.evaluate(under)) / 127.5 - 1
        return np.square(values + 0.9).mean()  # the first ink is black

    before, error_before = easel.evaluate(under), error()
    box = easel.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.53, box["y"] + box["height"] * 0.53)
    for _ in range(200):  # the descent goes on between frames, for as long as the machine needs
        if error() < 0.9 * error_before:
            break
        page.wait_for_timeout(100)
    assert error() < 0.9 * error_before
    assert page.locator("dd").first.inner_text() != "–"
    easel.focus()
    easel.press("ArrowLeft")
    easel.press("Space")
    page.get_by_role("button", name="Clear").click()
    assert page.locator("dd").first.inner_text() == "–" and easel.evaluate(under) == before
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.body.scrollHeight") <= lab.height[1]
    page.set_viewport_size({"width": 720, "height": 900})
    assert page.evaluate("document.body.scrollHeight") <= lab.height[0] + 1
