"""The lab of drags: its arrays, its words, and that the handle goes where the reader points or the arrow keys say."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError

SIDE, MOMENTS = 16, 3
TARGETS = torch.tensor([[2.0, 2.0], [13.0, 2.0], [2.0, 13.0], [13.0, 13.0]])


def lab(**changes):
    """Two faces with four targets and three moments: red says the target, green the moment, blue the face."""
    frames = torch.full((2, 4, MOMENTS, 3, SIDE, SIDE), -1.0)
    frames[:, :, :, 0] = torch.linspace(-1, 1, 4)[:, None, None, None]
    frames[:, :, :, 1] = torch.linspace(-1, 1, MOMENTS)[:, None, None]
    frames[1, :, :, 2] = 1.0
    start = torch.full((2,), 7.5)
    share = torch.linspace(0, 1, MOMENTS)[:, None]
    seen = (start + share * (TARGETS[:, None] - start)).expand(2, 4, MOMENTS, 2)
    settings = {
        "frames": frames,
        "targets": TARGETS.expand(2, 4, 2),
        "seen": seen,
        "known": seen + torch.tensor([0.0, 1.0]),
        "names": ("first", "second"),
    }
    return widgets.drags(**settings | changes)


@pytest.mark.parametrize(
    "wrong",
    [{"targets": TARGETS.expand(2, 4, 2)[:, :3]}, {"names": ("one",)}, {"seen": torch.zeros(2, 4, 2, 2)}],
    ids=["targets", "names", "moments"],
)
def test_what_does_not_belong_together_is_refused(wrong):
    with pytest.raises(UsageError, match="2 faces with 4 targets and 3 moments"):
        lab(**wrong)


def test_the_nearest_target_and_the_words(javascript):
    code = (
        "return [DATA.map(([x, y]) => nearestTarget([[1, 1], [6, 1], [1, 6]], x, y)),"
        " dragText([3, 4], [0, 0], [3, 1])];"
    )
    nearest, text = javascript(["drags-lab.js"], code, [[0, 0], [5, 2], [2, 9]])
    assert nearest == [0, 1, 2]
    assert "3.0 pixels by the judge, 5.0 by tracking" in text and "3.2 pixels apart" in text


@pytest.mark.browser
def test_it_follows_pointer_keys_and_slider(opened):
    shown = lab()
    page = opened(shown.page, 328, 700)
    canvas = page.locator("canvas")

    def colours():
        """Of a place of the face that no mark covers."""
        found = page.evaluate(
            "() => [...document.querySelector('canvas').getContext('2d').getImageData(68, 20, 1, 1).data]"
        )
        return [value / 255 for value in found[:3]]

    def point(x, y):
        box = canvas.bounding_box()
        scale = box["width"] / SIDE
        page.mouse.click(box["x"] + (x + 0.5) * scale, box["y"] + (y + 0.5) * scale)

    page.wait_for_function(
        "document.querySelector('canvas').getContext('2d').getImageData(68, 20, 1, 1).data[3] > 0"
    )
    point(13, 13)
    assert colours() == pytest.approx([1, 1, 0], abs=0.1)
    assert "0.0 by tracking" in page.locator("p.note").first.inner_text()
    assert canvas.get_attribute("aria-label").startswith("first. To the target: 1.0 pixels by the judge")
    page.get_by_role("slider").fill("1")
    assert colours() == pytest.approx([1, 0.5, 0], abs=0.1)
    point(2, 2)  # a new target is shown at its end
    assert colours() == pytest.approx([0, 1, 0], abs=0.1)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert colours()[0] == pytest.approx(1 / 3, abs=0.1)
    page.keyboard.press("ArrowDown")
    assert colours()[0] == pytest.approx(1, abs=0.1)
    page.select_option("select", "second")
    assert colours()[2] == pytest.approx(1, abs=0.1)
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= shown.height[1]
