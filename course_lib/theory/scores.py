r"""Scores of noised data: of Gaussian mixtures in closed form, and the gradient of a divergence that two scores give.

$p_\sigma$ is the law of $x + \sigma n$ with $x \sim p$ and $n \sim \mathcal{N}(0, I)$. Of a mixture it is a mixture, so
its score and the best denoiser are exact. Everything is float64.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.theory.densities import GaussianMixture

Score = Callable[[Tensor], Tensor]  # (n, d) -> (n, d), the gradient of a log-density


def noised(mixture: GaussianMixture, sigma: float | Tensor) -> GaussianMixture:
    """The law of x + sigma·n: each component's variance grows by sigma²."""
    return GaussianMixture(mixture.means, (mixture.std**2 + sigma**2).sqrt(), mixture.weights)


def denoised(mixture: GaussianMixture, x: Tensor, sigma: Tensor) -> Tensor:
    """E[clean | noised = x], (n, d), for points (n, d) whose noise has the standard deviations sigma (n,).

    Component k, if it is the one, says (std_k² x + sigma² means_k) / (std_k² + sigma²); the answers are weighed by the
    posterior of k given x.
    """
    x, square = x.double(), sigma.double()[:, None].square()  # (n, 1)
    means, variance = mixture.means.to(x.device), mixture.std.to(x.device).square()
    total = variance + square  # (n, K)
    distance = (x[:, None] - means).square().sum(-1)
    dimension = means.shape[1]
    log_share = mixture.weights.to(x.device).log() - distance / (2 * total) - dimension / 2 * total.log()
    share = log_share.softmax(1)[..., None]
    answers = (variance[:, None] * x[:, None] + square[..., None] * means) / total[..., None]
    return (share * answers).sum(1)


def score_of_denoiser(denoised_x: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    r"""$\nabla \log p_\sigma(x) = (D(x; \sigma) - x) / \sigma^2$ (Tweedie; Robbins, 1956): (n, d), with sigma (n,)."""
    return (denoised_x - x) / sigma[:, None].square()


def kl_gradient(
    samples: Tensor, parameters: Sequence[Tensor], fake: Score, real: Score, weights: Tensor | None = None
) -> tuple[Tensor, ...]:
    r"""The gradient of KL(p_θ, p) from two scores: $\mathbb{E}[(s_\theta(x) - s(x))^\top \partial x/\partial\theta]$.

    samples: (n, d) of the generator, differentiable in its parameters. fake, real: the scores of their law and of the
    data's. weights: (n,), of quadrature; by default 1/n each. The dependence of the generator's own log-density on
    theta adds nothing, because a density integrates to one whatever theta is.
    """
    x = samples.detach()
    difference = fake(x) - real(x)
    if weights is None:
        weights = torch.full((len(x),), 1 / len(x), dtype=x.dtype)
    surrogate = (weights[:, None] * difference * samples).sum()
    return torch.autograd.grad(surrogate, list(parameters))
