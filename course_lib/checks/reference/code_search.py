"""A search for codes on a small generator, also with the faults of students."""

import copy

import torch
from torch import Tensor, nn

from course_lib.checks.engine.trial import Trial
from course_lib.checks.reference.glo_step import PROJECTIONS, RATES, fill


def frozen_player(trial: Trial) -> nn.Module:
    """A generator (B, 3) -> (B, 2, 2, 2) with batch normalisation, left in training mode and with old gradients."""
    norm = nn.BatchNorm1d(6)
    layers = nn.Sequential(nn.Linear(3, 6), norm, nn.Tanh(), nn.Linear(6, 8), nn.Unflatten(1, (2, 2, 2)))
    fill(layers, trial)
    norm.running_mean.copy_(0.5 * trial.draw.normal(6, purpose="running mean"))
    norm.running_var.copy_(0.5 + trial.draw.uniform(6, purpose="running variance").abs())
    return layers


def search(
    generator: nn.Module,
    images: Tensor,
    start: Tensor,
    steps: int,
    rate: float,
    *,
    training: bool = False,
    scale: float = 1.0,  # of the gradient
    space: str = "ball",
    when: str = "each",  # | "end": the codes are projected once
    momentum: float = 0.0,
) -> Tensor:
    """Codes after so many steps, as they should be by default, or with a fault. The generator stays as it was."""
    generator = copy.deepcopy(generator).train(training)
    onto, z, velocity = PROJECTIONS[space], start.clone(), torch.zeros_like(start)
    for _ in range(steps):
        z.requires_grad_()
        each = (generator(z) - images).square().flatten(1).mean(1)
        (gradient,) = torch.autograd.grad(each.sum(), z)
        velocity = momentum * velocity + scale * gradient
        z = z.detach() - rate * velocity
        z = onto(z) if when == "each" else z
    return onto(z) if when == "end" else z


def telling_search(generator: nn.Module, images: Tensor, start: Tensor, steps: int) -> float:
    """A rate with which some codes are at the surface half-way, and some are not even at the end."""
    for rate in RATES[20::4]:
        half, end = (
            search(generator, images, start, n, rate).norm(dim=1) for n in (max(1, steps // 2), steps)
        )
        if half.max() > 0.999 and (end.min() < 0.97 or len(start) == 1):
            break
    return rate


def wrong_searches(
    generator: nn.Module, images: Tensor, start: Tensor, steps: int, rate: float
) -> dict[str, list[Tensor]]:
    """diagnosis -> what these faults of a search give."""
    pixels = images[0].numel()

    def after(steps: int = steps, **faults) -> Tensor:
        return search(generator, images, start, steps, rate, **faults)

    return {
        "batch-mean": [after(scale=1 / len(images))],
        "pixel-sum": [after(scale=pixels), after(scale=pixels / len(images))],
        "training-mode": [after(training=True), after(training=True, scale=1 / len(images))],
        "not-projected": [after(space="none"), after(space="none", scale=1 / len(images))],
        "projected-once": [after(when="end")],
        "sphere": [after(space="sphere")],
        "one-norm": [after(space="table"), after(space="longest")],
        "uphill": [after(scale=-1), after(scale=-1 / len(images))],
        "miscounted": [after(steps - 1), after(steps + 1)],
        "steps-ignored": [after(n) for n in (1, 2, 5, 10, 20) if abs(n - steps) > 1],
    }
