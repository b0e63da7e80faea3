import html
import re
from html.parser import HTMLParser

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.networks.dcgan import Generator
from course_lib.networks.mlp import Generator as MLP
from course_lib.widgets.embed import BREAKPOINT, iframe

LABS = {
    "bottleneck": lambda: widgets.bottleneck(
        torch.eye(4, dtype=torch.float64) / 8 + 1 / 32, torch.zeros(4, 1, 8, 8), prices=(0.1, 0.5), price=0.5
    ),
    "gan2d": widgets.gan2d,
    "game1d": widgets.game1d,
    "costs": widgets.costs,
    "conjugate": widgets.conjugate,
    "transport": widgets.transport,
    "latent_plane": lambda: widgets.latent_plane({"one": MLP(2, 2, 8, 2)}, torch.rand(9, 2)),
    "truncation": lambda: widgets.truncation(
        {"law": torch.zeros(2, 4, 1, 8, 8)}, (0.5, 1.0), {"law": (0.3, 0.5)}, columns=2
    ),
    "cluster_game": widgets.cluster_game,
    "code_search": lambda: widgets.code_search({"one": (MLP(1, 2, 8, 2), 3.0, "normal")}, torch.rand(9, 2)),
    "line_codes": widgets.line_codes,
    "one_step": widgets.one_step,
    "stamps": widgets.stamps,
    "drags": lambda: widgets.drags(
        torch.zeros(1, 2, 3, 3, 8, 8), torch.zeros(1, 2, 2), *torch.zeros(2, 1, 2, 3, 2), ("a face",)
    ),
    "walks": lambda: widgets.walks({"1-8": torch.zeros(4, 2, 3, 8, 8), "9-16": torch.zeros(4, 2, 3, 8, 8)}),
    "latents": lambda: widgets.latents(Generator(8, resolution=8, width=4).eval(), torch.randn(4, 8)),
}


class Frames(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "iframe":
            self.found.append(dict(attributes))


@pytest.mark.parametrize("name", LABS)
def test_a_lab_is_one_sandboxed_frame_without_requests(name):
    lab = LABS[name]()
    (frame,) = Frames(lab._repr_html_()).found
    assert frame["srcdoc"] == lab.page
    assert frame["sandbox"] == "allow-scripts"
    assert frame["title"] == lab.title
    # no address outside the page; the namespace of SVG is a name, not an address
    assert (
        re.findall(r"(?:https?:)?//[a-z][^\s\"')]*", lab.page.replace("http://www.w3.org/2000/svg", "")) == []
    )
    assert lab.page.count("<main") == 1, "a page has one main part"
    assert len(lab.page) < 60_000


def test_data_cannot_end_the_script():
    text = "</script><b>'\"&\u2028"
    lab = iframe("<p>body</p>", [], {"text": text}, 100, "A & B")
    assert lab.page.count("</script>") == 1
    assert Frames(lab._repr_html_()).found[0]["title"] == "A & B"
    assert html.escape(lab.page, quote=True) in lab._repr_html_()


def test_height_follows_the_width():
    lab = iframe("", [], None, (200, 500), "heights")
    assert f"clamp(200px, calc(({BREAKPOINT}px - 100cqw) * 1000), 500px)" in lab._repr_html_()
    assert iframe("", [], None, 300, "one").height == (300, 300)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: widgets.gan2d(data="moons"), "ring of eight"),
        (lambda: widgets.gan2d(game="wasserstein"), "non-saturating"),
        (lambda: widgets.gan2d(generator_rate=1.0), "generator_rate"),
        (lambda: widgets.gan2d(seed=0), "seed"),
        (lambda: widgets.game1d(spread=0.0), "spread"),
        (lambda: widgets.costs(logit=float("nan")), "logit"),
    ],
)
def test_settings_that_no_control_can_show_are_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_the_offered_names_are_the_scripts_names(javascript):
    from typing import get_args

    from course_lib.widgets import labs

    scripts = ["games.js", "points.js"]
    assert javascript(scripts, "return Object.keys(GAMES);") == list(get_args(labs.Game))
    assert javascript(scripts, "return Object.keys(DATA_SETS);") == list(get_args(labs.Data))
