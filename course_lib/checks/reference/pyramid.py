"""Lap₁, and the ways of getting it wrong."""

import torch
from torch import Tensor

from course_lib.objectives import reconstruction as losses


def shrink(images: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H/2, W/2): blurred, every second pixel of it. Linear. Even sides of 4 pixels and more."""
    (rows, _), (columns, _) = (losses.halving(n, images.dtype, images.device) for n in images.shape[-2:])
    return rows @ images @ columns.T


def enlarge(images: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2H, 2W), smoothly. Linear."""
    sides = (2 * n for n in images.shape[-2:])
    (_, rows), (_, columns) = (losses.halving(n, images.dtype, images.device) for n in sides)
    return rows @ images @ columns.T


def pyramid(images: Tensor, levels: int, bands: bool = True) -> list[Tensor]:
    """Laplacian, or without `bands` the blurred images themselves."""
    parts = []
    for _ in range(levels):
        smaller = shrink(images)
        parts.append(images - enlarge(smaller) if bands else images)
        images = smaller
    return [*parts, images]


def lap1(
    reconstructions: Tensor,
    images: Tensor,
    levels: int,
    *,
    bands: bool = True,
    base: float = 4.0,  # level j weighs base^j
    reverse: bool = False,  # … or base^(levels − j)
    rest: float | None = None,  # the weight of the last level, if it is not that of the rule
    power: int = 1,
    of: str = "difference",  # | "lengths": absolute values first | "signed": none
) -> Tensor:
    """Lap₁ as a mean over batch and pixels, as it should be by default, or with a fault."""
    total = torch.zeros(())
    both = zip(pyramid(reconstructions, levels, bands), pyramid(images, levels, bands), strict=True)
    for j, (a, b) in enumerate(both):
        weight = base ** (levels - j if reverse else j)
        if rest is not None and j == levels:
            weight = rest
        gap = a.abs() - b.abs() if of == "lengths" else a - b
        total = total + weight * (gap if of == "signed" else gap.abs() ** power).sum()
    return total / images.numel()


# diagnosis -> the faults that lead to it, each as arguments of `lap1`
PYRAMID_FAULTS = {
    "no-bands": [{"bands": False}, {"bands": False, "base": 1.0}],
    "rest-missing": [{"rest": 0.0}],
    "rest-weight": [{"rest": 1.0}],
    "no-weights": [{"base": 1.0}],
    "two-to-the-j": [{"base": 2.0}],
    "upside-down": [{"base": 0.25}, {"reverse": True}],
    "paid-twice": [{"base": 16.0}],
    "squared": [{"power": 2}],
    "absolute-first": [{"of": "lengths"}],
    "signed": [{"of": "signed"}],
}
