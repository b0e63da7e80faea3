"""What a reconstruction is worth, by every measure at once: squared error, pSNR, Lap₁, and what a network perceives."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.perception import Judge
from course_lib.evaluation.reconstruction import perceptual_distance, psnr_per_image
from course_lib.inversion.distances import suited_judge
from course_lib.objectives.reconstruction import LEVELS, lap1

NAMES = ("mse", "psnr", "lap1", "perceptual")


@dataclass(frozen=True, eq=False)
class Measures:
    """Of N images, each float64 (N,). All but `psnr`, in dB, are distances: 0 is perfect.

    mse: with images in [-1, 1]. lap1: as in `objectives.reconstruction`. perceptual: by `judge`, whose
    name goes with every number; nan where no network for such images is on this machine. lap1 is nan for images too
    small for its pyramid.
    """

    mse: Tensor = field(repr=False)
    psnr: Tensor = field(repr=False)
    lap1: Tensor = field(repr=False)
    perceptual: Tensor = field(repr=False)
    judge: str

    def __len__(self) -> int:
        return len(self.mse)

    def to_json(self) -> dict[str, Any]:
        """Means with their standard errors, and each image's values. What is not a number, or infinite, is null."""
        each = {name: getattr(self, name) for name in NAMES}
        return {
            "images": len(self),
            "judge": self.judge,
            "mean": {name: plain(value.mean().item()) for name, value in each.items()},
            "standard_error": {name: plain(standard_error(value)) for name, value in each.items()},
            "each": {name: [plain(v) for v in value.tolist()] for name, value in each.items()},
        }


def standard_error(values: Tensor) -> float:
    """Of the mean of (N,): its interval is ± 1.96 times this. nan for a single value."""
    return values.std().item() / math.sqrt(len(values)) if len(values) > 1 else math.nan


def plain(value: float) -> float | None:
    """A number as JSON has it, to six digits."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


@torch.no_grad()
def measured(images: Tensor, made: Tensor, judge: Judge | str | None = None) -> Measures:
    """Compare images with their reconstructions, both (N, C, H, W) in [-1, 1].

    judge: as in `distances.distance_named`; None takes what suits, and does without where there is nothing.
    Raises UsageError for shapes that differ and for a network that is asked for and not here.
    """
    images, made = images.float().cpu(), made.float().cpu()
    psnr = psnr_per_image(images, made)
    mse = (images - made).double().square().flatten(1).mean(1)
    nothing = torch.full((len(images),), math.nan, dtype=torch.float64)
    small = min(images.shape[2:]) < 2**LEVELS
    pyramids = nothing if small else lap1(made, images, reduction="image").double()
    try:
        judge = judge if isinstance(judge, Judge) else suited_judge(images.shape[1], images.shape[2], judge)
        perceived, name = perceptual_distance(images, made, judge).per_image.double(), judge.name
    except (CourseError, UsageError):
        if judge is not None:
            raise
        perceived, name = nothing, "none is on this machine"
    return Measures(mse, psnr, pyramids, perceived, name)


def joined(parts: list[Measures]) -> Measures:
    """The measures of several batches as one."""
    each = [torch.cat([getattr(part, name) for part in parts]) for name in NAMES]
    return Measures(*each, parts[0].judge)
