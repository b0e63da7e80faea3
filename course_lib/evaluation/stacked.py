"""Modes of stacked images: which of 1,000 three-digit numbers a generator shows, and how evenly."""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.features import Extractor, extractor

MODES = 1000


@dataclass(frozen=True)
class StackedCoverage:
    """What `stacked_coverage` found on `samples` images, as read by `judge`.

    modes of 1,000 were seen, `missing` were not; kl_to_data is KL(samples' modes ‖ data's modes) in nats, from 0
    to log 1000 = 6.9 for one mode of even data, +inf when a sample shows what the data never do.
    digit_accuracy: share of single digits that the judge reads rightly, as its zoo entry states; None where it
        states none. A wrong reading fills in a mode that was not made: at 99.5% per digit 1.5% of images err.
    """

    modes: int
    missing: tuple[int, ...] = field(repr=False)
    kl_to_data: float
    samples: int
    judge: str
    digit_accuracy: float | None
    counts: tuple[int, ...] = field(repr=False)


def stacked_coverage(
    images: Tensor,
    judge: Extractor | str = "digits-classifier",
    *,
    data_shares: Tensor | None = None,
    minimum: int = 1,
) -> StackedCoverage:
    """Count the modes among stacked images (N, 3, H, H) in [-1, 1]; a mode is seen from `minimum` images on.

    Metz et al. (2017), section 3.3, and Lin et al. (2018), section 4.2, who count on 26,000 samples; their
    divergence is from the data's modes to the samples', KL(samples ‖ data). data_shares: (1000,), share of each
    number in the data (`data.stacked.shares` of its labels); even when None. With N samples of a perfect
    generator the divergence is not 0 but near 999/2N: 0.019 nats at 26,000.

    The judge must know the digits that were stacked: the zoo's, taught on scikit-learn's, reads a quarter of
    MNIST's. For stacked-mnist, train `course train classifier-digits --data mnist --resolution 32` and put the
    classifier of that run into an `Extractor`.
    Raises as `read_numbers`, and UsageError for shares of another shape.
    """
    judge = extractor(judge) if isinstance(judge, str) else judge
    counts = torch.bincount(read_numbers(images, judge), minlength=MODES)
    return coverage_of(counts, judge.name, judge.accuracy, data_shares=data_shares, minimum=minimum)


def coverage_of(
    counts: Tensor,
    judge: str,
    digit_accuracy: float | None = None,
    *,
    data_shares: Tensor | None = None,
    minimum: int = 1,
) -> StackedCoverage:
    """`stacked_coverage` from the number of images of each mode, int64 (1000,)."""
    if counts.shape != (MODES,) or counts.sum() == 0:
        raise UsageError(f"Counts are of shape ({MODES},) and not all zero, unlike {tuple(counts.shape)}.")
    data = torch.full((MODES,), 1 / MODES) if data_shares is None else data_shares
    if data.shape != (MODES,) or (data < 0).any():
        raise UsageError(f"Shares of the data's modes are {MODES} numbers from 0, not {tuple(data.shape)}.")
    data = data.double() / data.double().sum()
    share = counts.double() / counts.sum()
    divergence = (torch.xlogy(share, share) - torch.xlogy(share, data)).sum()
    return StackedCoverage(
        modes=int((counts >= minimum).sum()),
        missing=tuple((counts < minimum).nonzero().flatten().tolist()),
        kl_to_data=divergence.item(),
        samples=int(counts.sum()),
        judge=judge,
        digit_accuracy=digit_accuracy,
        counts=tuple(counts.tolist()),
    )


def read_numbers(images: Tensor, judge: Extractor) -> Tensor:
    """The three-digit number on each image (N, 3, H, H) in [-1, 1], 100 × red + 10 × green + blue: int64 (N,), CPU.

    Images of another resolution than the judge's are brought to it: averaged over areas, or interpolated.
    Raises UsageError for images that are not of three colours or not finite, CourseError for a judge that does
    not tell ten classes.
    """
    if images.ndim != 4 or images.shape[1] != 3 or len(images) == 0:
        raise UsageError(f"Stacked images are (N, 3, H, H) with N ≥ 1, not {tuple(images.shape)}.")
    if not images.isfinite().all():
        raise UsageError("Some images are not finite, so no digit can be read: look at what makes them.")
    resolution = getattr(judge.network, "resolution", images.shape[2])
    digits = torch.cat([_read(part, judge, resolution) for part in images.split(2048)])
    return digits @ torch.tensor([100, 10, 1])


def _read(images: Tensor, judge: Extractor, resolution: int) -> Tensor:
    planes = images.float().reshape(-1, 1, *images.shape[2:])
    if resolution < planes.shape[2]:
        planes = F.interpolate(planes, (resolution, resolution), mode="area")
    elif resolution > planes.shape[2]:
        planes = F.interpolate(planes, (resolution, resolution), mode="bilinear")
    logits = judge.logits(planes)
    if logits.shape[1] != 10:
        raise CourseError(f"{judge.name} tells {logits.shape[1]} classes apart: digits need a judge of ten.")
    return logits.argmax(1).reshape(-1, 3).cpu()
