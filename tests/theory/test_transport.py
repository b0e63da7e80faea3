"""Transport: plans against each other and against enumeration, both halves of duality, and the parallel lines."""

import itertools
import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory import divergences
from course_lib.theory.densities import gaussian
from course_lib.theory.quadrature import grid_1d
from course_lib.theory.transport import (
    dual_value,
    greatest_slope,
    ground_cost,
    lipschitz_potential,
    optimal_transport,
    parallel_lines,
    plan_cost,
    sorted_plan,
    wasserstein_1d,
    wasserstein_points,
)


def points(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def masses(n, seed=0):
    return torch.softmax(points(n, seed=seed), 0)


def test_the_ground_cost_is_the_distance():
    x, y = points(4, 3), points(5, 3, seed=1)
    expected = [[(a - b).square().sum().sqrt() for b in y] for a in x]
    torch.testing.assert_close(ground_cost(x, y), torch.tensor(expected))
    assert ground_cost(torch.tensor([0.0, 1.0]), torch.tensor([3.0])).tolist() == [[3.0], [2.0]]


def test_a_plan_worked_by_hand():
    """Two piles of ½ at 0 and 1, holes of ¼ at 1 and ¾ at 2: the quarter stays, the rest moves to 2."""
    x, y = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 2.0])
    p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])
    found = optimal_transport(ground_cost(x, y), p, q)
    assert found.cost.item() == pytest.approx(1.25)  # the means differ by 1.75 − 0.5
    assert plan_cost(sorted_plan(x, y, p, q), ground_cost(x, y)).item() == pytest.approx(1.25)


@pytest.mark.parametrize(("n", "m", "d"), [(6, 6, 2), (5, 8, 3), (7, 4, 1)])
def test_a_plan_moves_the_right_masses_at_its_cost(n, m, d):
    x, y, p, q = points(n, d), points(m, d, seed=1) + 1, masses(n), masses(m, seed=1)
    cost = ground_cost(x, y)
    found = optimal_transport(cost, p, q)
    assert (found.plan >= 0).all()
    torch.testing.assert_close(found.plan.sum(1), p)
    torch.testing.assert_close(found.plan.sum(0), q)
    torch.testing.assert_close(plan_cost(found.plan, cost), found.cost)


def test_no_permutation_is_cheaper():
    x, y = points(5, 2), points(5, 2, seed=1)
    cost = ground_cost(x, y)
    best = min(cost[range(5), list(order)].mean().item() for order in itertools.permutations(range(5)))
    assert optimal_transport(cost).cost.item() == pytest.approx(best, abs=1e-12)
    assert wasserstein_points(x, y).item() == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(9, 9), (6, 10)])
def test_on_the_line_sorting_is_optimal(n, m):
    x, y = points(n), points(m, seed=1) * 2 + 1
    cost = ground_cost(x, y)
    plan = sorted_plan(x, y)
    torch.testing.assert_close(plan.sum(1), torch.full((n,), 1 / n).double())
    torch.testing.assert_close(plan.sum(0), torch.full((m,), 1 / m).double())
    exact = optimal_transport(cost).cost
    torch.testing.assert_close(plan_cost(plan, cost), exact)
    torch.testing.assert_close(wasserstein_1d(x, y), exact)


def test_shifted_gaussians_are_their_shift_apart():
    """W₁ of two laws that differ by a shift is the shift: exactly, by distribution functions."""
    grid = grid_1d(-12, 15, 20001)
    for shift in (0.5, 3.0):
        found = divergences.wasserstein_1d_cdf(
            gaussian(0.0, 1.0).cdf(grid.points), gaussian(shift, 1.0).cdf(grid.points), grid
        )
        assert found.item() == pytest.approx(shift, abs=1e-6)


# duality


@pytest.mark.parametrize(("n", "m", "d"), [(6, 6, 2), (5, 8, 3), (12, 12, 1)])
def test_weak_duality_no_function_of_slope_one_earns_more(n, m, d):
    """The easy half of Kantorovich-Rubinstein, for a thousand functions made 1-Lipschitz on the points."""
    x, y, p, q = points(n, d), points(m, d, seed=1) + 1, masses(n), masses(m, seed=1)
    exact = optimal_transport(ground_cost(x, y), p, q).cost
    everything = torch.cat([x, y])
    earned = []
    for seed in range(1000):
        values = points(n + m, seed=seed)
        values = values / greatest_slope(values, everything)
        earned.append(dual_value(values[:n], values[n:], p, q))
    assert max(earned) <= exact + 1e-12
    # ... and for every plan, not the cheapest alone
    assert max(earned) <= plan_cost(torch.outer(p, q), ground_cost(x, y))


