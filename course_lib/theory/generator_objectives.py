"""What the generator descends, in the space of distributions, with the discriminator frozen at its optimum.

With D* = p/(p+g₀) held fixed at the current generator g₀, the gradient at g = g₀ of

    minimax             E_g[log(1−D*)]      is that of  2 JS(p, g)
    non-saturating      E_g[−log D*]        is that of  KL(g‖p) − 2 JS(p, g)
    maximum-likelihood  E_g[−D*/(1−D*)]     is that of  KL(p‖g)

(Goodfellow et al. 2014, Theorem 1; Arjovsky and Bottou 2017, Theorem 2.5; Goodfellow 2014, "On
distinguishability criteria for estimating generative models"). These are statements on gradients: the
*values* differ, by terms that move with g through D*.
"""

import math

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture, gaussian
from course_lib.theory.divergences import (
    Estimate,
    expected_under,
    js,
    kl,
    log_ratio,
    optimal_discriminator,
    softplus,
)
from course_lib.theory.quadrature import Grid

GAMES = ("minimax", "non-saturating", "maximum-likelihood")


def generator_loss(game: str, logits: Tensor) -> Tensor:
    """The loss at each point from the discriminator's logit there: log(1−D), −log D or −D/(1−D)."""
    if game == "minimax":
        return -softplus(logits)
    if game == "non-saturating":
        return softplus(-logits)
    if game == "maximum-likelihood":
        return -logits.exp()
    raise _unknown(game)


def generator_loss_slope(game: str, logits: Tensor) -> Tensor:
    """Derivative of `generator_loss` in the logit: −D, −(1−D) or −D/(1−D).

    All are negative: the games agree on the direction at a point and differ in how much each point counts.
    """
    if game == "minimax":
        return -torch.sigmoid(logits)
    if game == "non-saturating":
        return -torch.sigmoid(-logits)
    if game == "maximum-likelihood":
        return -logits.exp()
    raise _unknown(game)


def generator_objective(game: str, log_g: Tensor, logits: Tensor, grid: Grid | None = None) -> Tensor:
    """E_g[generator_loss(D)] for log g (..., n) and a discriminator's logits (..., n). Returns (...)."""
    if game == "maximum-likelihood":
        # g · exp(logit) in one exponential: far out g underflows while exp(logit) overflows
        weighted = -(log_g + torch.where(torch.isneginf(log_g), 0.0, logits)).exp()
        return grid.integrate(weighted) if grid is not None else weighted.sum(-1)
    return expected_under(log_g, generator_loss(game, logits), grid)


def frozen_objective(game: str, log_data: Tensor, log_g: Tensor, grid: Grid | None = None) -> Tensor:
    """`generator_objective` against D* frozen at this generator: gradients flow through g, not through D*."""
    return generator_objective(game, log_g, optimal_discriminator(log_data, log_g.detach()), grid)


def matched_divergence(game: str, log_data: Tensor, log_g: Tensor, grid: Grid | None = None) -> Tensor:
    """The divergence whose gradient in g is that of `frozen_objective`. Returns (...)."""
    if game == "minimax":
        return 2 * js(log_data, log_g, grid)
    if game == "non-saturating":
        return kl(log_g, log_data, grid) - 2 * js(log_data, log_g, grid)
    if game == "maximum-likelihood":
        return kl(log_data, log_g, grid)
    raise _unknown(game)


def non_saturating_terms(log_data: Tensor, log_g: Tensor, grid: Grid | None = None) -> dict[str, Tensor]:
    """The terms whose sum is the *value* E_g[−log D*]: KL(g‖p), −2 JS(p, g), E_p[log D*] and log 4.

    The data term depends on g through D*, so the gradient of the sum is not that of the first two terms.
    """
    logits = optimal_discriminator(log_data, log_g)
    return {
        "kl": kl(log_g, log_data, grid),
        "minus_two_js": -2 * js(log_data, log_g, grid),
        "data_term": expected_under(log_data, -softplus(-logits), grid),
        "constant": torch.tensor(math.log(4), dtype=torch.float64),
    }


def pathwise_gradient(
    game: str,
    mean: float,
    std: float,
    data: GaussianMixture,
    n: int,
    generator: torch.Generator | None = None,
) -> tuple[Estimate, Estimate]:
    """Gradient in (mean, std) as training computes it: through samples x = mean + std · ε of a 1-D generator.

    D* is frozen at N(mean, std²). Returns one estimate for the mean and one for the std, each from n samples.
    """
    if data.dim != 1:
        raise UsageError(f"This gradient is for 1-D data, and this mixture has {data.dim} dimensions.")
    current = gaussian(mean, std)
    device = generator.device if generator is not None else "cpu"
    noise = torch.randn(n, generator=generator, dtype=torch.float64, device=device)
    x = (mean + std * noise).requires_grad_()
    losses = generator_loss(game, log_ratio(data.log_prob(x), current.log_prob(x)))
    (slope,) = torch.autograd.grad(losses.sum(), x)  # d loss / d x at each sample; dx/dmean = 1, dx/dstd = ε
    return Estimate.of_mean(slope), Estimate.of_mean(slope * noise)


def _unknown(game: str) -> UsageError:
    return UsageError(f"No game is called '{game}': choose one of {', '.join(GAMES)}.")
