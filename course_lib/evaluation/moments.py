"""What a picture of one bright thing looks like, in three numbers: how much ink, how slanted, how wide.

Images are (B, C, H, W) in [-1, 1], dark where nothing is. They are read as mass (x + 1) / 2, averaged over channels; a
picture without any mass has the slant and the width 0.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Moments(NamedTuple):
    """Each (B,). ink: mean mass of a pixel, in [0, 1]. slant: how far to the right the thing leans for each pixel up,
    by its second moments (the shear that `deskewing` undoes). width: standard deviation across, as a share of W, of
    what is left when the slant is taken off."""

    ink: Tensor
    slant: Tensor
    width: Tensor


def moments(images: Tensor) -> Moments:
    """Ink, slant and width of images."""
    mass = ((images.double() + 1) / 2).clamp(min=0).mean(1)  # (B, H, W)
    height, across = mass.shape[1:]
    total = mass.sum((1, 2))
    safe = total.clamp(min=1e-12)
    up = -torch.arange(height, dtype=mass.dtype, device=mass.device)[:, None]
    right = torch.arange(across, dtype=mass.dtype, device=mass.device)[None, :]

    def mean(of: Tensor) -> Tensor:
        return (mass * of).sum((1, 2)) / safe

    u, r = up - mean(up)[:, None, None], right - mean(right)[:, None, None]
    upright, mixed, wide = mean(u * u), mean(u * r), mean(r * r)
    slant = torch.where(upright > 0, mixed / upright.clamp(min=1e-12), 0.0)
    left = (wide - slant * mixed).clamp(min=0)
    return Moments(total / (height * across), slant, left.sqrt() / across)


def explained(numbers: Tensor, property: Tensor) -> Tensor:
    """R²: the share of a property's variance (N,) that each of d numbers (N, d) explains by a straight line: (d,)."""
    x = numbers.double() - numbers.double().mean(0)
    y = property.double() - property.double().mean()
    scale = (x.square().sum(0) * y.square().sum()).clamp(min=1e-30)
    return (x * y[:, None]).sum(0).square() / scale
