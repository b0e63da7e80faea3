"""Divergences between distributions, the discriminator that measures one, and the value of the GAN game.

Exact forms take log-densities on a grid, `log_p` and `log_q` of shape (..., n), and return (...). Without a
grid they take log-probabilities of n outcomes and sum. A density of zero is a logarithm of −inf.

Conventions, the same throughout the course (nats): KL(p‖q) = ∫ p log(p/q); JS lies in [0, log 2]; total
variation ½ ∫ |p−q| in [0, 1]; squared Hellinger ∫ (√p−√q)² in [0, 2], without the ½ of some texts; Pearson χ²
∫ (p−q)²/q; Neyman χ² ∫ (p−q)²/p.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture
from course_lib.theory.quadrature import Grid


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp x), exact to rounding and with exact slopes also at ±inf: −log(1−D) at the logit x of D."""
    return torch.logaddexp(x, torch.zeros_like(x))


def logsigmoid(x: Tensor) -> Tensor:
    """log D at the logit x of D."""
    return -softplus(-x)


def expected_under(log_p: Tensor, values: Tensor, grid: Grid | None = None) -> Tensor:
    """E_p[values] = ∫ p · values over the support of p; off it `values` may be anything. (..., n) -> (...)"""
    supported = log_p.exp() > 0
    # the second `where` keeps infinities out of the product, whose gradient would turn 0 · inf into nan
    integrand = torch.where(supported, log_p.exp() * torch.where(supported, values, 0.0), 0.0)
    return grid.integrate(integrand) if grid is not None else integrand.sum(-1)


def log_ratio(log_p: Tensor, log_q: Tensor) -> Tensor:
    """log(p/q), with 0 where both are zero (there the ratio is undefined and nobody looks)."""
    nowhere = torch.isneginf(log_p) & torch.isneginf(log_q)
    return torch.where(nowhere, 0.0, log_p) - torch.where(nowhere, 0.0, log_q)


# exact divergences


