"""Looks of the three games, their curves, and the Dirac-GAN's plane."""

import matplotlib
import numpy as np
import pytest

from course_lib.errors import UsageError
from course_lib.figures import costs
from course_lib.theory.games import dirac_field, dirac_gan

matplotlib.use("Agg")


@pytest.fixture
def axes():
    import matplotlib.pyplot as plt

    figure, pair = plt.subplots(1, 2)
    yield pair
    plt.close(figure)


def test_games_differ_in_colour_and_in_line_and_in_marker():
    looks = [costs.look(game) for game in costs.ROLES]
    assert len({look["color"] for look in looks}) == 3
    assert len({str(look["linestyle"]) for look in looks}) == 3
    assert len({costs.marks(game)["marker"] for game in costs.ROLES}) == 3


@pytest.mark.parametrize("function", [costs.look, costs.marks])
def test_unknown_game_is_refused_by_name(function):
    with pytest.raises(UsageError, match="hinge"):
        function("hinge")


def test_costs_and_slopes_are_those_of_the_formulas(axes):
    costs.costs_and_slopes(*axes)
    formulas = {
        "minimax": (lambda d: np.log(1 - d), lambda d: d),
        "non-saturating": (lambda d: -np.log(d), lambda d: 1 - d),
        "maximum-likelihood": (lambda d: -d / (1 - d), lambda d: d / (1 - d)),
    }
    for column, ax in enumerate(axes):
        drawn = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
        assert set(drawn) == set(formulas)
        for game, points in drawn.items():
            expected = formulas[game][column](points[:, 0])
            np.testing.assert_allclose(points[:, 1], expected, rtol=1e-6, atol=1e-9)


def test_dirac_plane_draws_the_path_and_the_direction_of_the_field(axes):
    path = dirac_gan(1.0, 0.0, 0.2, 30, loss="minimax").numpy()
    costs.dirac_plane(axes[0], path, "minimax", reach=2.0, arrows=5)
    np.testing.assert_array_equal(axes[0].get_lines()[0].get_xydata(), path)
    arrows = axes[0].collections[0]
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V)[0], 1)  # unit length off the equilibrium
    theta, psi = -2.0, -2.0  # the first arrow
    direction = np.array(dirac_field(theta, psi, loss="minimax"))
    np.testing.assert_allclose([arrows.U[0], arrows.V[0]], direction / np.hypot(*direction))
