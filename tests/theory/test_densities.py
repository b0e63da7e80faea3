"""Gaussian mixtures: density, distribution function, score and samples agree with each other."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture, gaussian, grid, mixture_1d, ring
from course_lib.theory.quadrature import grid_1d, grid_2d


def random_mixture(seed: int, dim: int = 2, modes: int = 4) -> GaussianMixture:
    draw = seeds.Draw(seed)
    return GaussianMixture(
        means=2 * draw.normal(modes, dim, purpose="means"),
        std=0.4 + draw.uniform(modes, purpose="std").abs(),
        weights=torch.softmax(draw.normal(modes, purpose="weights"), 0),
    )


def test_one_dimensional_density_integrates_to_one():
    line = grid_1d(-12, 12, 2001)
    assert line.integrate(mixture_1d().log_prob(line.points).exp()).item() == pytest.approx(1, abs=1e-10)


def test_two_dimensional_density_integrates_to_one():
    plane = grid_2d(-12, 12, 401)
    assert plane.integrate(random_mixture(3).log_prob(plane.points).exp()).item() == pytest.approx(
        1, abs=1e-8
    )


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_log_prob_agrees_with_torch_distributions(dim):
    p = random_mixture(5, dim)
    x = 3 * seeds.Draw(9).normal(50, dim, purpose="x").double()
    reference = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(p.weights),
        torch.distributions.Independent(
            torch.distributions.Normal(p.means, p.std[:, None].expand(-1, dim)), 1
        ),
    )
    torch.testing.assert_close(p.log_prob(x), reference.log_prob(x))


def test_log_prob_stays_finite_where_the_density_underflows():
    far = gaussian(0.0, 0.02).log_prob(torch.tensor([100.0]))
    assert torch.isfinite(far).all()
    assert far.item() == pytest.approx(-0.5 * (100 / 0.02) ** 2 - math.log(0.02 * math.sqrt(2 * math.pi)))


def test_cdf_is_the_integral_of_the_density():
    p, line = mixture_1d(), grid_1d(-12, 12, 4001)
    density = p.log_prob(line.points).exp()
    by_sum = torch.cumulative_trapezoid(density, line.points)
    torch.testing.assert_close(p.cdf(line.points)[1:], by_sum, rtol=0, atol=1e-5)


def test_cdf_needs_one_dimension():
    with pytest.raises(UsageError, match="1-D"):
        ring().cdf(torch.zeros(3, 2))


def test_score_is_the_gradient_of_log_prob():
    p = random_mixture(7)
    x = (3 * seeds.Draw(1).normal(40, 2, purpose="x").double()).requires_grad_()
    (gradient,) = torch.autograd.grad(p.log_prob(x).sum(), x)
    torch.testing.assert_close(p.score(x.detach()), gradient)


def test_log_prob_is_differentiable_in_the_parameters():
    mean, std = torch.tensor(0.5, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    gradients = torch.autograd.grad(gaussian(mean, std).log_prob(torch.tensor([1.5])).sum(), (mean, std))
    assert gradients[0].item() == pytest.approx(1 / 4)
    assert gradients[1].item() == pytest.approx(1 / 8 - 1 / 2)


def test_samples_have_the_moments_of_the_mixture():
    p = random_mixture(11)
    x = p.sample(100_000, seeds.generator(0, purpose="sample"))
    assert x.shape == (100_000, 2) and x.dtype == torch.float32
    mean = p.weights @ p.means
    variance = p.weights @ (p.means**2 + p.std[:, None] ** 2) - mean**2
    torch.testing.assert_close(x.double().mean(0), mean, rtol=0, atol=5 * math.sqrt(variance.max() / 100_000))
    torch.testing.assert_close(x.double().var(0), variance, rtol=0.03, atol=0)


def test_samples_follow_the_cdf():
    p = mixture_1d()
    u = p.cdf(p.sample(20_000, seeds.generator(0, purpose="u")).double()).sort().values
    gap = (u - torch.arange(1, 20_001) / 20_000).abs().max()  # Kolmogorov-Smirnov statistic
    assert gap < 1.63 / math.sqrt(20_000)  # its 99% quantile


def test_labels_name_the_mode_of_each_sample():
    p = ring()
    x, labels = p.sample_labelled(2000, seeds.generator(0, purpose="labels"))
    assert labels.dtype == torch.int64
    assert torch.equal(torch.cdist(x.double(), p.means).argmin(1), labels)
    frequencies = torch.bincount(labels, minlength=8) / 2000
    torch.testing.assert_close(frequencies, torch.full((8,), 1 / 8), rtol=0, atol=0.04)


def test_same_generator_seed_same_samples():
    p = grid()
    first, second = (p.sample(100, seeds.generator(4, purpose="x")) for _ in range(2))
    other = p.sample(100, seeds.generator(5, purpose="x"))
    assert torch.equal(first, second) and not torch.equal(first, other)


def test_ring_and_grid_have_the_published_geometry():
    assert ring().means.shape == (8, 2)
    torch.testing.assert_close(ring().means.norm(dim=1), torch.full((8,), 2.0, dtype=torch.float64))
    assert grid().means.shape == (25, 2)
    assert grid().means.min() == -4 and grid().means.max() == 4
    assert len({tuple(mean.tolist()) for mean in grid().means}) == 25


def test_a_line_of_points_may_be_flat_or_a_column():
    p, x = mixture_1d(), torch.linspace(-1, 1, 5)
    assert torch.equal(p.log_prob(x), p.log_prob(x[:, None]))
    assert p.log_prob(x).shape == (5,)


@pytest.mark.parametrize(
    "means, std, weights",
    [
        (torch.zeros(2), torch.ones(2), torch.ones(2) / 2),
        (torch.zeros(2, 1), torch.ones(3), torch.ones(2) / 2),
        (torch.zeros(2, 1), torch.tensor([1.0, 0.0]), torch.ones(2) / 2),
        (torch.zeros(2, 1), torch.ones(2), torch.tensor([0.5, 0.6])),
        (torch.zeros(2, 1), torch.ones(2), torch.tensor([1.5, -0.5])),
    ],
)
def test_what_is_no_mixture_is_refused(means, std, weights):
    with pytest.raises(UsageError):
        GaussianMixture(means, std, weights)


def test_points_of_the_wrong_dimension_are_refused():
    with pytest.raises(UsageError, match="2"):
        ring().log_prob(torch.zeros(4, 3))
