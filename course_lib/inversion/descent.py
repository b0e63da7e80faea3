"""Gradient descent on codes: Adam on all of a batch at once, and the best code that each image met on the way."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.methods.spaces import Space
from course_lib.settings import Bound, Count, Deviation, Share, check

Loss = Callable[[Tensor, Tensor], Tensor]  # (reconstructions, images), both (B, C, H, W) -> (B,)

QUIET = 0.75  # share of the steps after which the projector's codes are no longer moved by noise


@dataclass(frozen=True)
class Descent:
    """How far and how fast.

    schedule: "cosine" lets the rate fall to 0 along half a cosine, so that the search settles. "projector" is that of
    StyleGAN2 (Karras et al. 2020, appendix D): up from 0 along a line during the first `ramp_up` of the steps, and down
    along half a cosine during the last `ramp_down`.
    """

    steps: Count = 300
    rate: Bound = 0.1  # of Adam: at the first step of "cosine", between the ramps of "projector"
    schedule: Literal["cosine", "projector"] = "cosine"
    ramp_up: Share = 0.05
    ramp_down: Share = 0.25
    # of the noise that is added to codes at the first step; 0 from `QUIET` of the way on
    jitter: Deviation = 0.0

    def __post_init__(self):
        check(self)

    def rate_at(self, step: int) -> float:
        """Adam's step size at step 0, 1, …, steps − 1."""
        t = step / self.steps
        if self.schedule == "cosine":
            return self.rate * (1 + math.cos(math.pi * t)) / 2
        down = min(1.0, (1 - t) / self.ramp_down) if self.ramp_down else 1.0
        up = min(1.0, t / self.ramp_up) if self.ramp_up else 1.0
        return self.rate * up * (1 - math.cos(math.pi * down)) / 2

    def jitter_at(self, step: int) -> float:
        """Standard deviation of the noise on codes: a square that reaches 0 after three quarters of the steps."""
        return self.jitter * max(0.0, 1 - step / self.steps / QUIET) ** 2


def against(loss: Loss, images: Tensor) -> Callable[[Tensor], Tensor]:
    """The loss as a function of reconstructions alone. A loss with a method `against` computes there, once, what it
    needs of the images."""
    own = getattr(loss, "against", None)
    return own(images) if own else lambda made: loss(made, images)


class ImageDraws:
    """Normal numbers of each image of a batch, from a stream of its own: (seed, number of the image, restart).

    What an image draws does not depend on the images beside it, so that a batch and single images get the same.
    """

    def __init__(self, numbers: list[int], restarts: int, seed: int):
        self._streams = [
            seeds.generator(seed, rank=number, step=restart, purpose="inversion/jitter")
            for number in numbers
            for restart in range(restarts)
        ]

    def normal_like(self, codes: Tensor) -> Tensor:
        """The next draws, as many as `codes` (B, *shape) and on their device."""
        drawn = [torch.randn(codes.shape[1:], generator=stream) for stream in self._streams]
        return torch.stack(drawn).to(codes)


def descend(
    space: Space,
    images: Tensor,
    start: Tensor,
    loss: Loss,
    descent: Descent,
    draws: ImageDraws | None = None,
) -> tuple[Tensor, Tensor]:
    """Adam from `start` (B, *shape), and the best codes that it met: codes like `start` and their losses (B,).

    draws: of the noise, where `descent.jitter` is not 0. A loss seen through noise is not the code's, so only the
    steps without noise count for "best"; the last always is one.
    """
    codes = space.project(start.detach().clone()).requires_grad_(True)
    distance = against(loss, images)
    # a short memory of the squares: along the way gradients shrink by orders of magnitude
    adam = torch.optim.Adam([codes], descent.rate, betas=(0.9, 0.99), fused=True)
    best, least = codes.detach().clone(), torch.full((len(codes),), math.inf).to(codes)
    for step in range(descent.steps + 1):
        jitter = descent.jitter_at(step) if draws else 0.0
        seen = codes + jitter * space.spread * draws.normal_like(codes) if draws and jitter else codes
        losses = distance(space.decode(seen)) + space.penalty(codes)
        if not jitter:
            with torch.no_grad():
                better = losses < least
                least = torch.where(better, losses, least)
                best = torch.where(better.view(-1, *[1] * (codes.ndim - 1)), codes, best)
        if step == descent.steps:  # this pass has seen what the last step made
            # an image that was never finite must not pass for one that is badly fitted
            return best, torch.where(least.isinf(), losses.detach(), least)
        (codes.grad,) = torch.autograd.grad(losses.sum(), codes)
        adam.param_groups[0]["lr"] = descent.rate_at(step)
        adam.step()
        with torch.no_grad():
            codes.copy_(space.project(codes))
    raise AssertionError("the last pass returns")


def best_of(
    space: Space,
    images: Tensor,
    starts: Tensor,
    loss: Loss,
    descent: Descent,
    numbers: list[int] | None = None,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Descend from each of (B, restarts, *shape), and keep for each image the best: codes (B, *shape), losses (B,).

    numbers: one an image, for the draws of `descent.jitter`.
    """
    restarts = starts.shape[1]
    draws = ImageDraws(numbers, restarts, seed) if numbers and descent.jitter else None
    repeated = images.repeat_interleave(restarts, 0)
    codes, losses = descend(space, repeated, starts.flatten(0, 1), loss, descent, draws)
    losses = losses.unflatten(0, (-1, restarts))
    best = losses.nan_to_num(nan=math.inf).argmin(1, keepdim=True)
    rows = torch.arange(len(best), device=codes.device)
    return codes.unflatten(0, (-1, restarts))[rows, best[:, 0]], losses.gather(1, best)[:, 0]
