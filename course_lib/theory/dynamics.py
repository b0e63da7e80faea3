"""Play on any game of two numbers: the order of moves, averages of the path, and the Dirac-GAN with its remedies.

A field maps points (..., 2), first player's number and second's, to the direction (..., 2) in which each player
descends its own loss. A path is (steps + 1, ..., 2) float64, the start first: many starts can be played at once.
"""

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.games import DIRAC_LOSSES

Field = Callable[[Tensor], Tensor]
Order = Literal["simultaneous", "alternating", "extragradient"]


def play(field: Field, start: Tensor, rate: float, steps: int, order: Order = "simultaneous") -> Tensor:
    """The path of gradient steps of size `rate` from `start` (..., 2).

    simultaneous: both move by the field where they stand. alternating: the second player moves first, and the first
    one answers (in a GAN: D, then G). extragradient (Korpelevich, 1976): try a simultaneous step, and move from where
    you stood by the field of where it led. Raises UsageError for another order.
    """
    if order not in get_args(Order):
        raise UsageError(f"No order of play is called '{order}': choose one of {', '.join(get_args(Order))}.")
    point = torch.as_tensor(start, dtype=torch.float64)
    first, second = torch.tensor([1.0, 0.0]).double(), torch.tensor([0.0, 1.0]).double()
    path = [point]
    for _ in range(steps):
        if order == "simultaneous":
            point = point + rate * field(point)
        elif order == "alternating":
            point = point + rate * field(point) * second
            point = point + rate * field(point) * first
        else:
            point = point + rate * field(point + rate * field(point))
        path.append(point)
    return torch.stack(path)


def running_mean(path: Tensor) -> Tensor:
    """The mean of all points so far, at each point of the path: same shape."""
    count = torch.arange(1, len(path) + 1, dtype=path.dtype)
    return path.cumsum(0) / count.view(-1, *[1] * (path.ndim - 1))


def bilinear_field(points: Tensor) -> Tensor:
    """V(x, y) = x y, x descends and y ascends: (−y, x)."""
    x, y = points.unbind(-1)
    return torch.stack([-y, x], -1)


def dirac(
    loss: str = "non-saturating", *, r1: float = 0.0, noise: float = 0.0, gradient_penalty: float = 0.0
) -> Field:
    """The field of the Dirac-GAN (Mescheder et al., 2018): data at 0, generator at θ, logit of D is ψ x.

    r1: γ of γ/2 · ψ² in D's loss. noise: σ of Gaussian noise added to data and generated point before D sees
    them (the expectation is an equally spaced sum, exact to ten digits while |ψ| σ ≤ 8: a steeper sigmoid is a
    step between its nodes). gradient_penalty: γ of γ/2 · (|ψ| − 1)², as in WGAN-GP.
    Points are (θ, ψ). Raises UsageError for a loss that does not exist, and for negative weights.
    """
    if loss not in DIRAC_LOSSES:
        raise UsageError(
            f"No loss of the Dirac-GAN is called '{loss}': choose one of {', '.join(DIRAC_LOSSES)}."
        )
    if not min(r1, noise, gradient_penalty) >= 0:
        raise UsageError("r1, noise and gradient_penalty must not be negative.")
    nodes = torch.linspace(-8, 8, 161, dtype=torch.float64) if noise else torch.zeros(1).double()
    weights = torch.softmax(-nodes.square() / 2, 0)

    def mean(values: Tensor) -> Tensor:  # over the noise, the last axis
        return (values * weights).sum(-1)

    def field(points: Tensor) -> Tensor:
        theta, psi = points[..., :1], points[..., 1:]  # (..., 1)
        real, fake = noise * nodes, theta + noise * nodes  # (nodes,) and (..., nodes): what D sees
        if loss == "wasserstein":
            slope_generator, slope_real, slope_fake = (torch.ones_like(psi * fake),) * 3
        else:
            slope_real, slope_fake = torch.sigmoid(-psi * real), torch.sigmoid(psi * fake)
            slope_generator = torch.sigmoid(-psi * fake) if loss == "non-saturating" else slope_fake
        generator = mean(psi * slope_generator)
        discriminator = mean(real * slope_real) - mean(fake * slope_fake)
        psi = psi[..., 0]
        penalty = r1 * psi + gradient_penalty * (psi.abs() - 1) * psi.sign()
        return torch.stack([generator, discriminator - penalty], -1)

    return field


def eigenvalues(field: Field, point: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    """Of the field's Jacobian at a point: (2,) complex. Real parts below zero attract, imaginary parts turn."""
    jacobian = torch.autograd.functional.jacobian(field, torch.tensor(point, dtype=torch.float64))
    return torch.linalg.eigvals(jacobian)
