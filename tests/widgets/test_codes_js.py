"""The explorer of codes: in the page, generator and classifier compute what torch computes."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import course_lib
from course_lib import paths, widgets
from course_lib.errors import UsageError
from course_lib.networks import dcgan
from course_lib.networks.classifier import Classifier
from course_lib.widgets import live_codes
from course_lib.widgets.codes import Code, fold_classifier

CODE = """const reader = unpackReader(DATA.reader);
return DATA.images.map((pixels) => readImage(reader, Float32Array.from(pixels), DATA.side));"""
PARTS = (Code("kind", 0, values=10), Code("one", 10), Code("two", 11))


@pytest.fixture(scope="module")
def classifier():
    """The zoo's classifier of digits, 16 pixels."""
    return course_lib.load(paths.zoo() / "classifier-digits").networks["classifier"].eval()


def generator(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = dcgan.Generator(14, 1, 16, 8)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_var.uniform_(0.01, 0.05)
    return network.eval()


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("float16", 0.05)])
def test_the_classifier_reads_in_the_page_what_it_reads_in_torch(
    javascript, classifier, precision, tolerance
):
    images = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    data = {
        "reader": fold_classifier(classifier, precision),
        "images": images.flatten(1).tolist(),
        "side": 16,
    }
    found = javascript(["conv.js", "reader.js"], CODE, data)
    with torch.no_grad():
        np.testing.assert_allclose(found, classifier(images).numpy(), atol=tolerance)


def test_colour_and_odd_widths_are_read_as_well(javascript):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = Classifier(3, 5, 24, width=6).eval()
    images = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1
    data = {"reader": fold_classifier(network, "float32"), "images": images.flatten(1).tolist(), "side": 24}
    found = javascript(["conv.js", "reader.js"], CODE, data)
    with torch.no_grad():
        np.testing.assert_allclose(found, network(images).numpy(), atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"noises": torch.zeros(2, 13)},
        {"parts": (Code("a", 0, values=10), Code("b", 9))},
        {"parts": (Code("a", 14),)},
        {"names": ["zero", "one"]},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(classifier, wrong):
    given = {
        "parts": PARTS,
        "noises": torch.zeros(2, 14),
        "classifier": classifier,
        "names": list("0123456789"),
    } | wrong
    with pytest.raises(UsageError):
        widgets.codes(generator(), **given)


def test_only_the_courses_classifier_is_packed():
    with pytest.raises(UsageError, match="classifier"):
        fold_classifier(torch.nn.Linear(2, 2))


class Method:
    """What `live_codes.codes` needs of a trained method."""

    def __init__(self, network):
        self.network = network

    def sample(self, latents):
        return self.network(latents)


def test_the_twin_draws_what_the_classifier_reads(classifier):
    network, noise = generator(), torch.randn(14, generator=torch.Generator().manual_seed(3))
    latent = live_codes.with_codes(noise, PARTS, [4, -1.0, 0.5])
    assert latent[:10].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert latent[10:].tolist() == [-1, 0.5, *noise[12:].tolist()]
    figure = live_codes.codes_figure(Method(network), latent, classifier, list("0123456789"))
    with torch.no_grad():
        expected = classifier(network(latent[None])).softmax(1)[0].tolist()
    assert [bar.get_width() for bar in figure.axes[1].patches] == pytest.approx(expected, abs=1e-5)
    plt.close(figure)
    pytest.importorskip("ipywidgets")
    live_codes.codes(Method(network), PARTS, noise[None], classifier, list("0123456789"))


# in the browser


@pytest.mark.browser
def test_sliders_change_the_picture_and_the_reading_is_torchs(opened, classifier):
    network = generator()
    noises = torch.randn(2, 14, generator=torch.Generator().manual_seed(3))
    lab = widgets.codes(network, PARTS, noises, classifier=classifier, names=list("0123456789"))
    page = opened(lab.page, 390, 1200)
    page.wait_for_selector(".bar output")

    def shown():
        return [float(text.split()[0]) / 100 for text in page.locator(".bar output").all_inner_texts()]

    def expected(value, one, two, noise):
        z = noises[noise].clone()
        z[:10] = torch.eye(10)[value - 1]
        z[10], z[11] = one, two
        with torch.no_grad():
            return classifier(network(z[None])).softmax(1)[0].tolist()

    assert shown() == pytest.approx(expected(1, 0, 0, 0), abs=0.03)
    sliders = page.get_by_role("slider")
    sliders.nth(0).press("End")
    sliders.nth(1).press("Home")
    assert shown() == pytest.approx(expected(10, -1, 0, 0), abs=0.03)
    page.get_by_role("button").click()
    sliders.nth(2).press("End")
    assert shown() == pytest.approx(expected(10, -1, 1, 1), abs=0.03)
    assert math.isclose(sum(shown()), 1, abs_tol=0.06) and page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.body.scrollHeight") <= lab.height[1]
    page.set_viewport_size({"width": 720, "height": 900})
    assert page.evaluate("document.body.scrollHeight") <= lab.height[0] + 1
