import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from course_lib.errors import UsageError
from course_lib.figures import style
from course_lib.widgets import live

ipywidgets = pytest.importorskip("ipywidgets")


@pytest.fixture(autouse=True)
def notebook():
    """As in a chapter: the book's style is on."""
    with matplotlib.rc_context():
        style.use()
        yield
    plt.close("all")


def test_the_games_title_has_the_least_value_where_the_densities_meet():
    title = live.game1d_figure(mean=0.0, spread=0.6, gap=3.0).axes[0].get_title(loc="left")
    assert "JS = 0.0000" in title.replace("-0.0000", "0.0000")
    assert "V = -1.3863" in title


def test_costs_mark_the_present_sample():
    left, right = live.costs_figure(logit=0.0).axes
    marks = [line.get_xydata()[0].tolist() for line in right.lines if len(line.get_xdata()) == 1]
    assert sorted(marks) == [[0.5, 0.5], [0.5, 0.5], [0.5, 1.0]]
    assert len(left.lines) == 6


@pytest.mark.parametrize(
    "game", ["xy", "Dirac-GAN, minimax", "Dirac-GAN, non-saturating", "Dirac-GAN, Wasserstein"]
)
def test_dynamics_say_how_far_the_end_is(game):
    figure = live.dynamics_figure(game, "alternating", "R1", 0.5, 0.2, 1.0, 0.5)
    words = figure.axes[0].get_title(loc="left").split()
    end, mean = float(words[2]), float(words[6])
    assert (end > 0.5 and mean < 0.1) if game == "xy" else end < 1e-3


def test_between_reaches_its_corners():
    codes = torch.randn(4, 5, dtype=torch.float64)
    for path in ("linear", "spherical"):
        for index, (across, down) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
            assert live.between(codes, across, down, path) == pytest.approx(codes[index], abs=1e-12)
    with pytest.raises(UsageError, match="spherical or linear"):
        live.between(codes, 0, 0, "cubic")


def test_the_ring_game_takes_its_rates():
    game = live.RingGame()
    parameters = list(game.method.networks["generator"].parameters())
    before = [parameter.clone() for parameter in parameters]
    game.advance(2, generator_rate=0.0, discriminator_rate=1e-3)
    assert all(torch.equal(a, b) for a, b in zip(before, parameters, strict=True))
    game.advance(1, generator_rate=1e-3, discriminator_rate=0.0)
    assert not all(torch.equal(a, b) for a, b in zip(before, parameters, strict=True))
    assert game.steps == 3
    assert "step 3" in game.figure(50).axes[0].get_title(loc="left")


class Flat:
    """A method whose images are as bright as the first latent coordinate."""

    def latents(self, n, generator):
        return torch.rand(n, 3, generator=generator)

    def sample(self, latents):
        return latents[:, :1, None, None].expand(-1, 1, 4, 4)


@pytest.mark.parametrize("make", [live.game1d, live.costs, live.gan2d, lambda: live.latents(Flat())])
def test_a_twin_is_made_of_controls_and_a_screen(make):
    twin = make()
    assert isinstance(twin.children[-1], ipywidgets.Image)
    assert bytes(twin.children[-1].value).startswith(b"\x89PNG")
    assert len(twin.children) >= 2


@pytest.mark.parametrize("make", [live.game1d, live.costs, lambda: live.latents(Flat())])
def test_a_move_of_a_control_shows(make):
    twin = make()
    slider, screen = twin.children[0], twin.children[-1]
    before = screen.value
    slider.value = slider.max
    assert screen.value != before
    after = screen.value
    slider.value = slider.max  # no move
    assert screen.value == after
