"""The evidence lower bound against a model whose evidence is known, and its parts against sampling."""

import itertools
import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.objectives import elbo
from course_lib.objectives.reconstruction import RECONSTRUCTION

DIM, LATENT, NOISE = 12, 3, 0.7


def linear_gaussian():
    """x = W z + b + noise·ε with orthogonal columns of W, so that the posterior's covariance is diagonal."""
    g = torch.Generator().manual_seed(0)
    directions = torch.linalg.qr(torch.randn(DIM, LATENT, generator=g, dtype=torch.float64)).Q
    w = directions * torch.tensor([2.0, 0.5, 1.3], dtype=torch.float64)
    b = torch.randn(DIM, generator=g, dtype=torch.float64)
    x = torch.randn(5, DIM, generator=g, dtype=torch.float64) * 1.5
    variance = 1 / (1 + w.square().sum(0) / NOISE**2)
    mean = (x - b) @ w / NOISE**2 * variance
    covariance = w @ w.T + NOISE**2 * torch.eye(DIM, dtype=torch.float64)
    evidence = torch.distributions.MultivariateNormal(b, covariance).log_prob(x)
    return w, b, x, mean, variance.log().expand_as(mean), evidence


def bound(w, b, x, mean, log_variance):
    """The bound with its expectation over z exact: ±1 along each axis has the moments of N(0, 1) up to the third,
    and the error of orthogonal directions is a sum of squares of one coordinate each."""
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=LATENT)), dtype=torch.float64)
    images = x[:, None, :, None]
    costs = [
        elbo.negative_log_likelihood(
            (elbo.reparameterised(mean, log_variance, s.expand_as(mean)) @ w.T + b)[:, None, :, None],
            images,
            NOISE,
        )
        for s in signs
    ]
    return -torch.stack(costs).mean(0) - elbo.gaussian_kl(mean, log_variance)


def test_at_the_posterior_the_bound_is_the_evidence():
    w, b, x, mean, log_variance, evidence = linear_gaussian()
    torch.testing.assert_close(bound(w, b, x, mean, log_variance), evidence, rtol=1e-12, atol=1e-12)


def test_elsewhere_it_is_lower_by_the_divergence_from_the_posterior():
    w, b, x, mean, log_variance, evidence = linear_gaussian()
    other_mean, other_log = mean + 0.3, log_variance - 0.8
    q = torch.distributions.Normal(other_mean, (other_log / 2).exp())
    p = torch.distributions.Normal(mean, (log_variance / 2).exp())
    gap = torch.distributions.kl_divergence(q, p).sum(1)
    assert (gap > 0.3).all()
    torch.testing.assert_close(evidence - bound(w, b, x, other_mean, other_log), gap, rtol=1e-12, atol=1e-12)


def test_the_divergence_from_the_prior_is_that_of_samples():
    g = torch.Generator().manual_seed(1)
    mean = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.1, 0.3]], dtype=torch.float64)
    log_variance = torch.tensor([[0.3, -2.0, 0.0], [-0.5, 0.7, -1.0]], dtype=torch.float64)
    n = 200_000
    z = elbo.reparameterised(mean, log_variance, torch.randn(n, 2, 3, generator=g, dtype=torch.float64))
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    ratio = (q.log_prob(z) - torch.distributions.Normal(0.0, 1.0).log_prob(z)).sum(2)
    error = ratio.std(0) / math.sqrt(n)
    assert ((ratio.mean(0) - elbo.gaussian_kl(mean, log_variance)).abs() < 5 * error).all()
    assert (error < 0.01).all()
    assert elbo.gaussian_kl(torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0


@pytest.mark.parametrize("loss", elbo.DEGREES)
def test_the_best_noise_makes_the_images_likeliest(loss):
    g = torch.Generator().manual_seed(2)
    made, images = torch.randn(2, 6, 2, 16, 16, generator=g, dtype=torch.float64) * 0.3
    best = elbo.best_noise(made, images, loss)

    def cost(noise):
        return elbo.negative_log_likelihood(made, images, noise, loss).mean()

    least = cost(best)
    assert all(cost(best * factor) > least for factor in (0.5, 0.99, 1.01, 2.0))
    noise = best.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(cost(noise), noise)
    assert abs(slope.item()) < 1e-9 * images[0].numel()


def test_the_gaussian_is_normalised_and_a_norm_needs_its_dimension():
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    density = (
        -elbo.negative_log_likelihood(torch.zeros(4001, 1, 1, 1).double(), x[:, None, None, None], 0.6)
    ).exp()
    assert torch.trapezoid(density, x).item() == pytest.approx(1, abs=1e-9)
    # twice the noise scales the same density: at twice the difference the same loss, and D log 2 more
    difference = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    zeros = torch.zeros_like(difference)
    one = elbo.negative_log_likelihood(zeros, difference, 0.3, "lap1")
    two = elbo.negative_log_likelihood(zeros, 2 * difference, 0.6, "lap1")
    torch.testing.assert_close(two - one, torch.full_like(one, 256 * math.log(2)))


def test_degrees_are_those_of_the_losses():
    difference = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    zeros = torch.zeros_like(difference)
    for name in ("l2", "lap1"):
        loss = RECONSTRUCTION[name]
        torch.testing.assert_close(
            loss(3 * difference, zeros), 3 ** elbo.DEGREES[name] * loss(difference, zeros)
        )


def test_another_loss_is_refused():
    with pytest.raises(UsageError, match="l2, lap1"):
        elbo.negative_log_likelihood(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8), 1.0, "perceptual")
