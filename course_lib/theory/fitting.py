"""The Gaussian on the line that a divergence likes best: what a generator too small for its data is pulled to."""

import contextlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from scipy.optimize import minimize
from torch import Tensor

from course_lib.errors import CourseError, UsageError
from course_lib.theory.densities import gaussian
from course_lib.theory.quadrature import Grid

Objective = Callable[[Tensor], Tensor]  # log q (n,) on the grid -> a number to be made small


class NoMinimum(CourseError):
    """A descent ended where the objective still falls, or is infinite."""


@dataclass(frozen=True)
class Fit:
    """N(mean, std²), and the objective there."""

    mean: float
    std: float
    value: float


def fit_gaussian(objective: Objective, grid: Grid, mean: float, std: float) -> Fit:
    """The minimum over N(mean, std²) that a descent from this start reaches, by quasi-Newton steps in (mean, log std).

    `objective` takes log q at the points of a 1-D grid that holds all the mass; it must be differentiable in it.
    Raises UsageError when the start is no Gaussian, NoMinimum when the search ends elsewhere.
    """
    if not std > 0:
        raise UsageError(f"a Gaussian needs a standard deviation above zero, not {std:g}.")

    def value_and_gradient(parameters):
        leaf = torch.tensor(parameters, dtype=torch.float64, requires_grad=True)
        value = objective(gaussian(leaf[0], leaf[1].exp()).log_prob(grid.points))
        (slope,) = torch.autograd.grad(value, leaf)
        return value.item(), slope.numpy()

    spread = (grid.points[-1] - grid.points[0]).item()
    spacing = spread / (len(grid.points) - 1)
    # a bump narrower than the spacing, or as wide as the grid, would not be integrated
    bounds = [(grid.points[0].item(), grid.points[-1].item()), (math.log(2 * spacing), math.log(spread / 8))]
    found = minimize(
        value_and_gradient, [mean, math.log(std)], jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
    )  # fmt: skip
    # far from every minimum, and where the value is immense, the search gives up: that is no fit
    if not math.isfinite(found.fun) or abs(found.jac).max() > 0.01:
        raise NoMinimum(f"no minimum was found from N({mean:g}, {std:g}²): start nearer to the data.")
    return Fit(float(found.x[0]), math.exp(found.x[1]), float(found.fun))


def local_minima(
    objective: Objective, grid: Grid, starts: Iterable[tuple[float, float]], apart: float = 0.02
) -> list[Fit]:
    """The different minima that descents from all `starts` (mean, std) reach, the best first.

    Two that differ by less than `apart` in mean and std count as one; starts without a minimum are passed over.
    """
    fits = []
    for start in starts:
        with contextlib.suppress(NoMinimum):
            fits.append(fit_gaussian(objective, grid, *start))
    found: list[Fit] = []
    for fit in sorted(fits, key=lambda f: f.value):
        if all(abs(fit.mean - f.mean) > apart or abs(fit.std - f.std) > apart for f in found):
            found.append(fit)
    return found
