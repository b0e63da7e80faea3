"""The player of walks: its sheets, what it refuses, and that it plays in a browser."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.widgets.walks import _sheet


def colours(frames: int = 3, faces: int = 2) -> torch.Tensor:
    """Plain pictures: frame t, face f has red t/2 and green f."""
    walk = torch.full((frames, faces, 3, 8, 8), -1.0)
    for t in range(frames):
        walk[t, :, 0] = 2 * t / (frames - 1) - 1
    walk[:, 1, 1] = 1.0
    return walk


def test_a_sheet_has_a_row_for_each_frame_and_a_column_for_each_face():
    data = _sheet(colours()).removeprefix("data:image/jpeg;base64,")
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert picture.shape == (24, 16, 3)
    for t in range(3):
        for f in range(2):
            red, green, blue = picture[8 * t + 4, 8 * f + 4]
            assert abs(int(red) - 255 * t / 2) < 12 and abs(int(green) - 255 * f) < 12 and blue < 12


def test_a_walk_goes_round(javascript):
    found = javascript(["walks-lab.js"], "return [0, 2, 3, 7, -1].map((m) => rowAt(m, 3));")
    assert found == [0, 2, 0, 1, 2]


def test_walks_of_different_shapes_are_refused():
    for frames in ({}, {"a": colours(), "b": colours(4)}, {"a": colours()[0]}):
        with pytest.raises(UsageError, match="one shape"):
            widgets.walks(frames)


def test_it_plays_in_a_browser(browser):
    page = browser.new_page()
    page.set_content(widgets.walks({"dimensions 1-8": colours(), "9-16": colours().flip(0)}).page)
    page.wait_for_function(
        "document.querySelector('canvas').getContext('2d').getImageData(4, 4, 1, 1).data[3] > 0"
    )

    def red():
        return page.evaluate(
            "document.querySelector('canvas').getContext('2d').getImageData(4, 4, 1, 1).data[0]"
        )

    assert red() < 12
    page.select_option("select", "9-16")
    assert red() > 243
    page.click("button")
    page.wait_for_function(
        "document.querySelector('canvas').getContext('2d').getImageData(4, 4, 1, 1).data[0] < 200"
    )
    assert page.inner_text("button") == "Pause"
    page.close()
