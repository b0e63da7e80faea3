"""Divergences against closed forms, their inequalities, their edge cases, and the value of the GAN game."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture, gaussian, mixture_1d, ring
from course_lib.theory.divergences import (
    DIVERGENCES,
    js,
    kl,
    monte_carlo,
    neyman,
    optimal_discriminator,
    pearson,
    pointwise_maximiser,
    pointwise_value,
    reverse_kl,
    squared_hellinger,
    total_variation,
    value,
    value_monte_carlo,
    wasserstein_1d,
    wasserstein_1d_cdf,
)
from course_lib.theory.quadrature import grid_1d, grid_2d

LINE = grid_1d(-20, 20, 4001)


def on_line(p):
    return p.log_prob(LINE.points)


def random_line_mixture(seed: int) -> GaussianMixture:
    draw = seeds.Draw(seed)
    return mixture_1d(
        2 * draw.normal(3, purpose="means"),
        0.3 + draw.uniform(3, purpose="std").abs(),
        torch.softmax(draw.normal(3, purpose="weights"), 0),
    )


def random_masses(count: int, outcomes: int, purpose: str):
    """Log-probabilities of `count` distributions on `outcomes` points, some of them nearly degenerate."""
    logits = 3 * seeds.Draw(0).normal(count, outcomes, purpose=purpose).double()
    return torch.log_softmax(logits, -1)


# closed forms


def test_kl_of_gaussians_has_its_closed_form():
    p, q = gaussian(0.5, 1.2), gaussian(-1.0, 0.8)
    expected = math.log(0.8 / 1.2) + (1.2**2 + 1.5**2) / (2 * 0.8**2) - 0.5
    assert kl(on_line(p), on_line(q), LINE).item() == pytest.approx(expected, abs=1e-10)
    assert reverse_kl(on_line(q), on_line(p), LINE).item() == pytest.approx(expected, abs=1e-10)


def test_other_divergences_of_shifted_gaussians_have_their_closed_forms():
    shift = 0.7
    p, q = on_line(gaussian(0.0, 1.0)), on_line(gaussian(shift, 1.0))
    assert total_variation(p, q, LINE).item() == pytest.approx(math.erf(shift / 2 / math.sqrt(2)), abs=1e-5)
    assert squared_hellinger(p, q, LINE).item() == pytest.approx(2 - 2 * math.exp(-(shift**2) / 8), abs=1e-10)
    assert pearson(p, q, LINE).item() == pytest.approx(math.exp(shift**2) - 1, abs=1e-9)
    assert neyman(p, q, LINE).item() == pytest.approx(math.exp(shift**2) - 1, abs=1e-9)


def test_pearson_counts_what_lies_where_both_densities_underflow():
    """∫ p²/q of two unit Gaussians 25 apart has its mass at −25, where q = e^−1250 is below any float."""
    wide = grid_1d(-60, 60, 6001)
    p, q = (gaussian(mean, 1.0).log_prob(wide.points) for mean in (0.0, 25.0))
    assert pearson(p, q, wide).log().item() == pytest.approx(625, abs=1e-9)
    assert neyman(p, q, wide).log().item() == pytest.approx(625, abs=1e-9)


def test_discrete_distributions_need_no_grid():
    p, q = torch.tensor([0.5, 0.5]).double(), torch.tensor([0.9, 0.1]).double()
    expected = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    assert kl(p.log(), q.log()).item() == pytest.approx(expected)
    assert pearson(p.log(), q.log()).item() == pytest.approx(0.16 / 0.9 + 0.16 / 0.1)
    assert neyman(p.log(), q.log()).item() == pytest.approx(0.16 / 0.5 + 0.16 / 0.5)


# properties


@pytest.mark.parametrize("name", DIVERGENCES)
def test_divergences_are_zero_between_equals_and_positive_otherwise(name):
    p, q = random_masses(200, 5, "p"), random_masses(200, 5, "q")
    assert DIVERGENCES[name](p, p).abs().max() < 1e-12
    assert (DIVERGENCES[name](p, q) > 1e-6).all()


def test_js_is_bounded_by_log_two():
    p, q = random_masses(2000, 4, "p"), random_masses(2000, 4, "q")
    assert (js(p, q) <= math.log(2)).all()
    apart = js(on_line(gaussian(-8.0, 0.1)), on_line(gaussian(8.0, 0.1)), LINE)
    assert apart.item() == pytest.approx(math.log(2), abs=1e-10)


def test_square_root_of_js_is_a_metric():
    p, q, r = (random_masses(20_000, 3, name) for name in "pqr")
    assert (js(p, r).sqrt() <= js(p, q).sqrt() + js(q, r).sqrt() + 1e-12).all()
    torch.testing.assert_close(js(p, q), js(q, p))


def test_js_is_no_metric_by_a_counterexample_found_numerically():
    p, q, r = (random_masses(20_000, 3, name) for name in "pqr")
    excess = js(p, r) - js(p, q) - js(q, r)
    assert excess.max() > 0.05  # the triangle inequality fails, and not by rounding


def test_bounds_between_divergences_hold():
    p, q = random_masses(5000, 4, "p"), random_masses(5000, 4, "q")
    tv, hellinger = total_variation(p, q), squared_hellinger(p, q)
    assert (tv <= (kl(p, q) / 2).sqrt() + 1e-12).all()  # Pinsker
    assert (hellinger / 2 <= tv + 1e-12).all() and (tv <= hellinger.sqrt() + 1e-12).all()  # Le Cam
    assert (kl(p, q) <= torch.log1p(pearson(p, q)) + 1e-12).all()
    assert (js(p, q) <= math.log(2) * tv + 1e-12).all()


# zeros


def test_kl_is_infinite_where_p_has_mass_and_q_has_none():
    p, q = torch.tensor([0.5, 0.5, 0.0]).double().log(), torch.tensor([1.0, 0.0, 0.0]).double().log()
    assert kl(p, q).item() == math.inf and pearson(p, q).item() == math.inf
    assert kl(q, p).item() == pytest.approx(math.log(2)) and neyman(p, q).item() == pytest.approx(1.0)
    assert reverse_kl(p, q).item() == pytest.approx(math.log(2))


def test_disjoint_supports_give_the_extreme_values_and_no_nan():
    p, q = torch.tensor([1.0, 0.0, 0.0]).double().log(), torch.tensor([0.0, 1.0, 0.0]).double().log()
    assert js(p, q).item() == pytest.approx(math.log(2))
    assert total_variation(p, q).item() == pytest.approx(1)
    assert squared_hellinger(p, q).item() == pytest.approx(2)
    assert (
        kl(p, q).item() == reverse_kl(p, q).item() == pearson(p, q).item() == neyman(p, q).item() == math.inf
    )


def test_gradients_stay_finite_beside_zeros():
    logits = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64, requires_grad=True)
    q = torch.log_softmax(logits, 0)
    p = torch.tensor([0.6, 0.4, 0.0]).double().log()
    for divergence in (kl, js, total_variation, squared_hellinger, pearson):
        (gradient,) = torch.autograd.grad(divergence(p, q), logits, retain_graph=True)
        assert torch.isfinite(gradient).all() and gradient.abs().max() > 0, divergence


def test_gradient_of_kl_reaches_p_beside_an_outcome_that_p_excludes():
    free = torch.tensor([0.3, -0.2], dtype=torch.float64, requires_grad=True)
    p = torch.log_softmax(torch.cat([free, torch.tensor([-math.inf]).double()]), 0)
    q = torch.tensor([0.2, 0.3, 0.5]).double().log()
    (gradient,) = torch.autograd.grad(kl(p, q), free)
    mass, ratio = p[:2].exp().detach(), (p - q)[:2].detach()
    torch.testing.assert_close(gradient, mass * (ratio - mass @ ratio))


# Monte Carlo


@pytest.mark.parametrize("name", DIVERGENCES)
def test_monte_carlo_agrees_with_the_grid(name):
    p, q = mixture_1d([-0.5, 0.7], [1.0, 1.0], [0.4, 0.6]), gaussian(0.4, 1.1)
    exact = DIVERGENCES[name](on_line(p), on_line(q), LINE).item()
    estimate = monte_carlo(name, p, q, 200_000, seeds.generator(0, purpose=name))
    assert abs(estimate.value - exact) < 4 * estimate.standard_error
    assert estimate.standard_error < 0.05 * exact


def test_standard_error_is_the_spread_of_repeated_estimates():
    p, q = gaussian(0.0, 1.0), gaussian(1.0, 1.2)
    runs = [monte_carlo("js", p, q, 500, seeds.generator(i, purpose="runs")) for i in range(300)]
    spread = torch.tensor([run.value for run in runs]).std().item()
    claimed = sum(run.standard_error for run in runs) / len(runs)
    assert claimed == pytest.approx(spread, rel=0.15)


def test_unknown_divergence_is_refused_by_name():
    with pytest.raises(UsageError, match="kl"):
        monte_carlo("kI", gaussian(0.0, 1.0), gaussian(0.0, 1.0), 10)


# Wasserstein


def test_wasserstein_by_sorting_and_by_cdf_agree():
    p, q = mixture_1d(), gaussian(0.5, 1.0)
    exact = wasserstein_1d_cdf(p.cdf(LINE.points), q.cdf(LINE.points), LINE).item()
    x, y = (
        p.sample(100_000, seeds.generator(0, purpose="x")),
        q.sample(100_000, seeds.generator(0, purpose="y")),
    )
    assert wasserstein_1d(x, y).item() == pytest.approx(exact, abs=0.02)


def test_wasserstein_of_a_shift_is_the_shift_where_js_is_flat():
    x = seeds.Draw(0).normal(1000, purpose="x")
    assert wasserstein_1d(x, x + 7).item() == pytest.approx(7, rel=1e-5)


def test_a_cheapest_transport_on_the_line_may_cross():
    x, y = torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0])
    # 0 to 3 and 1 to 2, or 0 to 2 and 1 to 3
    assert (x - y.flip(0)).abs().mean() == wasserstein_1d(x, y) == 2
    far = [
        js(on_line(gaussian(0.0, 0.1)), on_line(gaussian(shift, 0.1)), LINE).item() for shift in (5.0, 10.0)
    ]
    assert far[0] == pytest.approx(far[1], abs=1e-12)
    at_zero, *shifted = (gaussian(mean, 0.1).cdf(LINE.points) for mean in (0.0, 5.0, 10.0))
    assert [wasserstein_1d_cdf(at_zero, cdf, LINE).item() for cdf in shifted] == pytest.approx([5, 10])


def test_wasserstein_of_samples_of_different_sizes_agrees_with_scipy():
    from scipy.stats import wasserstein_distance

    x, y = seeds.Draw(0).normal(37, purpose="x"), seeds.Draw(0).uniform(53, purpose="y")
    assert wasserstein_1d(x, y).item() == pytest.approx(wasserstein_distance(x.numpy(), y.numpy()))


# the discriminator and the value of the game


def test_pointwise_value_is_maximised_at_a_over_a_plus_b():
    u = torch.linspace(0, 1, 10_001, dtype=torch.float64)
    pairs = torch.rand(100, 2, generator=seeds.generator(0, purpose="ab"), dtype=torch.float64).tolist()
    for a, b in [*pairs, (1.0, 0.0), (0.0, 1.0), (3.0, 3.0)]:
        best = u[pointwise_value(a, b, u).argmax()].item()
        assert best == pytest.approx(pointwise_maximiser(a, b).item(), abs=1e-4)


def test_pointwise_maximiser_reaches_the_boundary_and_refuses_what_the_theorem_excludes():
    assert pointwise_maximiser(2.0, 0.0) == 1 and pointwise_maximiser(0.0, 2.0) == 0
    assert pointwise_value(2.0, 0.0, 1.0) == 0 and pointwise_value(2.0, 1.0, 1.0) == -math.inf
    for a, b in [(0.0, 0.0), (-1.0, 2.0), (1.0, -0.1)]:
        with pytest.raises(UsageError):
            pointwise_maximiser(a, b)


def test_optimal_discriminator_is_the_share_of_data():
    p, q = on_line(mixture_1d()), on_line(gaussian(0.0, 2.0))
    share = p.exp() / (p.exp() + q.exp())
    torch.testing.assert_close(torch.sigmoid(optimal_discriminator(p, q)), share, equal_nan=False)


def test_optimal_discriminator_is_undecided_where_neither_has_mass():
    logits = optimal_discriminator(*(torch.tensor(x).log() for x in ([1.0, 0, 0], [0, 1.0, 0])))
    assert logits.tolist() == [math.inf, -math.inf, 0]


@pytest.mark.parametrize("seed", range(12))
def test_value_at_optimal_discriminator_is_two_js_minus_log_four(seed):
    p, q = on_line(random_line_mixture(seed)), on_line(random_line_mixture(100 + seed))
    best = value(p, q, optimal_discriminator(p, q), LINE)
    assert best.item() == pytest.approx(2 * js(p, q, LINE).item() - math.log(4), abs=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_discriminator_has_a_higher_value(seed):
    p, q = on_line(random_line_mixture(seed)), on_line(random_line_mixture(100 + seed))
    best = optimal_discriminator(p, q)
    for scale in (0.01, 1.0):
        noise = scale * seeds.Draw(seed).normal(len(best), purpose="noise")
        assert value(p, q, best + noise, LINE) < value(p, q, best, LINE)


def test_value_is_minus_log_four_only_when_generator_is_data():
    p = on_line(mixture_1d())
    assert value(p, p, optimal_discriminator(p, p), LINE).item() == pytest.approx(-math.log(4))
    q = on_line(gaussian(0.0, 2.0))
    assert value(p, q, optimal_discriminator(p, q), LINE) > -math.log(4) + 0.01


def test_value_for_disjoint_supports_is_zero():
    p, q = torch.tensor([1.0, 0.0]).log(), torch.tensor([0.0, 1.0]).log()
    assert value(p, q, optimal_discriminator(p, q)).item() == 0
    assert value(p, q, torch.tensor([0.0, math.inf])).item() == -math.inf  # certain, and wrong


def test_value_by_monte_carlo_in_the_plane():
    p, q = ring(std=0.3), gaussian([0.0, 0.0], 1.5)
    plane = grid_2d(-9, 9, 361)
    exact = 2 * js(p.log_prob(plane.points), q.log_prob(plane.points), plane).item() - math.log(4)
    best = value_monte_carlo(
        p,
        q,
        lambda x: optimal_discriminator(p.log_prob(x), q.log_prob(x)),
        100_000,
        seeds.generator(0, purpose="v"),
    )
    assert abs(best.value - exact) < 4 * best.standard_error < 0.05
