import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_lib.figures import plane, style


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_lattice_covers_the_square_from_the_bottom_left():
    where = plane.lattice(2.0, 4)
    assert where[0].tolist() == [-1.5, -1.5]
    assert where[1].tolist() == [-0.5, -1.5]
    assert where[-1].tolist() == [1.5, 1.5]


def test_belief_lies_where_the_discriminator_says(ax):
    image = plane.belief(ax, lambda x: 50 * (x[:, :1] - 1), reach=2.0, side=8)  # real to the right of x1 = 1
    values = image.get_array()
    assert np.all(values[:, :5] < 0.01) and np.all(values[:, 6:] > 0.99)
    assert image.origin == "lower"
    assert image.get_extent() == [-2, 2, -2, 2]


def test_scatter_tells_data_from_samples_by_shape(ax):
    plane.scatter(ax, torch.zeros(3, 2), torch.ones(2, 2), lambda x: x.sum(1), colour_bar=True)
    data, generated = ax.collections
    assert len(data.get_offsets()) == 3 and len(generated.get_offsets()) == 2
    assert data.get_label() == "data" and generated.get_label() == "generated"
    assert len(data.get_paths()[0].vertices) != len(generated.get_paths()[0].vertices)
    assert len(ax.figure.axes) == 2  # with its colour bar
    assert style.COLOURS["data"] != style.COLOURS["generator"]
