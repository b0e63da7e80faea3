"""The editor of attributes: its arrays, its words, and that it shows the edit that was chosen."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.widgets.edits import edits_figure

STRENGTHS = (-2.0, 0.0, 2.0)


def arrays():
    """Two faces, two attributes, two spaces, three strengths: red says the strength, green the space, blue the rest."""
    faces = torch.full((2, 3, 8, 8), -1.0)
    faces[1] = 1.0
    frames = torch.full((2, 2, 2, 3, 3, 8, 8), -1.0)
    frames[..., 0, :, :] = torch.tensor([-1.0, 0.0, 1.0])[:, None, None]
    frames[:, :, 1, :, 1] = 1.0
    frames[:, 1, :, :, 2] = 1.0
    wanted = torch.tensor(STRENGTHS).expand(2, 2, 2, 3) / 4
    others = torch.tensor([0.1, 0.3])[None, None, :, None].expand(2, 2, 2, 3)
    return faces, frames, wanted, others


def lab(**changes):
    names = {"attributes": ("smile", "hat"), "spaces": ("W", "W+"), "strengths": STRENGTHS}
    return widgets.edits(*arrays(), **names | changes)


def test_arrays_that_do_not_belong_together_are_refused():
    for wrong in ({"attributes": ("smile",)}, {"spaces": ("W",)}, {"strengths": (0.0, 1.0)}):
        with pytest.raises(UsageError, match="need a picture and two numbers"):
            lab(**wrong)


def test_words(javascript):
    scripts = ["page.js", "edits-lab.js"]
    code = "return [editText('smile', -0.504, 0.1), editText('hat', 0.25, 0), editText('hat', -0.001, 0)];"
    minus, plus, nothing = javascript(scripts, code)
    assert minus == "smile −0.50, others 0.10" and plus == "hat +0.25, others 0.00"
    assert nothing == "hat 0.00, others 0.00"


def test_it_shows_the_face_the_attribute_and_the_strength_that_were_chosen(browser):
    page = browser.new_page(viewport={"width": 332, "height": 700})
    page.set_content(lab().page)

    def colour(which):
        return page.evaluate(
            f"Array.from(document.querySelectorAll('canvas')[{which}].getContext('2d').getImageData(4, 4, 1, 1).data)"
        )

    page.wait_for_function(
        "[...document.querySelectorAll('canvas')].every(c => c.getContext('2d').getImageData(4, 4, 1, 1).data[3])"
    )
    given, w, plus = colour(0), colour(1), colour(2)
    assert max(given[:3]) < 12 and w[1] < 12 and plus[1] > 243 and abs(w[0] - 128) < 12
    page.locator("input[type=range]").fill("2")
    assert colour(1)[0] > 243
    captions = page.locator("figcaption").all_inner_texts()
    assert captions[1] == "W smile +0.50, others 0.10" and captions[2] == "W+ smile +0.50, others 0.30"
    page.locator("select").first.select_option("hat")
    assert colour(1)[2] > 243
    page.locator("select").last.select_option("face 2")
    assert min(colour(0)[:3]) > 243
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_the_twin_shows_the_given_face_and_an_edit_for_each_space():
    faces, frames, *_ = arrays()
    asked = []

    def edited(face, attribute, space, strength):
        asked.append((face, attribute, space, strength))
        return frames[face, 0, 0, 1]

    figure = edits_figure(faces, edited, 1, "hat", ("W", "W+"), 1.5)
    assert asked == [(1, "hat", "W", 1.5), (1, "hat", "W+", 1.5)]
    assert [ax.get_title() for ax in figure.axes] == ["given", "W", "W+"]
    pytest.importorskip("ipywidgets")
    twin = widgets.live_edits(faces, edited, attributes=("smile", "hat"), spaces=("W", "W+"), reach=3.0)
    twin.children[2].value = 2.0
    assert asked[-1] == (0, "smile", "W+", 2.0)
