import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_lib.errors import UsageError
from course_lib.figures import images


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def shown(figure):
    return [ax.images[0] for ax in figure.axes if ax.images]


def test_pixels_map_minus_one_to_black_and_one_to_white():
    batch = torch.tensor([-1.0, 0.0, 1.0, 3.0]).reshape(4, 1, 1, 1)
    assert images.pixels(batch)[:, 0, 0].tolist() == [[0] * 3, [0.5] * 3, [1] * 3, [1] * 3]
    colour = torch.tensor([1.0, -1.0, 0.0]).reshape(1, 3, 1, 1)
    assert images.pixels(colour)[0, 0, 0].tolist() == [1, 0, 0.5]


@pytest.mark.parametrize("shape", [(3, 4, 4), (2, 2, 4, 4)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(UsageError, match=r"\(B, 1 or 3, H, W\)"):
        images.pixels(torch.zeros(shape))


def test_grid_reads_like_text_and_does_not_interpolate():
    batch = torch.linspace(-1, 1, 5).reshape(5, 1, 1, 1).expand(5, 1, 6, 6)
    figure = images.grid(batch, columns=3, titles=list("abcde"))
    found = shown(figure)
    np.testing.assert_allclose([image.get_array()[0, 0, 0] for image in found], np.linspace(0, 1, 5))
    assert {image.get_interpolation() for image in found} == {"nearest"}
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", "d", "e", ""]
    boxes = [ax.get_position() for ax in figure.axes]
    assert boxes[0].x0 < boxes[1].x0 and boxes[0].y0 > boxes[3].y0
    with pytest.raises(UsageError, match="as many titles"):
        images.grid(batch, titles=["one"])


def test_images_keep_their_shape_and_the_page_width():
    figure = images.grid(torch.zeros(16, 1, 8, 16), columns=8)
    assert figure.get_figwidth() == pytest.approx(6.4)
    box = figure.axes[0].get_position()
    ratio = box.height * figure.get_figheight() / (box.width * figure.get_figwidth())
    assert ratio == pytest.approx(0.5, rel=0.05)


def test_rows_carry_their_labels():
    figure = images.rows([("data", torch.zeros(4, 1, 8, 8)), ("nearest", torch.ones(2, 1, 8, 8))])
    assert len(shown(figure)) == 6
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["data", "nearest"]
    with pytest.raises(UsageError, match="at least one"):
        images.rows([])
