"""Two measures of nearness for the exercises of Chapter 9, Lap₁ and decibels, with the ways of getting them wrong."""

import math

import torch
from torch import Tensor

from course_lib.checks.trial import Trial
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
    found = []
    for _ in range(levels):
        smaller = shrink(images)
        found.append(images - enlarge(smaller) if bands else images)
        images = smaller
    return [*found, images]


def lap1(
    made: Tensor,
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
    both = zip(pyramid(made, levels, bands), pyramid(images, levels, bands), strict=True)
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


# decibels


def spoilt(trial: Trial) -> tuple[Tensor, Tensor]:
    """Five images (5, 2, 3, 4) in [-1, 1] and reconstructions, from good to bad, some pixels outside the range."""
    shape = (5, 2, 3, 4)
    images = trial.draw.uniform(*shape, purpose="images").double()
    noise = torch.tensor([0.05, 0.1, 0.2, 0.4, 0.8]).view(-1, 1, 1, 1)
    return images, images + noise * trial.draw.normal(*shape, purpose="noise")


def wrong_decibels(images: Tensor, made: Tensor) -> dict[str, list[Tensor]]:
    """diagnosis -> what that reading of the convention gives."""

    def decibels(errors: Tensor) -> Tensor:
        return -10 * errors.log10()

    errors = ((images - made) / 2).square()
    each = errors.flatten(1).mean(1)
    right, double = decibels(each).mean(), 20 * math.log10(2)
    brightest = ((images + 1) / 2).flatten(1).max(1).values
    clamped = ((images - made.clamp(-1, 1)) / 2).square().flatten(1).mean(1)
    return {
        "range": [right - double],
        "peak": [right + double],
        "byte": [right + 20 * math.log10(255), right + 20 * math.log10(255 / 2)],
        "brightest": [
            right + 20 * brightest.log10().mean(),
            right + 20 * brightest.max().log10(),
            right - double + 20 * images.max().log10(),
            right - double + 20 * images.flatten(1).max(1).values.log10().mean(),
        ],
        "mean-error": [decibels(each.mean()) + more for more in (0, -double, double)],
        "misprint": [-right, double - right],
        "halved": [right / 2],
        "not-root": [2 * right],
        "natural": [right * math.log(10), -10 * each.mean().log()],
        "pixels": [decibels(errors.mean(d)).mean() for d in ((2, 3), 3, 1, 2, (1, 2), (1, 3))]
        + [decibels(errors).mean()],
        "clamped": [decibels(clamped).mean()],
    }
