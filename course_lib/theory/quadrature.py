"""Integrals as weighted sums over the points of a grid."""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError


@dataclass(frozen=True, eq=False)
class Grid:
    """Points and their quadrature weights: ∫ v(x) dx ≈ Σ weights · v(points).

    points: (n,) on a line or (n, 2) in the plane; weights: (n,), in units of length or area. Both float64.
    """

    points: Tensor
    weights: Tensor

    def integrate(self, values: Tensor) -> Tensor:
        """Integrate `values` (..., n), one number per grid point, over the last axis. Returns (...)."""
        return (values * self.weights).sum(-1)


def grid_1d(low: float, high: float, count: int, *, rule: str = "trapezoid") -> Grid:
    """`count` equally spaced points from `low` to `high`, both included.

    For a smooth density that vanishes at both ends together with all its derivatives, as a Gaussian does to rounding,
    the plain trapezoid rule converges faster than any power of the spacing (Euler-Maclaurin), so it is the default.
    Where only the density vanishes there, and not its slope, it is second order; "simpson" is fourth order for smooth
    functions whatever the ends do.

    Raises UsageError for an empty interval, fewer than two points, or an even count with Simpson's rule.
    """
    if not low < high:
        raise UsageError(f"A grid needs low < high, not {low} and {high}: exchange them.")
    weights = _unit_weights(count, rule)
    return Grid(torch.linspace(low, high, count, dtype=torch.float64), (high - low) / (count - 1) * weights)


def grid_2d(low: float, high: float, count: int, *, rule: str = "trapezoid") -> Grid:
    """The square [low, high]² with `count` points a side: points (count², 2), first coordinate slowest."""
    side = grid_1d(low, high, count, rule=rule)
    return Grid(
        torch.cartesian_prod(side.points, side.points), torch.outer(side.weights, side.weights).flatten()
    )


def integrate(values: Tensor, spacing: float, *, rule: str = "trapezoid") -> Tensor:
    """Integrate `values` (..., n), sampled at equal `spacing`, over the last axis. Returns (...)."""
    return (values * spacing * _unit_weights(values.shape[-1], rule).to(values)).sum(-1)


def _unit_weights(count: int, rule: str) -> Tensor:
    """Weights (count,) of a rule at spacing one."""
    if count < 2:
        raise UsageError(f"A grid of {count} points encloses nothing: ask for two or more.")
    weights = torch.ones(count, dtype=torch.float64)
    if rule == "trapezoid":
        weights[[0, -1]] = 0.5
        return weights
    if rule == "simpson":
        if count % 2 == 0:
            raise UsageError(
                f"Simpson's rule needs an odd number of points, not {count}: ask for {count + 1}."
            )
        weights[1::2], weights[2:-1:2] = 4, 2
        return weights / 3
    raise UsageError(f"No quadrature rule is called '{rule}': choose 'trapezoid' or 'simpson'.")
