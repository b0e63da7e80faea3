"""What the drawings of the one-dimensional game put on their axes."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from course_lib.errors import UsageError
from course_lib.figures import game

X = np.linspace(-3, 3, 61)
BUMP = np.exp(-(X**2) / 2) / np.sqrt(2 * np.pi)


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_probability_one_lies_at_the_ceiling_and_above_the_data(ax):
    game.players(ax, X, BUMP, BUMP, np.ones_like(X), np.full_like(X, 0.5))
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    assert np.allclose(lines["$D$"], game.ceiling(BUMP)) and game.ceiling(BUMP) > BUMP.max()
    assert np.allclose(lines["$D^*$"], game.ceiling(BUMP) / 2)
    assert ax.get_yticks().tolist() == pytest.approx([0, game.ceiling(BUMP) / 2, game.ceiling(BUMP)])


def test_a_panel_without_discriminator_has_two_lines(ax):
    game.players(ax, *(torch.as_tensor(values) for values in (X, BUMP, BUMP)))  # tensors do as well
    assert [line.get_label() for line in ax.get_lines()] == ["$p_{data}$", "$p_g$"]


def test_each_latent_is_joined_to_its_output(ax):
    z = np.array([-1.0, 0.0, 2.0])
    game.mapping(ax, z, z**2, (-3, 3))
    ends = [(line.get_xdata()[0], line.get_xdata()[1]) for line in ax.get_lines()[:3]]
    assert ends == [(-1.0, 1.0), (0.0, 0.0), (2.0, 4.0)]


def test_latents_without_outputs_are_refused(ax):
    with pytest.raises(UsageError, match="one line a latent"):
        game.mapping(ax, X, X[1:], (-3, 3))


def test_the_diagram_shows_that_data_never_reach_the_generator(ax):
    game.diagram(ax)
    arrows = [(a.xyann, a.xy) for a in ax.texts if getattr(a, "arrow_patch", None) is not None]
    generator = next(t.get_position() for t in ax.texts if t.get_text().startswith("generator"))
    into_generator = [
        start for start, end in arrows if np.hypot(end[0] - generator[0], end[1] - generator[1]) < 0.2
    ]
    data = next(t.get_position() for t in ax.texts if t.get_text().startswith("data"))
    assert len(arrows) == 5 and len(into_generator) == 2
    assert all(np.hypot(start[0] - data[0], start[1] - data[1]) > 0.2 for start in into_generator)
