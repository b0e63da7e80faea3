"""Scores of noised mixtures, Tweedie's identity, and the gradient of a divergence through two scores."""

import pytest
import torch

from course_lib.theory import scores
from course_lib.theory.densities import GaussianMixture, gaussian
from course_lib.theory.quadrature import grid_1d

MIXTURE = GaussianMixture(
    torch.tensor([[-1.0, 0.5], [2.0, -0.3], [0.2, 1.5]]),
    torch.tensor([0.3, 0.7, 0.1]),
    torch.tensor([0.2, 0.5, 0.3]),
)
X = torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2


@pytest.mark.parametrize("sigma", [0.01, 0.5, 3.0])
def test_the_score_is_the_slope_of_the_log_density(sigma):
    x = X.clone().requires_grad_(True)
    law = scores.noised(MIXTURE, sigma)
    (slope,) = torch.autograd.grad(law.log_prob(x).sum(), x)
    torch.testing.assert_close(law.score(X), slope)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 3.0])
def test_the_mean_of_the_posterior_gives_the_score_of_the_noised_law(sigma):
    """Tweedie: the posterior mean, computed from the components' posteriors, and the score know each other."""
    levels = torch.full((len(X),), sigma, dtype=torch.float64)
    found = scores.score_of_denoiser(scores.denoised(MIXTURE, X, levels), X, levels)
    torch.testing.assert_close(found, scores.noised(MIXTURE, sigma).score(X))
    assert not torch.allclose(found, MIXTURE.score(X)), "it is not the score of the clean law"


def test_the_denoiser_has_least_squared_error():
    draw = torch.Generator().manual_seed(1)
    clean = MIXTURE.sample(100_000, draw, dtype=torch.float64)
    sigma = torch.full((len(clean),), 0.8, dtype=torch.float64)
    x = clean + 0.8 * torch.randn(clean.shape, generator=draw, dtype=torch.float64)
    best = scores.denoised(MIXTURE, x, sigma)

    def error(guess):
        return (guess - clean).square().sum(1).mean()

    for other in (best + 0.1, 0.9 * best + 0.1 * x, x, 2 * best - x):
        assert error(other) > error(best)


def kl(mean, std, real_mean, real_std):
    """KL(N(mean, std²) ‖ N(real_mean, real_std²)) in closed form."""
    return (real_std / std).log() + (std**2 + (mean - real_mean) ** 2) / (2 * real_std**2) - 0.5


def through_scores(parameters, real, fake=None):
    """The gradient of the generator x = mean + std·z, by quadrature over z."""
    mean, std = parameters
    grid = grid_1d(-9, 9, 401)
    weights = grid.weights * gaussian(0.0, 1.0).log_prob(grid.points).exp()
    samples = mean + std * grid.points[:, None]
    own = gaussian(mean.detach(), std.detach())
    return scores.kl_gradient(samples, parameters, fake or own.score, real.score, weights)


@pytest.mark.parametrize(("mean", "std"), [(0.3, 1.7), (-2.0, 0.4), (1.0, 0.6)])
def test_two_scores_give_the_gradient_of_the_divergence(mean, std):
    parameters = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (mean, std)]
    real = gaussian(1.0, 0.6)
    mean, std = (torch.tensor(v, dtype=torch.float64) for v in (1.0, 0.6))
    exact = torch.autograd.grad(kl(*parameters, mean, std), parameters)
    torch.testing.assert_close(through_scores(parameters, real), exact)


def test_one_score_alone_or_the_other_sign_is_no_gradient_of_it():
    """At the data's own law the gradient is zero, and only the difference of both scores is."""
    parameters = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.6)]
    real = gaussian(1.0, 0.6)
    assert all(g.abs() < 1e-9 for g in through_scores(parameters, real))
    alone = through_scores(parameters, real, fake=lambda x: torch.zeros_like(x))
    assert alone[1] > 1, "without the fake score the samples shrink to the mode"
    away = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.0, 0.6)]
    assert through_scores(away, real)[0] < 0, "descent moves the mean up, towards the data"
    stale = through_scores(parameters, real, fake=gaussian(0.0, 0.6).score)
    assert stale[0].abs() > 1, "the score of an earlier student leads away from the answer"
