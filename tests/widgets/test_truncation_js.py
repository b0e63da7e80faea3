"""The figure of truncated codes: its arrays, its words, and that it follows law and threshold."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError


def lab(**changes):
    """Two laws, three thresholds, four pictures in two columns: red says the threshold, green the law."""
    made = torch.full((3, 4, 3, 8, 8), -1.0)
    made[:, :, 0] = torch.linspace(-1, 1, 3)[:, None, None, None]
    other = made.clone()
    other[:, :, 1] = 1.0
    settings = {
        "pictures": {"drawn again": made, "scaled": other},
        "thresholds": (0.5, 1.0, 2.0),
        "deviations": {"drawn again": (0.284, 0.54, 0.88), "scaled": (0.5, 1.0, 2.0)},
        "columns": 2,
    }
    return widgets.truncation(**settings | changes)


def test_what_does_not_belong_together_is_refused():
    for wrong in ({"thresholds": (0.5, 1.0)}, {"columns": 3}, {"deviations": {"scaled": (1, 2, 3)}}):
        with pytest.raises(UsageError):
            lab(**wrong)


def test_places_and_words(javascript):
    place, text = javascript(
        ["truncation-lab.js"], "return [placeInGrid(12, 10, 16, 16), deviationText(0.5, 0.284)];"
    )
    assert place == [32, 16] and "0.284" in text and "0.5" in text


def test_it_follows_law_and_threshold_in_a_browser(browser):
    page = browser.new_page()
    page.set_content(lab().page)
    pixel = "document.querySelector('canvas').getContext('2d').getImageData(4, 4, 1, 1).data"
    page.wait_for_function(f"{pixel}[3] > 0")
    assert page.evaluate(f"{pixel}[0]") > 243 and page.evaluate(f"{pixel}[1]") < 12
    page.locator("input[type=range]").fill("0")
    assert page.evaluate(f"{pixel}[0]") < 12 and "0.284" in page.inner_text("p.note")
    page.select_option("select", "scaled")
    assert page.evaluate(f"{pixel}[1]") > 243 and "0.500" in page.inner_text("p.note")
    page.close()
