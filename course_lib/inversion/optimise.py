"""Codes of images by optimisation: gradient descent on the code through a generator that stays as it is.

Lipton and Tripathi (2017), Zhu et al. (2016); Bojanowski et al. (2018), section 4.4, find the codes of test images so.
Nothing couples the images of a batch: their losses are added up, and each gets the gradient that it would get alone.
Public projectors do one image at a time; batches give the same codes many times as fast.
"""

import dataclasses
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib.errors import CourseError, UsageError
from course_lib.inversion.descent import Descent, Loss, best_of
from course_lib.inversion.gauss_newton import levenberg_marquardt
from course_lib.inversion.starts import Start, starts
from course_lib.methods.protocol import frozen
from course_lib.methods.spaces import Space
from course_lib.networks.folding import folded
from course_lib.objectives.reconstruction import loss_named

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, eq=False)
class Found:
    """codes (N, ...) and the loss of each, (N,), both float32 and on the generator's device."""

    codes: Tensor
    losses: Tensor

    def __len__(self) -> int:
        return len(self.codes)


def z_space(generator: nn.Module) -> Space:
    """Z of a generator (B, d) -> images that was trained on N(0, I), with `latent` as attribute."""
    latent: int = generator.latent  # type: ignore[assignment]

    def draw(n: int, draws: torch.Generator) -> Tensor:
        return torch.randn(n, latent, generator=draws, device=draws.device)

    return Space("z", (latent,), generator, draw)


def codes_of(
    space: Space | nn.Module,
    images: Tensor,
    *,
    loss: str | Loss = "l2",
    start: Start | Tensor | None = None,
    descent: Descent | None = None,
    polish: int = 0,
    batch: int = 256,
    seed: int = 0,
    precision: Precision = "fp32",
) -> Found:
    """The codes that reconstruct images best, found by Adam on all of a batch at once.

    space: where they are searched (`method.space`), or a generator, whose space is then Z. Neither the weights of the
    generator nor its mode change.
    images: (N, C, H, W) in [-1, 1].
    loss: a name in `objectives.reconstruction.RECONSTRUCTION`, for its mean over each image's pixels, or a function.
    start: how each search begins, or codes (N, *shape).
    polish: steps of Levenberg and Marquardt at the end (`inversion.gauss_newton`), for "l2" alone. Each costs as much
        as some 75 of Adam's, and they converge to machine precision where Adam's would take thousands.
    batch: codes that go through the generator together; it changes nothing but speed and memory.
    precision: of the generator's products during the descent; codes, losses, starts and polish are in its own.

    Raises UsageError for settings that cannot be meant, CourseError when a loss is not finite.
    """
    space = z_space(space) if isinstance(space, nn.Module) else space
    start, descent = Start() if start is None else start, descent or Descent()
    _check(images, start, loss, polish, batch)
    measure = _per_image(loss) if isinstance(loss, str) else loss
    with still(space.decode) as (device, dtype):
        # hundreds of passes, and the running statistics stay
        space = dataclasses.replace(space, decode=folded(space.decode))
        searched = space if precision == "fp32" else dataclasses.replace(space, decode=Float32(space.decode))
        images = images.to(device, dtype, memory_format=torch.channels_last)
        if isinstance(start, Tensor):
            begins = start.to(device, dtype)[:, None]
        else:
            begins = starts(space, images, start, batch, seed)  # (N, restarts, *shape)
        codes, losses = [], []
        size = max(1, batch // begins.shape[1])
        for x, z in zip(images.split(size), begins.split(size), strict=True):
            numbers = image_numbers(x) if descent.jitter else None
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                z, value = best_of(searched, x, z, measure, descent, numbers, seed)
            if polish:
                z = polished(space, x, z, polish)
                with torch.no_grad():
                    value = measure(space.decode(z), x)
            _check_finite(value, descent.rate)
            codes.append(z)
            losses.append(value)
    return Found(torch.cat(codes).float(), torch.cat(losses).float())


def polished(space: Space, images: Tensor, codes: Tensor, steps: int) -> Tensor:
    """Codes (B, *shape) after at most `steps` steps of Levenberg and Marquardt, which sees each code as one vector."""
    shape = codes.shape[1:]
    if len(shape) == 1:
        return levenberg_marquardt(space.decode, images, codes, steps, space.project)
    decode = nn.Sequential(nn.Unflatten(1, shape), space.decode)

    def onto(flat: Tensor) -> Tensor:
        return space.project(flat.unflatten(1, shape)).flatten(1)

    return levenberg_marquardt(decode, images, codes.flatten(1), steps, onto).unflatten(1, shape)


def image_numbers(images: Tensor) -> list[int]:
    """A number for each image (B, C, H, W), which depends on its content alone."""
    pixels = images.detach().float().cpu().contiguous().numpy()
    return [
        int.from_bytes(hashlib.blake2b(image.tobytes(), digest_size=7).digest(), "little") for image in pixels
    ]


class Float32(nn.Module):
    """A generator under autocast, whose images come back in float32: what follows adds up many small numbers."""

    def __init__(self, decode: nn.Module):
        super().__init__()
        self.decode = decode

    def forward(self, codes: Tensor) -> Tensor:
        return self.decode(codes).float()


@torch.no_grad()
def reconstructions(generator: nn.Module, codes: Tensor, batch: int = 256) -> Tensor:
    """(N, d) -> float32 (N, C, H, W) on the CPU, with batch normalisation by its running statistics."""
    with still(generator) as (device, dtype):
        return torch.cat([generator(z).float().cpu() for z in codes.to(device, dtype).split(batch)])


def _per_image(name: str) -> Loss:
    named = loss_named(name)
    return lambda made, images: named(made, images, reduction="image")


@contextmanager
def still(generator: nn.Module) -> Iterator[tuple[torch.device, torch.dtype]]:
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


def _check(images: Tensor, start: Start | Tensor, loss: str | Loss, polish: int, batch: int) -> None:
    if images.ndim != 4 or len(images) == 0:
        raise UsageError(f"codes are found for images (N, C, H, W), not for {tuple(images.shape)}.")
    if isinstance(start, Tensor) and (start.ndim < 2 or len(start) != len(images)):
        raise UsageError(f"give one start an image: ({len(images)}, d), not {tuple(start.shape)}.")
    if batch < 1 or polish < 0:
        raise UsageError("batch counts codes and polish counts steps: give at least 1, and at least 0.")
    if polish and loss != "l2":
        raise UsageError("polishing is for squared error: give loss='l2' with polish, or leave polish out.")


def _check_finite(losses: Tensor, rate: float) -> None:
    wrong = int((~losses.isfinite()).sum())
    if wrong:
        raise CourseError(
            f"the codes of {wrong} of {len(losses)} images have no finite loss: look at the images and the generator's "
            f"weights for NaN, or give a rate below {rate:g}."
        )