@pytest.mark.parametrize(("n", "m", "d"), [(6, 6, 2), (5, 8, 3), (12, 12, 1)])
def test_strong_duality_the_prices_earn_the_cost(n, m, d):
    x, y, p, q = points(n, d), points(m, d, seed=1) + 1, masses(n), masses(m, seed=1)
    cost = ground_cost(x, y)
    found = optimal_transport(cost, p, q)
    slack = cost - found.source_prices[:, None] - found.target_prices[None]
    assert slack.min() > -1e-9
    assert slack[found.plan > 1e-9].abs().max() < 1e-9  # no earth goes where the prices do not pay for it
    torch.testing.assert_close((p * found.source_prices).sum() + (q * found.target_prices).sum(), found.cost)


@pytest.mark.parametrize("d", [1, 2])
def test_the_potential_has_slope_one_and_attains_the_supremum(d):
    x, y = points(7, d), points(7, d, seed=1) + 1
    found = optimal_transport(ground_cost(x, y))
    f_x, f_y = (lipschitz_potential(z, y, found.target_prices) for z in (x, y))
    torch.testing.assert_close(dual_value(f_x, f_y), found.cost)
    elsewhere = points(200, d, seed=2) * 3
    values = lipschitz_potential(elsewhere, y, found.target_prices)
    assert greatest_slope(values, elsewhere) <= 1 + 1e-9


def test_along_the_plan_the_potential_falls_by_the_distance():
    """Gulrajani et al. (2017), proposition 1, at the ends: f(x) − f(y) = ‖x − y‖ for every pair that is coupled."""
    x, y = points(8, 2), points(8, 2, seed=1) + 2
    cost = ground_cost(x, y)
    found = optimal_transport(cost)
    f_x, f_y = (lipschitz_potential(z, y, found.target_prices) for z in (x, y))
    coupled = found.plan > 1e-9
    torch.testing.assert_close((f_x[:, None] - f_y[None])[coupled], cost[coupled])


def test_a_slope_between_equal_points_is_infinite_unless_the_values_agree():
    same = torch.zeros(2, 1)
    assert greatest_slope(torch.tensor([0.0, 1.0]), same) == math.inf
    assert greatest_slope(torch.tensor([2.0, 2.0]), same) == 0


def test_what_cannot_be_transported_is_refused():
    cost = torch.ones(2, 2)
    with pytest.raises(UsageError, match="same total mass"):
        optimal_transport(cost, torch.tensor([1.0, 1.0]))
    with pytest.raises(UsageError, match="none negative"):
        optimal_transport(cost, torch.tensor([1.5, -0.5]))
    with pytest.raises(UsageError, match="equal numbers"):
        wasserstein_points(torch.ones(2, 1), torch.ones(3, 1))


# parallel lines


@pytest.mark.parametrize("theta", [-1.5, 0.3])
def test_parallel_lines_against_exact_transport_and_exact_divergences(theta):
    height = (torch.arange(8).double() + 0.5) / 8
    left = torch.stack([torch.zeros(8).double(), height], 1)
    right = left + torch.tensor([theta, 0.0])
    said = parallel_lines(theta)
    assert optimal_transport(ground_cost(left, right)).cost.item() == pytest.approx(said.w1.item())
    # the same two laws as probabilities of 16 outcomes, eight for each
    log_p = torch.cat([torch.full((8,), -math.log(8)), torch.full((8,), -math.inf)]).double()
    log_q = log_p.flip(0)
    assert divergences.js(log_p, log_q).item() == pytest.approx(said.js.item()) == pytest.approx(math.log(2))
    assert divergences.kl(log_p, log_q).item() == said.kl.item() == math.inf
    assert divergences.total_variation(log_p, log_q).item() == pytest.approx(said.total_variation.item())


def test_parallel_lines_have_the_stated_slopes():
    theta = torch.tensor([-2.0, -0.1, 0.0, 0.1, 2.0], dtype=torch.float64)
    found, h = parallel_lines(theta), 1e-3
    ahead, behind = parallel_lines(theta + h), parallel_lines(theta - h)
    away = theta != 0
    for name in ("w1", "js"):
        slope = (getattr(ahead, name) - getattr(behind, name)) / (2 * h)
        torch.testing.assert_close(slope[away], getattr(found, f"{name}_slope")[away])
        assert getattr(found, f"{name}_slope")[~away].isnan().all()
    assert (found.w1[2], found.js[2], found.kl[2]) == (0, 0, 0)
