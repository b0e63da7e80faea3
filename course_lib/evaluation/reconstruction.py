"""How near a reconstruction is to its image: pSNR, SSIM, and the distance that a network perceives.

Images are (N, C, H, W) in [-1, 1] throughout; pSNR and SSIM see them as (x + 1)/2, in [0, 1], so that MAX = 1.
Nothing is clamped: what a model makes outside the range counts as it is.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.evaluation.features import check_images
from course_lib.evaluation.perception import Judge, judge_of

WINDOW, SIGMA = 11, 1.5  # pixels: Gaussian window of Wang et al. (2004), section III-C
K1, K2 = 0.01, 0.03


def psnr_per_image(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image, 20 log10(MAX/√MSE) in dB with MAX = 1: (N,), float64.

    Higher is nearer; +inf where the two are equal. Bojanowski et al. (2018), equation 2, print −20, which is a
    slip: by that sign a perfect reconstruction would have −inf, and none of the numbers in their Table 1.
    Raises UsageError unless both are (N, C, H, W) of one shape.
    """
    a, b = _in_unit_range(images, reconstructions)
    return -10 * (a - b).square().flatten(1).mean(1).log10()


def psnr(images: Tensor, reconstructions: Tensor) -> float:
    """Mean over images of `psnr_per_image`, in dB, as Bojanowski et al. (2018), Table 1, average.

    This is not the pSNR of the mean error, which by Jensen's inequality is never higher. One perfect
    reconstruction makes the mean +inf.
    """
    return psnr_per_image(images, reconstructions).mean().item()


class PairDistances(NamedTuple):
    """Mean Euclidean distances from an image to its own reconstruction, and to those of all other images."""

    own: float
    others: float

    @property
    def ratio(self) -> float:
        """1 where a reconstruction is no nearer to its image than another's is."""
        return self.own / self.others


def pair_distances(images: Tensor, reconstructions: Tensor) -> PairDistances:
    """How near N reconstructions are to their images, beside how near they are to others': exact over all pairs.

    Donahue et al. (2017), section 4.4, judge an encoder so (5.95 against 9.60 on MNIST, by l2), since an image that
    is drawn well and shows something else is near by neither measure of quality. Raises UsageError for shapes that
    differ and for fewer than two images.
    """
    a, b = _in_unit_range(images, reconstructions)
    if len(a) < 2:
        raise UsageError("one image has no others to be compared with: give at least two.")
    every = torch.cdist(a.flatten(1), b.flatten(1), compute_mode="donot_use_mm_for_euclid_dist")
    own = every.diagonal().sum()
    return PairDistances(own.item() / len(a), (every.sum() - own).item() / (len(a) * (len(a) - 1)))


def ssim_per_image(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Structural similarity of each pair, in [-1, 1] with 1 for equal images: (N,), float64.

    Wang, Bovik, Sheikh and Simoncelli (2004), equation 13, averaged over positions and channels: a Gaussian
    window of 11 × 11 pixels and σ = 1.5, at the positions where it lies wholly inside the image, dynamic range
    L = 1, K1 = 0.01, K2 = 0.03, population variances. Implementations that pad the border give other values.
    Raises UsageError for shapes that differ and for images smaller than the window.
    """
    a, b = _in_unit_range(images, reconstructions)
    if min(a.shape[2:]) < WINDOW:
        raise UsageError(
            f"SSIM looks through a window of {WINDOW} × {WINDOW} pixels, which images of {a.shape[2]} × "
            f"{a.shape[3]} do not hold: measure larger ones."
        )
    channels = a.shape[1]
    mean_a, mean_b, square_a, square_b, product = (_blurred(x) for x in (a, b, a.square(), b.square(), a * b))
    c1, c2 = K1**2, K2**2
    variance_a = (square_a - mean_a.square()).clamp(min=0)
    variance_b = (square_b - mean_b.square()).clamp(min=0)
    covariance = product - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return (luminance * structure).reshape(len(a), channels, -1).mean((1, 2))


def ssim(images: Tensor, reconstructions: Tensor) -> float:
    """Mean over images of `ssim_per_image`."""
    return ssim_per_image(images, reconstructions).mean().item()


class PerceptualDistance(NamedTuple):
    """A mean distance, the name of the network that measured it, and the distance of each image (N,), float64.

    Values of different judges, and of different resolutions, cannot be compared.
    """

    value: float
    judge: str
    per_image: Tensor


@torch.no_grad()
def perceptual_distance(
    images: Tensor, reconstructions: Tensor, judge: Judge | str | None = None, *, batch: int = 100
) -> PerceptualDistance:
    """Distance between what a network makes of two images at several depths; 0 for equal images.

    Zhang et al. (2018), "The unreasonable effectiveness of deep features", equation 1, with every channel's
    weight w = 1: at each stage the vector of channels at each position is scaled to length 1, squared
    differences are summed over channels and averaged over positions, and the stages are added up.

    judge: an extractor or its name, or a network from `perception.vgg16`. None means VGG-16 where its weights
    are on this machine, and the course's own Fashion-MNIST classifier otherwise; the result names which.
    Raises UsageError for shapes that differ, CourseError for images that the judge was not made for.
    """
    _checked(images, reconstructions)
    judge = judge_of(judge)
    check_images(images)
    check_images(reconstructions)
    pairs = zip(images.split(batch), reconstructions.split(batch), strict=True)
    values = torch.cat([_difference(judge.stages(a), judge.stages(b)) for a, b in pairs]).cpu()
    return PerceptualDistance(values.mean().item(), judge.name, values)


def _difference(stages_a: list[Tensor], stages_b: list[Tensor]) -> Tensor:
    total = 0
    for a, b in zip(stages_a, stages_b, strict=True):
        a, b = F.normalize(a.double(), dim=1, eps=1e-10), F.normalize(b.double(), dim=1, eps=1e-10)
        total = total + (a - b).square().sum(1).mean((1, 2))
    return total


def _blurred(x: Tensor) -> Tensor:
    """Means under the window at every position inside: (N, C, H, W) -> (N·C, 1, H − 10, W − 10)."""
    at = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    profile = torch.exp(-at.square() / (2 * SIGMA**2))
    profile = profile / profile.sum()
    rows = F.conv2d(x.reshape(-1, 1, *x.shape[2:]), profile.view(1, 1, -1, 1))  # the window is separable
    return F.conv2d(rows, profile.view(1, 1, 1, -1))


def _in_unit_range(images: Tensor, reconstructions: Tensor) -> tuple[Tensor, Tensor]:
    _checked(images, reconstructions)
    return (images.detach().double() + 1) / 2, (reconstructions.detach().double() + 1) / 2


def _checked(images: Tensor, reconstructions: Tensor) -> None:
    if images.shape != reconstructions.shape or images.ndim != 4 or 0 in images.shape:
        raise UsageError(
            f"Reconstructions are compared with as many images of their shape (N, C, H, W), not "
            f"{tuple(reconstructions.shape)} with {tuple(images.shape)}."
        )
