"""Decibels, and the readings of their convention that are not Table 1's."""

import math

import torch
from torch import Tensor

from course_lib.checks.engine.trial import Trial


def spoilt(trial: Trial) -> tuple[Tensor, Tensor]:
    """Five images (5, 2, 3, 4) in [-1, 1] and reconstructions, from good to bad, some pixels outside the range."""
    shape = (5, 2, 3, 4)
    images = trial.draw.uniform(*shape, purpose="images").double()
    noise = torch.tensor([0.05, 0.1, 0.2, 0.4, 0.8]).view(-1, 1, 1, 1)
    return images, images + noise * trial.draw.normal(*shape, purpose="noise")


def wrong_decibels(images: Tensor, reconstructions: Tensor) -> dict[str, list[Tensor]]:
    """diagnosis -> what that reading of the convention gives."""

    def decibels(errors: Tensor) -> Tensor:
        return -10 * errors.log10()

    errors = ((images - reconstructions) / 2).square()
    each = errors.flatten(1).mean(1)
    right, double = decibels(each).mean(), 20 * math.log10(2)
    brightest = ((images + 1) / 2).flatten(1).max(1).values
    clamped = ((images - reconstructions.clamp(-1, 1)) / 2).square().flatten(1).mean(1)
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
