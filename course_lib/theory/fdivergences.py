"""The f-divergences: each row's f, its conjugate f* and its output activation, and the exact divergence.

One convention for the whole course, in nats: D_f(p‖q) = ∫ q f(p/q), p the data and q the generator, with f convex
on [0, ∞) and f(1) = 0 (the row "gan" keeps the game's constant and has f(1) = −log 4). Scales are those of
`divergences`: JS in [0, log 2], total variation in [0, 1], squared Hellinger in [0, 2].

The conjugate is f*(t) = sup over u ≥ 0 of u·t − f(u). It never decreases; it is −f(0) up to t = f'(0) and infinite
beyond t = f'(∞). Sources: Nowozin et al. (2016), f-GAN, tables 1, 2, 5 and 6; Liese and Vajda (2006).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.divergences import log_ratio, logsigmoid, softplus
from course_lib.theory.quadrature import Grid

LOG2, LOG4 = math.log(2), math.log(4)
ALPHAS = (-2.0, 2.0)  # the range of `alpha`: it holds every classical member

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FDivergence:
    """One row of the table. Every function maps a tensor to one of the same shape and precision.

    The activation g maps all of ℝ into the domain of f*, so that a critic may have any raw output v: T = g(v).
    """

    name: str
    f: Function  # of u = p/q ≥ 0
    slope: Function  # f'(u), u > 0; where f has a corner, one of its subgradients
    conjugate: Function  # f*(t) for every t; +inf outside of its domain
    activation: Function  # g(v)
    conjugate_of_activation: Function  # f*(g(v)), without forming g(v) where that would lose digits
    best_output: Function  # the v at which T is best, as a function of log(p/q)
    at_zero: float  # f(0): the price of q's mass where there are no data
    # f'(∞) = lim f(u)/u: the price of data where q has no mass; the upper end of f*'s domain
    at_infinity: float
    at_one: float = 0.0  # f(1) = D_f(p‖p)
    slope_at_one: float = 0.0  # f'(1): the best T when p = q

    def __repr__(self) -> str:
        return f"FDivergence({self.name!r})"


def _below(t: Tensor, top: float, values: Tensor, *, closed: bool = False) -> Tensor:
    """`values` where t < top (or t = top, if closed), +inf beyond the domain."""
    return torch.where(t <= top if closed else t < top, values, math.inf)


def _total_variation_conjugate(t: Tensor) -> Tensor:
    return _below(t, 0.5, t.clamp(min=-0.5), closed=True)


def _pearson_conjugate(t: Tensor) -> Tensor:
    # the parabola's vertex: below t = −2 the best u ≥ 0 is u = 0, and f*(t) = −f(0) = −1
    return torch.where(t >= -2, t.square() / 4 + t, -1.0)


KL = FDivergence(
    "kl",
    f=lambda u: torch.xlogy(u, u),
    slope=lambda u: u.log() + 1,
    conjugate=lambda t: (t - 1).exp(),
    activation=lambda v: v,
    conjugate_of_activation=lambda v: (v - 1).exp(),
    best_output=lambda r: r + 1,
    at_zero=0.0,
    at_infinity=math.inf,
    slope_at_one=1.0,
)

REVERSE_KL = FDivergence(
    "reverse-kl",
    f=lambda u: -u.log(),
    slope=lambda u: -1 / u,
    conjugate=lambda t: _below(t, 0.0, -1 - (-t).log()),
    activation=lambda v: -(-v).exp(),
    conjugate_of_activation=lambda v: v - 1,
    best_output=lambda r: r,
    at_zero=math.inf,
    at_infinity=0.0,
    slope_at_one=-1.0,
)

JS = FDivergence(
    "js",
    f=lambda u: (torch.xlogy(u, u) - (1 + u) * (torch.log1p(u) - LOG2)) / 2,
    slope=lambda u: (LOG2 + u.log() - torch.log1p(u)) / 2,
    conjugate=lambda t: _below(t, LOG2 / 2, -(-torch.expm1(2 * t - LOG2)).log() / 2 - LOG2 / 2),
    activation=lambda v: (LOG2 + logsigmoid(v)) / 2,
    conjugate_of_activation=lambda v: (softplus(v) - LOG2) / 2,
    best_output=lambda r: r,
    at_zero=LOG2 / 2,
    at_infinity=LOG2 / 2,
)

SQUARED_HELLINGER = FDivergence(
    "squared-hellinger",
    f=lambda u: (u.sqrt() - 1).square(),
    slope=lambda u: 1 - u.rsqrt(),
    conjugate=lambda t: _below(t, 1.0, t / (1 - t)),
    activation=lambda v: -torch.expm1(-v),
    conjugate_of_activation=torch.expm1,
    best_output=lambda r: r / 2,
    at_zero=1.0,
    at_infinity=1.0,
)

TOTAL_VARIATION = FDivergence(
    "total-variation",
    f=lambda u: (u - 1).abs() / 2,
    slope=lambda u: (u - 1).sign() / 2,
    conjugate=_total_variation_conjugate,
    activation=lambda v: v.tanh() / 2,
    conjugate_of_activation=lambda v: v.tanh() / 2,
    best_output=lambda r: r.sign() * math.inf,  # a step: no finite output is best
    at_zero=0.5,
    at_infinity=0.5,
)

PEARSON = FDivergence(
    "pearson",
    f=lambda u: (u - 1).square(),
    slope=lambda u: 2 * (u - 1),
    conjugate=_pearson_conjugate,
    activation=lambda v: v,
    conjugate_of_activation=_pearson_conjugate,
    best_output=lambda r: 2 * torch.expm1(r),
    at_zero=1.0,
    at_infinity=math.inf,
)

NEYMAN = FDivergence(
    "neyman",
    f=lambda u: (u - 1).square() / u,
    slope=lambda u: 1 - u.square().reciprocal(),
    conjugate=lambda t: _below(t, 1.0, 2 - 2 * (1 - t).clamp(min=0).sqrt(), closed=True),
    activation=lambda v: -torch.expm1(-v),
    conjugate_of_activation=lambda v: -2 * torch.expm1(-v / 2),
    best_output=lambda r: 2 * r,
    at_zero=math.inf,
    at_infinity=1.0,
)

GAN = FDivergence(
    "gan",  # D_f = 2 JS − log 4, the value of the game at D*
    f=lambda u: torch.xlogy(u, u) - (1 + u) * torch.log1p(u),
    slope=lambda u: u.log() - torch.log1p(u),
    conjugate=lambda t: _below(t, 0.0, -(-torch.expm1(t)).log()),
    activation=logsigmoid,
    conjugate_of_activation=softplus,
    best_output=lambda r: r,
    at_zero=0.0,
    at_infinity=0.0,
    at_one=-LOG4,
    slope_at_one=-LOG2,
)

FAMILY: dict[str, FDivergence] = {
    row.name: row for row in (KL, REVERSE_KL, JS, SQUARED_HELLINGER, TOTAL_VARIATION, PEARSON, NEYMAN, GAN)
}


def alpha(a: float) -> FDivergence:
    """Cressie and Read's power divergence, f(u) = (u^a − 1 − a (u − 1)) / (a (a − 1)), for a in [−2, 2].

    a = 2 is ½ Pearson, 1 is KL, ½ is twice squared Hellinger, 0 is reverse KL, −1 is ½ Neyman; f'(1) = 0 and
    f''(1) = 1 for all. Amari's α is 1 − 2a or 2a − 1, as authors choose. The activation is f'(e^v), so that the best
    output is log(p/q) for every a. Raises UsageError outside of the range.
    """
    if not ALPHAS[0] <= a <= ALPHAS[1]:
        raise UsageError(f"alpha must lie between {ALPHAS[0]:g} and {ALPHAS[1]:g}, not {a:g}.")
    if a in (0, 1):
        f, at_zero, top = _limit_of_alpha(a)
    else:
        f = lambda u: (u**a - 1 - a * (u - 1)) / (a * (a - 1))  # noqa: E731
        at_zero, top = (1 / a if a > 0 else math.inf), (1 / (1 - a) if a < 1 else math.inf)
    b = a - 1

    def conjugate(t: Tensor) -> Tensor:
        # the slope at u is (u^b − 1)/b, so it is t where u^b = 1 + b t; there f* = (u^a − 1)/a
        if a == 1:
            return torch.expm1(t)
        base = (1 + b * t).clamp(min=0)
        values = -base.log() if a == 0 else (base ** (a / b) - 1) / a
        return values if a > 1 else _below(t, top, values, closed=a < 0)

    return FDivergence(
        "alpha",
        f=f,
        slope=lambda u: u.log() if a == 1 else (u**b - 1) / b,
        conjugate=conjugate,
        activation=lambda v: v if a == 1 else torch.expm1(b * v) / b,
        conjugate_of_activation=lambda v: v if a == 0 else torch.expm1(a * v) / a,
        best_output=lambda r: r,
        at_zero=at_zero,
        at_infinity=top,
    )


def _limit_of_alpha(a: float) -> tuple[Function, float, float]:
    """f, f(0) and f'(∞) of reverse KL (a = 0) or KL (a = 1), less the line through (1, 0) that makes f'(1) = 0."""
    if a == 1:
        return lambda u: torch.xlogy(u, u) - u + 1, 1.0, math.inf
    return lambda u: u - 1 - u.log(), math.inf, 1.0


def find(name: str, a: float = 0.5) -> FDivergence:
    """The row of that name; "alpha" is the power divergence of order `a`. Raises UsageError for other names."""
    if name == "alpha":
        return alpha(a)
    if name not in FAMILY:
        raise UsageError(f"no f-divergence is called '{name}': choose one of {', '.join(FAMILY)} or alpha.")
    return FAMILY[name]


# exact values


def exact(row: FDivergence, log_p: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """D_f(p‖q) = ∫ q f(p/q) from log-densities (..., n) on a grid, or a sum over n outcomes. Returns (...).

    Where one density is zero the other pays f(0) or f'(∞) for its mass. Differentiable in both arguments.
    """
    # beyond e^±300 f(u) or f(u)/u has reached its limit to rounding, or the divergence is immense
    ratio = log_ratio(log_p, log_q).clamp(-300, 300)
    few, many = ratio.clamp(max=0).exp(), ratio.clamp(min=0).exp()
    under_q = log_q.exp() * row.f(few)  # q f(u) for u ≤ 1
    under_p = log_p.exp() * (row.f(many) / many)  # the same as p f(u)/u for u > 1: nothing overflows
    integrand = torch.where(ratio > 0, under_p, under_q)
    for missing, other, price in ((log_p, log_q, row.at_zero), (log_q, log_p, row.at_infinity)):
        nowhere = torch.isneginf(missing)
        if nowhere.any():  # only then: an infinite price would turn the gradient everywhere else into 0 · inf
            priced = torch.where(torch.isneginf(other), 0.0, other.exp() * price)
            integrand = torch.where(nowhere, priced, integrand)
    return grid.integrate(integrand) if grid is not None else integrand.sum(-1)