def kl(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """KL(p‖q) = E_p[log(p/q)]; infinite where p has mass and q has none."""
    return expected_under(log_p, log_ratio(log_p, log_q), grid)


def reverse_kl(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """KL(q‖p)."""
    return kl(log_q, log_p, grid)


def js(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """Jensen-Shannon: ½ KL(p‖m) + ½ KL(q‖m), m = (p+q)/2, in [0, log 2]. Its square root is a metric."""
    ratio = log_ratio(log_p, log_q)
    # log(p/m) = log 2 − softplus(−log(p/q)): no density of m is ever formed, so nothing underflows
    from_p = expected_under(log_p, math.log(2) - softplus(-ratio), grid)
    from_q = expected_under(log_q, math.log(2) - softplus(ratio), grid)
    # rounding can leave −1e−17 between equals, of which the metric √JS would be nan
    return ((from_p + from_q) / 2).clamp(min=0)


def total_variation(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """½ ∫ |p − q|: the largest difference of probability that any event shows."""
    difference = (log_p.exp() - log_q.exp()).abs() / 2
    return grid.integrate(difference) if grid is not None else difference.sum(-1)


def squared_hellinger(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """∫ (√p − √q)², in [0, 2]."""
    difference = ((log_p / 2).exp() - (log_q / 2).exp()).square()
    return grid.integrate(difference) if grid is not None else difference.sum(-1)


def pearson(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """Pearson χ² = ∫ (p−q)²/q = E_q[(p/q − 1)²]; infinite where p has mass and q has none."""
    ratio = log_ratio(log_p, log_q)
    # under q while p/q is moderate; beyond, the whole integrand in one exponential: far out p and q underflow
    # although p²/q may be large
    far = ratio > 1
    near_part = log_q.exp() * torch.where(far, 0.0, ratio).expm1().square()
    wide = torch.where(far, ratio, 1.0)
    far_part = (torch.where(far, log_p, -math.inf) + wide + 2 * (-(-wide).expm1()).log()).exp()
    integrand = near_part + torch.where(far, far_part, 0.0)
    return grid.integrate(integrand) if grid is not None else integrand.sum(-1)


def neyman(log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """Neyman χ² = ∫ (p−q)²/p, Pearson's with the arguments exchanged."""
    return pearson(log_q, log_p, grid)


DIVERGENCES: dict[str, Callable[..., Tensor]] = {
    "kl": kl,
    "reverse-kl": reverse_kl,
    "js": js,
    "total-variation": total_variation,
    "squared-hellinger": squared_hellinger,
    "pearson": pearson,
    "neyman": neyman,
}


# Monte Carlo


@dataclass(frozen=True)
class Estimate:
    """A Monte Carlo mean and its standard error."""

    value: float
    standard_error: float

    @staticmethod
    def of_mean(*terms: Tensor) -> "Estimate":
        """The sum of the means of independent samples, each (n,)."""
        value = sum(term.mean() for term in terms)
        variance = sum(term.var() / len(term) for term in terms)
        return Estimate(float(value), math.sqrt(float(variance)))


# each divergence as E_p[first(r)] + E_q[second(r)] with r = log p/q at the samples
_INTEGRANDS: dict[str, tuple[Callable[[Tensor], Tensor] | None, Callable[[Tensor], Tensor] | None]] = {
    "kl": (lambda r: r, None),
    "reverse-kl": (None, lambda r: -r),
    "js": (lambda r: (math.log(2) - softplus(-r)) / 2, lambda r: (math.log(2) - softplus(r)) / 2),
    "total-variation": (lambda r: (-torch.expm1(-r)).clamp(min=0), None),  # E_p[max(0, 1 − q/p)]
    "squared-hellinger": (lambda r: -torch.expm1(-r / 2), lambda r: -torch.expm1(r / 2)),
    "pearson": (None, lambda r: torch.expm1(r).square()),
    "neyman": (lambda r: torch.expm1(-r).square(), None),
}


def monte_carlo(
    name: str, p: GaussianMixture, q: GaussianMixture, n: int, generator: torch.Generator | None = None
) -> Estimate:
    """Estimate the divergence `name` (a key of DIVERGENCES) from n samples of p, of q, or of both.

    The standard error is to be trusted only where the integrand has a variance: KL and χ² of distributions
    whose tails differ much have samples so rare and so large that a run without one looks precise, and is
    wrong.
    """
    if name not in _INTEGRANDS:
        raise UsageError(f"No divergence is called '{name}': choose one of {', '.join(_INTEGRANDS)}.")
    terms = []
    for source, integrand in zip((p, q), _INTEGRANDS[name], strict=True):
        if integrand is not None:
            x = source.sample(n, generator, dtype=torch.float64)
            terms.append(integrand(log_ratio(p.log_prob(x), q.log_prob(x))))
    return Estimate.of_mean(*terms)


# Wasserstein distance on the line


def wasserstein_1d(x: Tensor, y: Tensor) -> Tensor:
    """W₁ between the samples x (n,) or (n, 1) and y (m,) or (m, 1): ∫ |F⁻¹(u) − G⁻¹(u)| du. Returns a scalar.

    With n = m this is the mean gap of the sorted samples: on the line some cheapest transport keeps their order
    (others that cost as much may not).
    """
    x, y = x.double().flatten().sort().values, y.double().flatten().sort().values
    if len(x) == len(y):
        return (x - y).abs().mean()
    # both quantile functions are steps: integrate between the levels where either one jumps
    steps = [torch.arange(1, len(s) + 1, device=x.device).double() / len(s) for s in (x, y)]
    levels = torch.cat(steps).sort().values
    widths = levels.diff(prepend=levels.new_zeros(1))
    middle = levels - widths / 2
    at = [s[(middle * len(s)).long().clamp(max=len(s) - 1)] for s in (x, y)]
    return (widths * (at[0] - at[1]).abs()).sum()


def wasserstein_1d_cdf(cdf_p: Tensor, cdf_q: Tensor, grid: Grid) -> Tensor:
    """W₁ = ∫ |F − G| dx from the distribution functions (..., n) on a 1-D grid. Returns (...)."""
    return grid.integrate((cdf_p - cdf_q).abs())


# the discriminator


def optimal_discriminator(log_p: Tensor, log_q: Tensor) -> Tensor:
    """The logit log p − log q of D* = p/(p+q) (Goodfellow et al. 2014, eq. 2), q the generator.

    Same shape as its arguments. Where only one has mass it is ±inf; where neither has, D* is free and the
    logit 0.
    """
    return log_ratio(log_p, log_q)


def value(log_p: Tensor, log_q: Tensor, logits: Tensor, grid: Grid | None = None) -> Tensor:
    """V(G, D) = E_p[log D] + E_q[log(1 − D)] for a discriminator given by its logits (..., n). Returns (...).

    Its maximum over D is 2 JS(p, q) − log 4, at D* (Goodfellow et al. 2014, eq. 1 and Theorem 1).
    """
    return expected_under(log_p, logsigmoid(logits), grid) + expected_under(log_q, logsigmoid(-logits), grid)


def value_monte_carlo(
    p: GaussianMixture,
    q: GaussianMixture,
    discriminator: Callable[[Tensor], Tensor],
    n: int,
    generator: torch.Generator | None = None,
) -> Estimate:
    """V(G, D) from n samples of each, for a discriminator that maps points (n, d) to logits (n,)."""
    x, y = (source.sample(n, generator, dtype=torch.float64) for source in (p, q))
    return Estimate.of_mean(logsigmoid(discriminator(x)), logsigmoid(-discriminator(y)))


def pointwise_value(a: float | Tensor, b: float | Tensor, u: float | Tensor) -> Tensor:
    """a log u + b log(1−u), u in [0, 1], 0 log 0 = 0: what D = u adds to V where p = a and q = b."""
    a, b, u = (torch.as_tensor(t, dtype=torch.float64) for t in (a, b, u))
    return torch.xlogy(a, u) + torch.xlogy(b, 1 - u)


def pointwise_maximiser(a: float | Tensor, b: float | Tensor) -> Tensor:
    """a/(a+b), the only maximiser over [0, 1] of a log u + b log(1−u), for a, b ≥ 0 not both zero.

    Raises UsageError outside that range: with a = b = 0 every u is a maximiser, below zero there may be none.
    """
    a, b = (torch.as_tensor(t, dtype=torch.float64) for t in (a, b))
    if (a < 0).any() or (b < 0).any() or ((a == 0) & (b == 0)).any():
        raise UsageError("The optimal discriminator needs densities a, b ≥ 0 that are not both zero.")
    return a / (a + b)
