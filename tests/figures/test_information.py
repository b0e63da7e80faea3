"""Figures of information: what is drawn is what was given, and columns of an encoder that are one are drawn as one."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_lib.figures import information as drawn
from course_lib.theory import information


def test_a_channel_is_numbered_at_its_peaks():
    _, ax = plt.subplots()
    points = torch.linspace(-4, 4, 81, dtype=torch.float64)
    drawn.channel(ax, points, information.noisy_levels(torch.tensor([-2.0, 1.0]).double(), 0.5, points))
    places = {text.get_text(): text.xy[0] for text in ax.texts}
    assert places == pytest.approx({"$c = 1$": -2.0, "$c = 2$": 1.0})
    plt.close("all")


def test_bounds_keep_their_order_and_the_gap_is_shaded():
    _, ax = plt.subplots()
    drawn.bounds(ax, [1, 2], [0.9, 0.5], [0.7, -0.1], [1.0, 0.8])
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0.9, 0.5], [0.7, -0.1], [1.0, 0.8]]
    assert len(ax.collections) == 1 and len(ax.get_legend().get_texts()) == 3
    plt.close("all")


def test_the_plane_begins_at_nothing_and_names_every_price():
    _, ax = plt.subplots()
    drawn.plane(ax, [(1.0, 0.5), (0.4, 0.3)], [0.2, 0.6])
    assert ax.lines[0].get_xdata().tolist() == [0.0, 0.4, 1.0]
    assert {text.get_text(): text.xy for text in ax.texts} == {"0.2": (1.0, 0.5), "0.6": (0.4, 0.3)}
    drawn.named_points(ax, {"A": (0.1, 0.2)})
    assert ax.texts[-1].get_text() == "A"
    plt.close("all")


def test_columns_that_are_multiples_of_each_other_are_one_value():
    # two names for the first value, one that nobody uses
    table = np.array([[0.3, 0.0, 0.7, 0.0], [0.27, 0.1, 0.63, 0.0], [0.0, 1.0, 0.0, 0.0]])
    np.testing.assert_allclose(drawn.merged(table), [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    _, ax = plt.subplots()
    drawn.encoder(ax, torch.tensor(table), ["a", "b", "c"])
    assert ax.images[0].get_array().shape == (3, 2)
    plt.close("all")
