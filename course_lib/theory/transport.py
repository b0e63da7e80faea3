"""The earth mover's distance W₁ between finite sets of points: plans, prices, and what two parallel lines teach.

A transport plan γ (n, m) says how much earth goes from the pile x_i to the hole y_j; its rows sum to p, its columns to
q. The cheapest plan costs W₁(p, q) (Arjovsky et al. 2017, eq. 1). The dual asks for prices: φ_i for taking earth away
at x_i and ψ_j for filling y_j, with φ_i + ψ_j ≤ c_ij. No such prices earn more than the cheapest plan costs, and the
best earn as much. Everything is float64.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_array
from torch import Tensor

from course_lib.errors import CourseError, UsageError
from course_lib.theory.divergences import wasserstein_1d

__all__ = [
    "ParallelLines",
    "Transport",
    "dual_value",
    "greatest_slope",
    "ground_cost",
    "lipschitz_potential",
    "optimal_transport",
    "parallel_lines",
    "plan_cost",
    "sorted_plan",
    "wasserstein_1d",
    "wasserstein_points",
]


@dataclass(frozen=True, eq=False)
class Transport:
    """A solved transport problem.

    cost: W₁, a scalar; plan: (n, m), what goes where; source_prices φ: (n,) and target_prices ψ: (m,), optimal for
    the dual, so that Σ p φ + Σ q ψ = cost, with equality φ_i + ψ_j = c_ij wherever the plan moves earth.
    """

    cost: Tensor
    plan: Tensor
    source_prices: Tensor
    target_prices: Tensor


def ground_cost(x: Tensor, y: Tensor) -> Tensor:
    """The Euclidean distances c_ij = ‖x_i − y_j‖ of points (n, d) and (m, d), or (n,) and (m,) on the line: (n, m)."""
    x, y = (t.double().reshape(len(t), -1) for t in (x, y))
    # differences, not the expanded square that a fast cdist uses: near points need every digit
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def optimal_transport(cost: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Transport:
    """The cheapest plan for costs (n, m) and masses p (n,) and q (m,), uniform when left out; exact, for small sets.

    A linear program in n·m unknowns with n + m constraints, solved by SciPy's HiGHS; its multipliers are the dual
    prices. A thousand unknowns take milliseconds, a hundred thousand some seconds. The cost may be any: only the
    Lipschitz form of the dual needs a metric.
    Raises UsageError for masses that are negative, or of unequal sum; CourseError when the solver gives up.
    """
    n, m = cost.shape
    masses = [
        torch.full((k,), 1 / k, dtype=torch.float64) if t is None else t.double() for t, k in ((p, n), (q, m))
    ]
    if any(t.shape != (k,) or (t < 0).any() for t, k in zip(masses, (n, m), strict=True)):
        raise UsageError(f"Transport of costs {n} × {m} needs masses p ({n},) and q ({m},), none negative.")
    if not math.isclose(masses[0].sum().item(), masses[1].sum().item(), rel_tol=1e-9):
        raise UsageError("Both sides of a transport need the same total mass: divide each by its sum.")
    entry = np.arange(n * m)
    # row i of the first n constraints sums what leaves x_i, row n + j what reaches y_j
    rows = np.concatenate([entry // m, n + entry % m])
    sums = coo_array((np.ones(2 * n * m), (rows, np.concatenate([entry, entry]))), shape=(n + m, n * m))
    found = linprog(
        cost.double().flatten().numpy(), A_eq=sums.tocsr(), b_eq=torch.cat(masses).numpy(), method="highs"
    )
    if found.status != 0:
        raise CourseError(
            f"the transport could not be solved ({found.message.rstrip('.')}): give fewer points."
        )
    prices = torch.from_numpy(np.array(found.eqlin.marginals))
    plan = torch.from_numpy(found.x).reshape(n, m)
    return Transport(torch.tensor(found.fun, dtype=torch.float64), plan, prices[:n], prices[n:])


def wasserstein_points(x: Tensor, y: Tensor) -> Tensor:
    """W₁ of two samples of equal size, (n, d) each: a best one-to-one assignment is a cheapest plan. Returns a scalar.

    The corners of the set of plans with uniform masses are the permutations (Birkhoff), and a linear cost has its
    least value in a corner. Cubic in n: a thousand points take a tenth of a second.
    Raises UsageError for samples of different sizes.
    """
    if len(x) != len(y):
        raise UsageError(
            f"An assignment pairs equal numbers of points, not {len(x)} and {len(y)}: use optimal_transport."
        )
    cost = ground_cost(x, y)
    rows, columns = linear_sum_assignment(cost.numpy())
    return cost[torch.from_numpy(rows), torch.from_numpy(columns)].mean()


def sorted_plan(x: Tensor, y: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    """The plan (n, m) that moves earth on the line in order: leftmost earth into the leftmost hole, and so on.

    On the line it is a cheapest plan: uncrossing two crossed moves never costs more. Its cost is `wasserstein_1d`.
    """
    x, y = x.double().flatten(), y.double().flatten()
    sources, targets = x.argsort(), y.argsort()
    p = torch.full_like(x, 1 / len(x)) if p is None else p.double()
    q = torch.full_like(y, 1 / len(y)) if q is None else q.double()
    left, room = p[sources].tolist(), q[targets].tolist()
    plan = torch.zeros(len(x), len(y), dtype=torch.float64)
    i = j = 0
    while i < len(left) and j < len(room):
        moved = min(left[i], room[j])
        plan[sources[i], targets[j]] += moved
        left[i] -= moved
        room[j] -= moved
        # whichever is used up makes way; the last one on either side takes what rounding has left
        if left[i] <= room[j]:
            i += 1
        else:
            j += 1
    return plan


def plan_cost(plan: Tensor, cost: Tensor) -> Tensor:
    """Σ γ_ij c_ij, what a plan costs. Returns a scalar."""
    return (plan * cost).sum()


# the dual


def dual_value(f_x: Tensor, f_y: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    """E_p[f] − E_q[f] from the values of f at the points (n,) and (m,), uniform masses when left out. A scalar.

    For f with Lipschitz constant 1 it is at most W₁ (the easy half of Kantorovich-Rubinstein).
    """
    first, second = (
        f.double().mean() if mass is None else (f.double() * mass.double()).sum()
        for f, mass in ((f_x, p), (f_y, q))
    )
    return first - second


def greatest_slope(values: Tensor, points: Tensor) -> Tensor:
    """max |f(a) − f(b)| / ‖a − b‖ over all pairs of different points (n, d) with values (n,): the Lipschitz constant
    of f on this set, a lower bound of its constant everywhere. Returns a scalar, inf where equal points differ."""
    distance = ground_cost(points, points)
    difference = (values.double()[:, None] - values.double()[None]).abs()
    slopes = torch.where(difference == 0, 0.0, difference / distance)
    return slopes.max()


def lipschitz_potential(z: Tensor, y: Tensor, target_prices: Tensor) -> Tensor:
    """f(z) = min_j (‖z − y_j‖ − ψ_j), the c-transform of prices ψ (m,) at points y (m, d), for z (k, d): (k,).

    A minimum of functions of slope 1 has slope at most 1, everywhere. With the prices of `optimal_transport` it
    attains the supremum of Kantorovich-Rubinstein: f ≥ φ at the piles and f ≤ −ψ at the holes.
    """
    return (ground_cost(z, y) - target_prices).min(1).values


# two parallel lines


@dataclass(frozen=True, eq=False)
class ParallelLines:
    """Divergences of the laws of (0, U) and (θ, U), U uniform on [0, 1], for every θ asked for, and their slopes in θ.

    Arrays of the shape of θ, float64. At θ = 0, where all are 0, W₁ has a kink and the others jump: slopes are nan.
    """

    theta: Tensor
    w1: Tensor
    js: Tensor
    kl: Tensor
    total_variation: Tensor
    w1_slope: Tensor
    js_slope: Tensor


def parallel_lines(theta: Tensor | float) -> ParallelLines:
    """Example 1 of Arjovsky et al. (2017): W₁ = |θ|; off θ = 0, JS = log 2, KL = ∞ either way, TV = 1.

    The supports touch nowhere unless θ = 0. So every f-divergence is a constant there, without a gradient, while the
    cheapest plan carries each point across, straight: any plan moves every grain at least |θ| sideways.
    """
    theta = torch.as_tensor(theta, dtype=torch.float64)
    apart = theta != 0
    zero, unknown = torch.zeros_like(theta), torch.full_like(theta, math.nan)
    return ParallelLines(
        theta=theta,
        w1=theta.abs(),
        js=torch.where(apart, math.log(2), zero),
        kl=torch.where(apart, math.inf, zero),
        total_variation=apart.double(),
        w1_slope=torch.where(apart, theta.sign(), unknown),
        js_slope=torch.where(apart, zero, unknown),
    )
