"""How steep a critic is: its slope where samples lie, between pairs of them, and a bound that holds everywhere.

A function is K-Lipschitz when |f(a) − f(b)| ≤ K ‖a − b‖ for all a and b. No finite set of points can show that it is;
slopes at points and between pairs are lower bounds of K. Where the critic is a chain of layers, the product of the
layers' norms is an upper one, and often a loose one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.evaluation.chains import chain, slope


@dataclass(frozen=True, eq=False)
class Slopes:
    """What `slopes` found. Norms of the gradient, float64, one for each sample: (N,).

    pair is the greatest |f(a) − f(b)| / ‖a − b‖ between any two of the data and samples; bound is that of
    `upper_bound`, or None where the critic has none. pair ≤ bound, and every norm ≤ bound, to rounding.
    """

    data: Tensor
    samples: Tensor
    between: Tensor
    pair: float
    bound: float | None


@torch.enable_grad()
def gradient_norms(critic: nn.Module, x: Tensor, batch: int = 500) -> Tensor:
    """‖∇f‖ at each of x (N, ...), in float64: (N,). The critic is used in evaluation mode and left as it was."""
    found = []
    with _evaluating(critic):
        for part in x.split(batch):
            part = part.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(critic(part).sum(), part)
            found.append(torch.linalg.vector_norm(gradient.double().flatten(1), dim=1))
    return torch.cat(found)


@torch.no_grad()
def greatest_pair_slope(critic: nn.Module, x: Tensor) -> float:
    """max |f(a) − f(b)| / ‖a − b‖ over all pairs of different points among x (N, ...)."""
    with _evaluating(critic):
        values = torch.cat([critic(part) for part in x.split(500)]).double()
    flat = x.double().flatten(1)
    distance = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")
    difference = (values[:, None] - values[None]).abs()
    return float((difference / distance)[distance > 0].max())


def upper_bound(critic: nn.Module, shape: tuple[int, ...]) -> float:
    """The product of the layers' norms: no slope of the critic, in evaluation mode, exceeds it. Inputs of `shape`.

    Exact norms where a layer is of moderate size, else bounds of them (`operator_norms.layer_norm`), in float64: what
    the critic itself rounds, in float32 or less, is not counted.

    Raises UsageError for a critic that is no chain of layers (a skip adds slopes and does not multiply them, and a
    function inside `forward` may have any), and for a layer whose slope has no useful bound, as normalisation by a
    batch or by a sample.
    """
    product = 1.0
    with _evaluating(critic):
        for layer, inputs in chain(critic, shape):
            product *= slope(layer, inputs)
    return product


def slopes(critic: nn.Module, data: Tensor, samples: Tensor, seed: int = 0) -> Slopes:
    """Measure a critic on data (N, ...) and samples (N, ...), as many of each, and on random points between them."""
    device = data.device
    epsilon = torch.rand(len(data), generator=seeds.generator(seed, purpose="interpolates")).to(device)
    between = torch.lerp(samples, data, epsilon.view(-1, *[1] * (data.ndim - 1)))
    try:
        bound = upper_bound(critic, tuple(data.shape[1:]))
    except UsageError:
        bound = None
    return Slopes(
        gradient_norms(critic, data),
        gradient_norms(critic, samples),
        gradient_norms(critic, between),
        greatest_pair_slope(critic, torch.cat([data, samples])),
        bound,
    )


class _evaluating:
    """The critic in evaluation mode, where spectral norms stand still, and back as it was."""

    def __init__(self, critic: nn.Module):
        self.critic = critic

    def __enter__(self) -> None:
        self.training = self.critic.training
        self.critic.eval()

    def __exit__(self, *error) -> None:
        self.critic.train(self.training)
