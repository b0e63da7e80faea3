"""Codes of images by optimisation: gradient descent on z through a generator that stays as it is.

Lipton and Tripathi (2017), Zhu et al. (2016); Bojanowski et al. (2018), section 4.4, find the codes of test images so.
Nothing couples the images of a batch: their losses are added up, and each gets the gradient that it would get alone.
Public projectors do one image at a time; batches give the same codes many times as fast.
"""

import math
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.errors import CourseError, UsageError
from course_lib.inversion.gauss_newton import levenberg_marquardt
from course_lib.methods.codes import project
from course_lib.methods.protocol import frozen
from course_lib.networks.folding import folded
from course_lib.objectives.reconstruction import loss_named

Loss = Callable[[Tensor, Tensor], Tensor]  # (reconstructions, images), both (B, C, H, W) -> (B,)
Draws = Callable[[int, torch.Generator], Tensor]  # a method's `latents`: (n, generator) -> (n, d)


@dataclass(frozen=True, eq=False)
class Found:
    """codes (N, d) and the loss of each, (N,), both float32 and on the generator's device."""

    codes: Tensor
    losses: Tensor

    def __len__(self) -> int:
        return len(self.codes)


def codes_of(
    generator: nn.Module,
    images: Tensor,
    *,
    loss: str | Loss = "l2",
    steps: int = 300,
    rate: float = 0.1,
    constraint: Literal["ball", "sphere"] | None = None,
    start: str | Tensor = "nearest",
    latents: Draws | None = None,
    pool: int = 4096,
    restarts: int = 1,
    polish: int = 0,
    batch: int = 256,
    seed: int = 0,
) -> Found:
    """The codes that reconstruct images best, found by Adam on all of a batch at once.

    generator: (B, d) -> (B, C, H, W), with `latent` as attribute; neither its weights nor its mode change.
    images: (N, C, H, W) in [-1, 1].
    loss: a name in `objectives.reconstruction.RECONSTRUCTION`, for its mean over each image's pixels, or a function.
    rate: of Adam at the first step; it falls to 0 along half a cosine, so that the search settles.
    constraint: each code is projected onto the unit ball or the unit sphere after each step. None leaves it free.
    start: "nearest" takes, of `pool` drawn codes, those whose images are nearest (by squared error); "drawn" takes
        drawn ones as they come, the same for every image; "zeros"; or codes (N, d). In a DCGAN zeros can be a trap:
        where they switch every unit of the first layer off, no gradient leads out.
    latents: draws them; by default N(0, I).
    restarts: how many starts each image has; the best of their ends is kept.
    polish: steps of Levenberg and Marquardt at the end (`inversion.gauss_newton`), for "l2" alone. Each costs as much
        as some 75 of Adam's, and they converge to machine precision where Adam's would take thousands.
    batch: codes that go through the generator together; it changes nothing but speed and memory.

    Raises UsageError for settings that cannot be meant, CourseError when a loss is not finite.
    """
    _check(images, start, constraint, loss, polish, min(steps, restarts, batch, pool))
    measure = _per_image(loss) if isinstance(loss, str) else loss
    onto = PROJECTIONS[constraint]
    with _still(generator) as (device, dtype):
        generator = folded(generator)  # hundreds of passes, and the running statistics stay
        images = images.to(device, dtype, memory_format=torch.channels_last)
        starts = _starts(generator, images, start, latents, pool, restarts, batch, seed)  # (N, restarts, d)
        codes, losses = [], []
        size = max(1, batch // starts.shape[1])
        for x, z in zip(images.split(size), starts.split(size), strict=True):
            z, value = _best_of(generator, x, z, measure, steps, rate, onto)
            if polish:
                z = levenberg_marquardt(generator, x, z, polish, onto)
                with torch.no_grad():
                    value = measure(generator(z), x)
            _check_finite(value, rate)
            codes.append(z)
            losses.append(value)
    return Found(torch.cat(codes).float(), torch.cat(losses).float())


@torch.no_grad()
def reconstructions(generator: nn.Module, codes: Tensor, batch: int = 256) -> Tensor:
    """(N, d) -> float32 (N, C, H, W) on the CPU, with batch normalisation by its running statistics."""
    with _still(generator) as (device, dtype):
        return torch.cat([generator(z).float().cpu() for z in codes.to(device, dtype).split(batch)])


def _best_of(
    generator: nn.Module,
    images: Tensor,
    starts: Tensor,
    loss: Loss,
    steps: int,
    rate: float,
    onto: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Descend from each of (B, restarts, d), and keep for each image the best: codes (B, d), losses (B,)."""
    restarts = starts.shape[1]
    codes, losses = _descend(
        generator, images.repeat_interleave(restarts, 0), starts.flatten(0, 1), loss, steps, rate, onto
    )
    losses = losses.unflatten(0, (-1, restarts))
    best = losses.nan_to_num(nan=math.inf).argmin(1, keepdim=True)
    chosen = codes.unflatten(0, (-1, restarts)).take_along_dim(best[..., None], 1)
    return chosen[:, 0], losses.gather(1, best)[:, 0]


def _descend(
    generator: nn.Module,
    images: Tensor,
    start: Tensor,
    loss: Loss,
    steps: int,
    rate: float,
    onto: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Adam from `start`, and the best codes that it met: (B, d) and their losses (B,)."""
    codes = onto(start.detach().clone()).requires_grad_(True)
    # a short memory of the squares: along the way gradients shrink by orders of magnitude
    adam = torch.optim.Adam([codes], rate, betas=(0.9, 0.99), fused=True)
    best, least = codes.detach().clone(), torch.full((len(codes),), math.inf).to(codes)
    for step in range(steps + 1):
        losses = loss(generator(codes), images)
        with torch.no_grad():
            better = losses < least
            least = torch.where(better, losses, least)
            best = torch.where(better[:, None], codes, best)
        if step == steps:  # this pass has seen what the last step made
            # an image that was never finite must not pass for one that is badly fitted
            return best, torch.where(least.isinf(), losses.detach(), least)
        (codes.grad,) = torch.autograd.grad(losses.sum(), codes)
        adam.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
        adam.step()
        with torch.no_grad():
            codes.copy_(onto(codes))
    raise AssertionError("the last pass returns")


def _starts(
    generator: nn.Module,
    images: Tensor,
    start: str | Tensor,
    latents: Draws | None,
    pool: int,
    restarts: int,
    batch: int,
    seed: int,
) -> Tensor:
    """(N, restarts, d). What an image gets depends on it and on the seed, never on the others."""
    n = len(images)
    if isinstance(start, Tensor):
        return start.to(images.device, images.dtype)[:, None]
    if start == "zeros":
        return images.new_zeros(n, 1, generator.latent)
    draw = seeds.generator(seed, purpose="inversion/starts")  # on the CPU: the same codes on every device
    count = restarts if start == "drawn" else max(pool, restarts)
    drawn = latents(count, draw) if latents else torch.randn(count, generator.latent, generator=draw)
    drawn = drawn.to(images.device, images.dtype)
    if start == "drawn":
        return drawn.expand(n, *drawn.shape)
    nearest = []
    with torch.no_grad():
        made = torch.cat([generator(z).flatten(1) for z in drawn.split(batch)])
        lengths = made.square().sum(1)
        for x in images.split(batch):  # |x − g|² less |x|², which is the same for all g
            distances = torch.addmm(lengths, x.flatten(1), made.T, alpha=-2)
            nearest.append(distances.topk(restarts, largest=False).indices)
    return drawn[torch.cat(nearest)]


PROJECTIONS: dict[str | None, Callable[[Tensor], Tensor]] = {
    None: lambda codes: codes,
    "ball": partial(project, space="ball"),
    "sphere": partial(project, space="sphere"),
}


def _per_image(name: str) -> Loss:
    named = loss_named(name)
    return lambda made, images: named(made, images, reduction="image")


@contextmanager
def _still(generator: nn.Module):
    """The generator for evaluation, its weights without gradients, in their own precision. Yields device and dtype."""
    weight = next(generator.parameters())
    training = generator.training
    generator.eval()
    generator.to(memory_format=torch.channels_last)  # another order in memory, the same weights
    try:
        with frozen(generator), torch.autocast(weight.device.type, enabled=False):
            yield weight.device, weight.dtype
    finally:
        generator.train(training)


def _check(images: Tensor, start, constraint, loss, polish: int, least: int) -> None:
    if images.ndim != 4 or len(images) == 0:
        raise UsageError(f"codes are found for images (N, C, H, W), not for {tuple(images.shape)}.")
    if constraint not in PROJECTIONS:
        raise UsageError(f"constraint must be ball, sphere or None, not {constraint!r}.")
    if isinstance(start, Tensor):
        if start.ndim != 2 or len(start) != len(images):
            raise UsageError(f"give one start an image: ({len(images)}, d), not {tuple(start.shape)}.")
    elif start not in ("nearest", "drawn", "zeros"):
        raise UsageError(f"start must be nearest, drawn, zeros or codes, not {start!r}.")
    if least < 1 or polish < 0:
        raise UsageError("steps, restarts, batch and pool are counted: give at least 1.")
    if polish and loss != "l2":
        raise UsageError("polishing is for squared error: give loss='l2' with polish, or leave polish out.")


def _check_finite(losses: Tensor, rate: float) -> None:
    wrong = int((~losses.isfinite()).sum())
    if wrong:
        raise CourseError(
            f"the codes of {wrong} of {len(losses)} images have no finite loss: look at the images and the generator's "
            f"weights for NaN, or give a rate below {rate:g}."
        )
