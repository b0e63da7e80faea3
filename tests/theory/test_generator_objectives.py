"""What each generator descends when the discriminator is frozen at its optimum."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.densities import gaussian, mixture_1d
from course_lib.theory.divergences import js, kl, optimal_discriminator, value
from course_lib.theory.generator_objectives import (
    GAMES,
    expected_under,
    frozen_objective,
    generator_loss,
    generator_loss_slope,
    generator_objective,
    matched_divergence,
    non_saturating_terms,
    pathwise_gradient,
)
from course_lib.theory.quadrature import grid_1d

LINE = grid_1d(-25, 25, 5001)
DATA = mixture_1d([-1.5, 2.0], [0.9, 1.1], [0.35, 0.65])
LOG_DATA = DATA.log_prob(LINE.points)
STARTS = [(0.0, 1.5), (1.5, 2.5), (-2.0, 1.2)]  # (mean, std) of the generator


def log_generator(mean, std):
    return gaussian(mean, std).log_prob(LINE.points)


def gradient_at(function, start):
    parameters = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in start]
    return torch.stack(torch.autograd.grad(function(log_generator(*parameters)), parameters))


def difference_at(function, start, step=1e-4):
    def moved(index, by):
        return function(log_generator(*(v + by * (i == index) for i, v in enumerate(start))))

    return torch.stack([(moved(i, step) - moved(i, -step)) / (2 * step) for i in range(2)])


def frozen_gradient(game, start):
    return gradient_at(lambda log_g: frozen_objective(game, LOG_DATA, log_g, LINE), start)


# the three losses


def test_generator_losses_are_their_formulas():
    logits = torch.linspace(-5, 5, 21, dtype=torch.float64)
    d = torch.sigmoid(logits)
    torch.testing.assert_close(generator_loss("minimax", logits), torch.log(1 - d))
    torch.testing.assert_close(generator_loss("non-saturating", logits), -torch.log(d))
    torch.testing.assert_close(generator_loss("maximum-likelihood", logits), -d / (1 - d))


@pytest.mark.parametrize("game", GAMES)
def test_slope_is_the_derivative_of_the_loss(game):
    logits = torch.linspace(-5, 5, 21, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(generator_loss(game, logits).sum(), logits)
    torch.testing.assert_close(generator_loss_slope(game, logits.detach()), gradient)


def test_minimax_saturates_and_non_saturating_does_not_where_the_discriminator_wins():
    certain = torch.tensor(-20.0, dtype=torch.float64)
    assert generator_loss_slope("minimax", certain).abs() < 1e-8
    assert generator_loss_slope("non-saturating", certain).abs() > 1 - 1e-8
    assert generator_loss_slope("maximum-likelihood", certain).abs() < 1e-8
    for game in GAMES:  # all three push the logit up everywhere: the same direction, other weights
        assert (generator_loss_slope(game, torch.linspace(-9, 9, 50)) < 0).all()


def test_losses_stay_finite_at_extreme_logits():
    for game in ("minimax", "non-saturating"):
        assert torch.isfinite(generator_loss(game, torch.tensor([-1e4, 1e4]))).all()


def test_unknown_game_is_refused_by_name():
    with pytest.raises(UsageError, match="non-saturating"):
        generator_loss("nonsaturating", torch.zeros(1))


# values at the optimal discriminator


@pytest.mark.parametrize("start", STARTS)
def test_sum_of_non_saturating_and_minimax_is_kl_from_generator_to_data(start):
    log_g = log_generator(*start)
    logits = optimal_discriminator(LOG_DATA, log_g)
    total = sum(generator_objective(game, log_g, logits, LINE) for game in ("non-saturating", "minimax"))
    assert total.item() == pytest.approx(kl(log_g, LOG_DATA, LINE).item(), abs=1e-10)


@pytest.mark.parametrize("start", STARTS)
def test_non_saturating_value_is_kl_minus_two_js_plus_a_data_term_plus_log_four(start):
    log_g = log_generator(*start)
    terms = non_saturating_terms(LOG_DATA, log_g, LINE)
    direct = generator_objective("non-saturating", log_g, optimal_discriminator(LOG_DATA, log_g), LINE)
    assert sum(terms.values()).item() == pytest.approx(direct.item(), abs=1e-10)
    assert terms["kl"].item() == pytest.approx(kl(log_g, LOG_DATA, LINE).item())
    assert terms["minus_two_js"].item() == pytest.approx(-2 * js(log_g, LOG_DATA, LINE).item())
    assert terms["constant"].item() == pytest.approx(math.log(4))


def test_maximum_likelihood_value_is_minus_one_at_every_generator_with_full_support():
    for start in STARTS:  # E_g[p/g] = 1: the value says nothing, only the gradient does
        objective = frozen_objective("maximum-likelihood", LOG_DATA, log_generator(*start), LINE)
        assert objective.item() == pytest.approx(-1)


def test_expectation_ignores_points_without_mass():
    log_g = torch.tensor([0.0, -math.inf])
    assert expected_under(log_g, torch.tensor([2.0, math.inf])).item() == 2
    for game in GAMES:
        assert torch.isfinite(generator_objective(game, log_g, torch.tensor([0.5, math.inf])))


# gradients with the discriminator frozen at its optimum


@pytest.mark.parametrize("start", STARTS)
def test_non_saturating_gradient_is_that_of_kl_minus_two_js(start):
    expected = gradient_at(lambda g: kl(g, LOG_DATA, LINE) - 2 * js(g, LOG_DATA, LINE), start)
    torch.testing.assert_close(frozen_gradient("non-saturating", start), expected, rtol=1e-8, atol=1e-10)
    by_differences = difference_at(lambda g: kl(g, LOG_DATA, LINE) - 2 * js(g, LOG_DATA, LINE), start)
    torch.testing.assert_close(frozen_gradient("non-saturating", start), by_differences, rtol=1e-5, atol=1e-7)
    assert expected.abs().max() > 0.01


@pytest.mark.parametrize("start", STARTS)
def test_minimax_gradient_is_that_of_two_js(start):
    expected = gradient_at(lambda g: 2 * js(LOG_DATA, g, LINE), start)
    torch.testing.assert_close(frozen_gradient("minimax", start), expected, rtol=1e-8, atol=1e-10)
    by_differences = difference_at(lambda g: 2 * js(LOG_DATA, g, LINE), start)
    torch.testing.assert_close(frozen_gradient("minimax", start), by_differences, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("start", STARTS)
def test_maximum_likelihood_gradient_is_that_of_kl_from_data_to_generator(start):
    expected = gradient_at(lambda g: kl(LOG_DATA, g, LINE), start)
    torch.testing.assert_close(frozen_gradient("maximum-likelihood", start), expected, rtol=1e-8, atol=1e-10)
    by_differences = difference_at(lambda g: kl(LOG_DATA, g, LINE), start)
    found = frozen_gradient("maximum-likelihood", start)
    torch.testing.assert_close(found, by_differences, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("start", STARTS)
def test_matched_divergence_has_the_frozen_gradient(game, start):
    expected = gradient_at(lambda g: matched_divergence(game, LOG_DATA, g, LINE), start)
    torch.testing.assert_close(frozen_gradient(game, start), expected, rtol=1e-8, atol=1e-10)


def test_value_of_the_minimax_game_needs_no_freezing_by_the_envelope_theorem():
    start = STARTS[1]
    moving = gradient_at(lambda g: value(LOG_DATA, g, optimal_discriminator(LOG_DATA, g), LINE), start)
    torch.testing.assert_close(frozen_gradient("minimax", start), moving, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("start", STARTS)
def test_unfrozen_non_saturating_gradient_differs_by_the_data_term(start):
    def moving(log_g):
        return generator_objective("non-saturating", log_g, optimal_discriminator(LOG_DATA, log_g), LINE)

    def data_term(log_g):
        return non_saturating_terms(LOG_DATA, log_g, LINE)["data_term"]

    gap = gradient_at(moving, start) - frozen_gradient("non-saturating", start)
    torch.testing.assert_close(gap, gradient_at(data_term, start), rtol=1e-8, atol=1e-10)
    assert gap.abs().max() > 0.01  # so the identity of values is no statement on what the generator descends


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("start", [(0.0, 2.5), (1.5, 3.0)])
def test_pathwise_gradient_through_samples_agrees_with_the_grid(game, start):
    mean, std = pathwise_gradient(game, *start, DATA, 100_000, seeds.generator(0, purpose=game))
    exact = frozen_gradient(game, start)
    for estimate, target in zip((mean, std), exact, strict=True):
        assert abs(estimate.value - target.item()) < 4 * estimate.standard_error
        assert estimate.standard_error < 0.02


def test_a_generator_far_from_the_data_gets_no_minimax_gradient():
    near, far = (0.0, 1.0), (16.0, 1.0)
    assert frozen_gradient("minimax", far)[0].abs() < 1e-6 < frozen_gradient("minimax", near)[0].abs()
    assert frozen_gradient("non-saturating", far)[0].abs() > 1


@pytest.mark.parametrize("start", [*STARTS, (5.0, 0.5)])
def test_kl_minus_two_js_is_twice_the_kl_from_the_mixture(start):
    """The two opposed terms add up to a divergence: 2 KL(m‖p) with m = (p + g)/2, never negative."""
    log_g = log_generator(*start)
    log_mixture = torch.logaddexp(LOG_DATA, log_g) - math.log(2)
    total = matched_divergence("non-saturating", LOG_DATA, log_g, LINE)
    assert total.item() == pytest.approx(2 * kl(log_mixture, LOG_DATA, LINE).item(), abs=1e-10)
    assert total.item() > 0.01


def test_near_the_data_the_minimax_and_the_non_saturating_divergence_are_one():
    bump = (LINE.points - 1).tanh() / 2  # g = p (1 + ε h), renormalised
    for scale, tolerance in ((0.1, 0.1), (0.01, 0.01)):
        log_g = LOG_DATA + torch.log1p(scale * bump)
        log_g = log_g - LINE.integrate(log_g.exp()).log()
        minimax, other = (matched_divergence(g, LOG_DATA, log_g, LINE) for g in ("minimax", "non-saturating"))
        assert other.item() == pytest.approx(minimax.item(), rel=tolerance)
