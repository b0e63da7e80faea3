"""Mutual information of a code and what is seen of it, exactly, and its bounds from below and above, in nats.

A channel is a table log p(x|c): (K, n), one row a code and one column an outcome, or a point of a grid, where the rows
are densities. `log_prior` (K,) are the logarithms of the codes' probabilities, which sum to one. All is float64.

    E[log q(c|x)] + H(C)  ≤  I(C; X)  ≤  E_c[KL(p(x|c) ‖ m)]

for every q(·|x) (Barber and Agakov 2003, eq. 3) and every m (the bound of Alemi et al. 2017, eq. 14). What the lower
bound misses is E_x[KL(p(c|x) ‖ q(c|x))]; what the upper one adds is KL(p(x) ‖ m).
"""

import math

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.divergences import expected_under, kl
from course_lib.theory.quadrature import Grid


def entropy(log_p: Tensor, grid: Grid | None = None) -> Tensor:
    """H = −E[log p] of outcomes (..., n), or of a density on a grid, which may be negative. Returns (...)."""
    return -expected_under(log_p, log_p, grid)


def marginal(log_prior: Tensor, log_channel: Tensor) -> Tensor:
    """log p(x) = log Σ_c p(c) p(x|c): (n,)."""
    _check(log_prior, log_channel)
    return torch.logsumexp(log_prior[:, None] + log_channel, 0)


def posterior(log_prior: Tensor, log_channel: Tensor) -> Tensor:
    """log p(c|x) by Bayes: (K, n), each column a law of codes. Where no code can give x it is the prior."""
    outcome = marginal(log_prior, log_channel)
    seen = ~torch.isneginf(outcome)
    return torch.where(
        seen, log_prior[:, None] + log_channel - torch.where(seen, outcome, 0.0), log_prior[:, None]
    )


def mutual_information(log_prior: Tensor, log_channel: Tensor, grid: Grid | None = None) -> Tensor:
    """I(C; X) = E_c[KL(p(x|c) ‖ p(x))], a scalar between 0 and H(C)."""
    return upper_bound(log_prior, log_channel, marginal(log_prior, log_channel), grid)


def lower_bound(log_prior: Tensor, log_channel: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """E[log q(c|x)] + H(C) for a reading log q(c|x) (K, n) of every outcome: a scalar, at most I(C; X).

    Barber and Agakov (2003), eq. 3; Chen et al. (2016), eq. 5. It is negative where q is surer than it may be.
    """
    _check(log_prior, log_channel, log_q)
    per_code = expected_under(log_channel, log_q, grid)
    return (log_prior.exp() * per_code).sum() + entropy(log_prior)


def lower_gap(log_prior: Tensor, log_channel: Tensor, log_q: Tensor, grid: Grid | None = None) -> Tensor:
    """E_x[KL(p(c|x) ‖ q(c|x))], which `lower_bound` misses of I(C; X): a scalar, zero only at the posterior."""
    _check(log_prior, log_channel, log_q)
    per_outcome = kl(posterior(log_prior, log_channel).T, log_q.T)
    return expected_under(marginal(log_prior, log_channel), per_outcome, grid)


def upper_bound(log_prior: Tensor, log_channel: Tensor, log_m: Tensor, grid: Grid | None = None) -> Tensor:
    """E_c[KL(p(x|c) ‖ m)] for any law of outcomes log m (n,): a scalar, at least I(C; X), equal at m = p(x)."""
    _check(log_prior, log_channel)
    return (log_prior.exp() * kl(log_channel, log_m.expand_as(log_channel), grid)).sum()


# channels with a known noise


def noisy_levels(levels: Tensor, noise: float | Tensor, points: Tensor) -> Tensor:
    """log p(x|c) of x = levels[c] + noise · ε, ε ~ N(0, 1), at points (n,): (K, n). Raises UsageError for noise ≤ 0."""
    if not noise > 0:
        raise UsageError(f"The noise must be a positive standard deviation, not {float(noise):g}.")
    away = (points - levels[:, None]) / noise
    return -away.square() / 2 - math.log(noise) - math.log(2 * math.pi) / 2


def gaussian_information(noise: float) -> Tensor:
    """I(C; X) = ½ log(1 + 1/σ²) of C ~ N(0, 1) and X = C + σ ε: a scalar without an upper end as σ → 0."""
    return torch.tensor(1 / noise**2, dtype=torch.float64).log1p() / 2


def gaussian_lower_bound(noise: float, slope: float, width: float) -> Tensor:
    """The lower bound for C ~ N(0, 1), X = C + σ ε and q(c|x) = N(slope · x, width²): a scalar.

    It is tight at the posterior: slope 1/(1 + σ²) and width σ/√(1 + σ²).
    """
    error = (1 - slope) ** 2 + (slope * noise) ** 2  # E (C − slope · X)²
    value = 0.5 - math.log(width) - error / (2 * width**2)
    return torch.tensor(value, dtype=torch.float64)


def fixed_width_ceiling(code_entropy: float, width: float) -> float:
    """The most that the lower bound can say when q is N(mean(x), width²) with the width fixed: at a perfect mean.

    code_entropy: of the code's density, in nats. For a code uniform on [−1, 1] and a width of 1, as in InfoGAN, it is
    log 2 − ½ log 2π = −0.23: as a number of nats such a bound says nothing; its slope is that of the squared error.
    """
    return code_entropy - math.log(width) - math.log(2 * math.pi) / 2


def best_bounds_at_price(beta: float, dimensions: int) -> tuple[float, float]:
    """The bounds from below and above, in nats, that maximise L − β U for a normal code and a q of unit variance.

    For each of `dimensions` independent numbers z ~ N(0, 1) that are read with a mean squared error D, the bound from
    below with q = N(mean, 1) is (1 − D)/2, and no encoder sends z with that error for less than ½ log(1/D) nats (rate
    and distortion of a Gaussian; Cover and Thomas 2006, theorem 10.3.2). The best error is D = β.
    Raises UsageError unless 0 < β ≤ 1; above, the best code is none.
    """
    if not 0 < beta <= 1:
        raise UsageError(f"A price lies above 0, and from 1 on nothing is sent: not {beta:g}.")
    return dimensions * (1 - beta) / 2, -dimensions * math.log(beta) / 2


def _check(log_prior: Tensor, log_channel: Tensor, log_q: Tensor | None = None) -> None:
    tables = [log_channel] if log_q is None else [log_channel, log_q]
    wrong = any(
        table.ndim != 2 or len(table) != len(log_prior) or table.shape != log_channel.shape
        for table in tables
    )
    if log_prior.ndim != 1 or wrong:
        raise UsageError(
            f"A channel or a reading needs one row a code, for {tuple(log_prior.shape)} codes, and the same columns, "
            f"not {' and '.join(str(tuple(table.shape)) for table in tables)}."
        )
