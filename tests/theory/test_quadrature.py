"""Quadrature on grids: known integrals, the two rules' orders, and errors that say what is wrong."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory.quadrature import grid_1d, grid_2d, integrate


def test_gaussian_integrates_to_one_to_rounding():
    grid = grid_1d(-10, 10, 401)
    density = torch.exp(-(grid.points**2) / 2) / math.sqrt(2 * math.pi)
    assert abs(grid.integrate(density).item() - 1) < 1e-12


def test_simpson_is_exact_on_cubics_and_trapezoid_is_second_order():
    def error(rule, count):
        grid = grid_1d(0, 1, count, rule=rule)
        return abs(grid.integrate(grid.points**3).item() - 0.25)

    assert error("simpson", 5) < 1e-14
    assert error("trapezoid", 11) / error("trapezoid", 21) == pytest.approx(4, rel=1e-3)


def test_the_trapezoid_rule_is_fast_only_where_slopes_vanish_at_the_ends_too():
    """sin(x) vanishes at 0 and π and its slope does not: second order. A Gaussian's tails are flat to rounding."""

    def error(low, high, count, function, exact):
        grid = grid_1d(low, high, count)
        return abs(grid.integrate(function(grid.points)).item() - exact)

    half, full = (error(0, math.pi, count, torch.sin, 2) for count in (21, 41))
    assert half / full == pytest.approx(4, rel=0.01)
    bell = lambda x: torch.exp(-(x**2) / 2)  # noqa: E731
    half, full = (error(-10, 10, count, bell, math.sqrt(2 * math.pi)) for count in (11, 21))
    assert half > 1e-3 and half / full > 1e5


@pytest.mark.parametrize("rule", ["trapezoid", "simpson"])
def test_integrate_agrees_with_the_grid_and_keeps_leading_axes(rule):
    grid = grid_1d(-1, 3, 101, rule=rule)
    rows = torch.stack([torch.sin(grid.points), torch.exp(grid.points)])
    torch.testing.assert_close(integrate(rows, 4 / 100, rule=rule), grid.integrate(rows))
    expected = torch.tensor([math.cos(-1) - math.cos(3), math.exp(3) - math.exp(-1)], dtype=torch.float64)
    torch.testing.assert_close(grid.integrate(rows), expected, rtol=2e-4, atol=0)


def test_plane_grid_integrates_a_product():
    grid = grid_2d(0, 1, 41)
    assert grid.points.shape == (41 * 41, 2)
    value = grid.integrate(grid.points[:, 0] * torch.exp(grid.points[:, 1]))
    assert value.item() == pytest.approx(0.5 * (math.e - 1), rel=1e-4)


@pytest.mark.parametrize(
    "low, high, count, rule",
    [(0, 0, 11, "trapezoid"), (0, 1, 1, "trapezoid"), (0, 1, 10, "simpson"), (0, 1, 11, "?")],
)
def test_impossible_grids_are_refused(low, high, count, rule):
    with pytest.raises(UsageError):
        grid_1d(low, high, count, rule=rule)
