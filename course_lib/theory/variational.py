"""The bound that an f-GAN's critic maximises, and what its generator descends when the critic is at the maximum.

    F(T) = E_p[T] − E_q[f*(T)] ≤ D_f(p‖q), with equality at T* = f'(p/q)

(Nguyen et al. 2010, lemma 1; Nowozin et al. 2016, section 2.2). The generator has two steps to choose from, both with
T held: down −E_q[f*(T)], which is its half of the game, or down −E_q[T], the alternative (ibid., section 3.2).
"""

import math

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.divergences import expected_under, kl, log_ratio, total_variation
from course_lib.theory.fdivergences import FDivergence, alpha, exact
from course_lib.theory.quadrature import Grid


def best_critic(row: FDivergence, log_p: Tensor, log_q: Tensor) -> Tensor:
    """T* = f'(p/q), at which the bound is tight (Nowozin et al. 2016, eq. 5). Same shape as its arguments."""
    return row.slope(log_ratio(log_p, log_q).exp())


def bound(row: FDivergence, log_p: Tensor, log_q: Tensor, t: Tensor, grid: Grid | None = None) -> Tensor:
    """F(T) for a critic's values T (..., n), which must lie in the domain of f*. Returns (...)."""
    return expected_under(log_p, t, grid) - expected_under(log_q, row.conjugate(t), grid)


def bound_of_output(
    row: FDivergence, log_p: Tensor, log_q: Tensor, v: Tensor, grid: Grid | None = None
) -> Tensor:
    """F(g(v)) for a critic that is given by its raw output v (..., n) (Nowozin et al. 2016, eq. 7). Returns (...)."""
    on_data, on_samples = row.activation(v), row.conjugate_of_activation(v)
    return expected_under(log_p, on_data, grid) - expected_under(log_q, on_samples, grid)


def fenchel_young(row: FDivergence, u: Tensor, t: Tensor) -> Tensor:
    """f(u) + f*(t) − u t ≥ 0: what a critic that says t loses where p/q = u, per unit of q. Zero at t = f'(u)."""
    return row.f(u) + row.conjugate(t) - u * t


# the generator's step


def frozen_objective(
    row: FDivergence, log_p: Tensor, log_q: Tensor, grid: Grid | None = None, *, alternative: bool = False
) -> Tensor:
    """−E_q[f*(T*)], or −E_q[T*] for the alternative step, with T* held at this generator. Returns (...).

    Gradients flow through q and not through T*.
    """
    t = best_critic(row, log_p, log_q.detach())
    return -expected_under(log_q, t if alternative else row.conjugate(t), grid)


def matched_divergence(
    row: FDivergence, log_p: Tensor, log_q: Tensor, grid: Grid | None = None, *, alternative: bool = False
) -> Tensor:
    """The divergence whose gradient in q is that of `frozen_objective`. Returns (...).

    Of the game itself it is D_f. Of the alternative step it is D_h with h'' = f''(u)/u, which lowers the order of a
    power divergence by one: Pearson becomes 2 KL, KL becomes reverse KL, reverse KL becomes ½ Neyman.
    """
    if not alternative:
        return exact(row, log_p, log_q, grid)
    if row.name in ("gan", "js"):  # the same game at another scale; of GAN this is the non-saturating loss
        middle = torch.logaddexp(log_p, log_q) - math.log(2)
        return (2 if row.name == "gan" else 1) * kl(middle, log_p, grid)
    if row.name == "total-variation":  # f'' is a unit mass at u = 1, where dividing by u changes nothing
        return total_variation(log_p, log_q, grid)
    orders = {"pearson": (2, 2.0), "kl": (1, 1.0), "squared-hellinger": (0.5, 0.5), "reverse-kl": (1, 0.0)}
    if row.name not in orders:
        raise UsageError(f"the divergence of the alternative step is not written out for '{row.name}'.")
    scale, order = orders[row.name]
    return scale * exact(alpha(order - 1), log_p, log_q, grid)
