"""From one image to another through the images between their codes."""

import torch
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.theory import interpolation


def between(first: Tensor, second: Tensor, frames: int, *, spherical: bool = False) -> Tensor:
    """Codes on the way from (B, *shape) to (B, *shape): (B, frames, *shape), both ends included.

    Straight in W and W+, which the generator knows between its codes too. `spherical` for codes of N(0, I), whose
    middles are otherwise shorter than any that it was trained on.
    Raises UsageError for ends of two shapes and fewer than two frames.
    """
    if first.shape != second.shape or first.ndim < 2 or frames < 2:
        raise UsageError(
            f"a morph has two ends of one shape (B, ...) and at least 2 frames, not {tuple(first.shape)}, "
            f"{tuple(second.shape)} and {frames}."
        )
    t = torch.linspace(0, 1, frames, dtype=first.dtype, device=first.device)[:, None]
    way = interpolation.spherical if spherical else interpolation.linear
    ends = (end.flatten(1)[:, None].expand(-1, frames, -1) for end in (first, second))
    return way(*ends, t).unflatten(2, first.shape[1:])


@torch.no_grad()
def images_of(decode: nn.Module, codes: Tensor, batch: int = 256) -> Tensor:
    """Codes (B, frames, *shape) -> images (B, frames, C, H, W)."""
    made = torch.cat([decode(part) for part in codes.flatten(0, 1).split(batch)])
    return made.unflatten(0, codes.shape[:2])
