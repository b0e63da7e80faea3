"""The lab of pairs: its numbers are the library's, and a click in a browser plays."""

import math

import pytest
import torch
from widgets.readings import reading

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import joint_game

CASES = [
    ([0, 1, 2, 3], [1, 2, 3, 0]),
    ([0, 1, 2, 3], [0, 1, 2, 3]),
    ([3, 3, 0, 1], [2, 3, 3, 1]),
    ([0, 0, 0, 0], [0, 0, 0, 0]),
]


def test_values_are_the_librarys(javascript):
    code = "return DATA.map(([encoder, generator]) => jointGame(encoder, generator));"
    quarter, one = torch.full((4,), 0.25, dtype=torch.float64), torch.eye(4, dtype=torch.float64)
    for (encoder, generator), found in zip(CASES, javascript(["pairs.js"], code, CASES), strict=True):
        encoded = joint_game.encoded_pairs(quarter, one[encoder])
        generated = joint_game.generated_pairs(quarter, one[generator])
        assert found["value"] == pytest.approx(float(joint_game.value(encoded, generated)), abs=1e-12)
        assert found["divergence"] == pytest.approx(
            float(joint_game.divergence(encoded, generated)), abs=1e-12
        )
        back = joint_game.recovered(quarter, one[generator], one[encoder])
        assert found["back"] == pytest.approx(float(back))
        assert (found["images"], found["codes"]) == (len(set(generator)) == 4, len(set(encoder)) == 4)


@pytest.mark.parametrize("wrong", [{"encoder": (0, 1, 2)}, {"generator": (0, 1, 2, 4)}], ids=str)
def test_maps_that_are_none_are_refused(wrong):
    with pytest.raises(UsageError, match="whole numbers"):
        widgets.pairs(**wrong)


@pytest.mark.browser
def test_a_reader_solves_the_game_on_a_telephone(opened):
    page = opened(widgets.pairs().page, 328, 700)

    def value():
        return reading(page, "value, nats")

    assert value() == 0
    for code, image in enumerate("ABCD", 1):
        page.get_by_role("button", name=f"G: image {image} from code {code}").click()
    assert value() == pytest.approx(-math.log(4), abs=1e-3)
    assert "least value" in page.locator("p.note").inner_text()
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= widgets.pairs().height[1]
