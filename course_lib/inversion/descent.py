"""Gradient descent on codes: Adam on all of a batch at once, and the best code that each image met on the way."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.methods.spaces import Space
from course_lib.settings import Bound, Count, check

Loss = Callable[[Tensor, Tensor], Tensor]  # (reconstructions, images), both (B, C, H, W) -> (B,)


@dataclass(frozen=True)
class Descent:
    """How far and how fast. The rate falls to 0 along half a cosine, so that the search settles."""

    steps: Count = 300
    rate: Bound = 0.1  # of Adam at the first step

    def __post_init__(self):
        check(self)


def descend(
    space: Space, images: Tensor, start: Tensor, loss: Loss, descent: Descent
) -> tuple[Tensor, Tensor]:
    """Adam from `start` (B, *shape), and the best codes that it met: codes like `start` and their losses (B,)."""
    codes = space.project(start.detach().clone()).requires_grad_(True)
    # a short memory of the squares: along the way gradients shrink by orders of magnitude
    adam = torch.optim.Adam([codes], descent.rate, betas=(0.9, 0.99), fused=True)
    best, least = codes.detach().clone(), torch.full((len(codes),), math.inf).to(codes)
    for step in range(descent.steps + 1):
        losses = loss(space.decode(codes), images) + space.penalty(codes)
        with torch.no_grad():
            better = losses < least
            least = torch.where(better, losses, least)
            best = torch.where(better.view(-1, *[1] * (codes.ndim - 1)), codes, best)
        if step == descent.steps:  # this pass has seen what the last step made
            # an image that was never finite must not pass for one that is badly fitted
            return best, torch.where(least.isinf(), losses.detach(), least)
        (codes.grad,) = torch.autograd.grad(losses.sum(), codes)
        adam.param_groups[0]["lr"] = descent.rate * (1 + math.cos(math.pi * step / descent.steps)) / 2
        adam.step()
        with torch.no_grad():
            codes.copy_(space.project(codes))
    raise AssertionError("the last pass returns")


def best_of(
    space: Space, images: Tensor, starts: Tensor, loss: Loss, descent: Descent
) -> tuple[Tensor, Tensor]:
    """Descend from each of (B, restarts, *shape), and keep for each image the best: codes (B, *shape), losses (B,)."""
    restarts = starts.shape[1]
    codes, losses = descend(space, images.repeat_interleave(restarts, 0), starts.flatten(0, 1), loss, descent)
    losses = losses.unflatten(0, (-1, restarts))
    best = losses.nan_to_num(nan=math.inf).argmin(1, keepdim=True)
    rows = torch.arange(len(best), device=codes.device)
    return codes.unflatten(0, (-1, restarts))[rows, best[:, 0]], losses.gather(1, best)[:, 0]
