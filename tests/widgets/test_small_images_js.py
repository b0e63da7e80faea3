"""The figure of a face with fewer and fewer pixels: its arrays, its words, and that it follows the slider."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError


def arrays():
    """Two faces, three resolutions, two columns: red says the resolution; green the face; four look-alikes in blue."""
    answers = torch.full((2, 3, 2, 3, 8, 8), -1.0)
    for r in range(3):
        answers[:, r, :, 0] = r - 1.0
    answers[1, :, :, 1] = 1.0
    posterior = torch.full((2, 3, 4, 3, 8, 8), -1.0)
    posterior[:, :, :, 2] = 1.0
    return answers, posterior


def lab(**changes):
    answers, posterior = arrays()
    return widgets.small_images(
        answers, posterior, **{"sides": (8, 4, 2), "labels": ("shown", "answer")} | changes
    )


def test_what_does_not_belong_together_is_refused():
    answers, posterior = arrays()
    for wrong in ({"sides": (8, 4)}, {"labels": ("shown",)}):
        with pytest.raises(UsageError, match="need as many"):
            lab(**wrong)
    with pytest.raises(UsageError, match="need as many"):
        widgets.small_images(answers, posterior[:1], (8, 4, 2), ("a", "b"))
    with pytest.raises(UsageError, match="a number for each face"):
        lab(spread=torch.zeros(2, 2))


def test_places_and_words(javascript):
    code = "return [placeInSheet(2, 3, 32, 16), alikeText(4, 8, 7.5), alikeText(4, 8, null)];"
    place, with_spread, without = javascript(["small-images-lab.js"], code)
    assert place == [96, 32]
    assert "4 of the generator's faces" in with_spread and "7.5 grey levels" in with_spread
    assert "8 × 8 pixels" in without and "grey levels" not in without


def test_labels_and_values_fit_their_controls_on_a_phone(browser):
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.set_content(lab().page)
    boxes = page.evaluate(
        "[...document.querySelectorAll('.control > .caption')].map(c => [c.scrollWidth, c.clientWidth])"
    )
    assert len(boxes) == 2 and all(needed <= given for needed, given in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    # the picture stands above what moves it
    assert page.evaluate("document.querySelector('canvas').getBoundingClientRect().top") < page.evaluate(
        "document.querySelector('input').getBoundingClientRect().top"
    )
    page.close()


def test_it_follows_the_slider_in_a_browser(browser):
    page = browser.new_page()
    page.set_content(lab(spread=torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])).page)
    first = "document.querySelector('canvas').getContext('2d').getImageData(4, 4, 1, 1).data"
    page.wait_for_function(f"{first}[3] > 0")
    assert page.evaluate(f"{first}[0]") < 12
    page.locator("input[type=range]").fill("2")
    assert page.evaluate(f"{first}[0]") > 243 and "by 2 grey levels" in page.inner_text("p.note")
    page.select_option("select", "face 2")
    assert page.evaluate(f"{first}[1]") > 243 and "by 5 grey levels" in page.inner_text("p.note")
    page.close()
