"""How far a reconstruction is from its image: squared error, Laplacian pyramids, and distances of features.

Every loss takes (B, C, H, W) reconstructions and images and a `reduction`: "mean" is one number, the mean over batch
and pixels; "image" (B,), the mean over the pixels of each; "sum" (B,), the sum over the pixels of each. By pixels
all C·H·W numbers of an image are meant.

Rates of gradient descent go with the reduction: those of Bojanowski et al. (2018), 1 for the generator and 10 for the
codes, belong to "mean". Their formulas are printed as sums.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from course_lib.errors import UsageError

KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)  # binomial, nearly a Gaussian of standard deviation 1 pixel
LEVELS = 3  # bands of the pyramid; the blurred rest comes on top


def l2(reconstructions: Tensor, images: Tensor, *, reduction: str = "mean") -> Tensor:
    """Squared error."""
    _check(reconstructions, images)
    sums = (reconstructions - images).square().flatten(1).sum(1)
    return reduced(sums, images[0].numel(), reduction)


def lap1(
    reconstructions: Tensor,
    images: Tensor,
    *,
    levels: int = LEVELS,
    exponent: float = 2.0,
    reduction: str = "mean",
) -> Tensor:
    """Σ_j 2^(exponent·j) |L^j(x) − L^j(x')|₁ over the levels of two Laplacian pyramids, the finest being j = 0.

    Ling and Okada (2006); Bojanowski et al. (2018), section 2, with exponent 2. A level has a quarter of the pixels
    of the one before it, so 4^j times its sum, over the number of pixels of the image, is its mean: exponent 2
    gives every level the same weight per mean, and not, as the paper says, more to the fine ones. Exponent 0 weighs
    sums alike, which favours fine levels fourfold at each step; −2 is printed elsewhere and favours them more.

    A side of odd length is halved upwards, and then a level has more than a quarter of the pixels. What this keeps at
    every size is the meaning of the exponents: level j weighs (pixels of the image / pixels of level j)^(exponent/2),
    which is the printed 2^(exponent·j) wherever the sides can be halved `levels` times.

    levels: bands; the blurred rest is the level after them and counts too.
    Raises UsageError for images too small for so many levels.
    """
    _check(reconstructions, images)
    # the pyramid is linear: that of the difference is the difference of the two, at half the work
    pyramid = laplacian_pyramid(reconstructions - images, levels)
    pixels = images[0].numel()
    weighted = [
        (pixels / level[0].numel()) ** (exponent / 2) * level.abs().flatten(1).sum(1) for level in pyramid
    ]
    return reduced(torch.stack(weighted).sum(0), pixels, reduction)


def l2_lap1(
    reconstructions: Tensor,
    images: Tensor,
    *,
    weight: float = 1.0,
    levels: int = LEVELS,
    exponent: float = 2.0,
    reduction: str = "mean",
) -> Tensor:
    """Squared error + weight·Lap₁, which keeps colours. The paper combines the two and prints no weight."""
    pyramid = lap1(reconstructions, images, levels=levels, exponent=exponent, reduction=reduction)
    return l2(reconstructions, images, reduction=reduction) + weight * pyramid


def perceptual(
    reconstructions: Tensor,
    images: Tensor,
    stages: Callable[[Tensor], list[Tensor]],
    *,
    reduction: str = "mean",
) -> Tensor:
    """Distance between what a network makes of two images, added up over its stages.

    Zhang et al. (2018), equation 1, with every channel's weight 1: vectors of channels are scaled to length 1, their
    squared differences summed over channels and averaged over positions. stages: images -> maps (B, c, h, w), one
    a depth, through which gradients must flow: those of `evaluation.perception.vgg16` do, an extractor's do not.
    It counts positions and not pixels, so "sum" is the same as "image". The gradient with respect to `images` is not
    taken.
    """
    _check(reconstructions, images)
    with torch.no_grad():
        wanted = [_unit(features) for features in stages(images)]
    found = [_unit(features) for features in stages(reconstructions)]
    distances = [(a - b).square().sum(1).mean((1, 2)) for a, b in zip(found, wanted, strict=True)]
    return reduced(torch.stack(distances).sum(0), 1, reduction)


RECONSTRUCTION: dict[str, Callable[..., Tensor]] = {"l2": l2, "lap1": lap1, "l2+lap1": l2_lap1}


def loss_named(
    name: str, *, levels: int = LEVELS, exponent: float = 2.0, weight: float = 1.0
) -> Callable[..., Tensor]:
    """The loss (reconstructions, images, reduction="mean") of that name, with these of its settings that it has.

    Raises UsageError when there is none of that name.
    """
    if name not in RECONSTRUCTION:
        raise UsageError(
            f"there is no reconstruction loss '{name}': choose one of {', '.join(RECONSTRUCTION)}."
        )
    settings = {"levels": levels, "exponent": exponent, "weight": weight}
    taken = {"l2": (), "lap1": ("levels", "exponent"), "l2+lap1": ("levels", "exponent", "weight")}[name]

    def loss(reconstructions: Tensor, images: Tensor, *, reduction: str = "mean") -> Tensor:
        chosen = {key: settings[key] for key in taken}
        return RECONSTRUCTION[name](reconstructions, images, reduction=reduction, **chosen)

    return loss


# the Laplacian pyramid


def laplacian_pyramid(images: Tensor, levels: int = LEVELS) -> list[Tensor]:
    """Bands of an image from fine to coarse, and last what is left: `levels` + 1 tensors, each of half the sides.

    Burt and Adelson (1983): blur with the outer product of `KERNEL` with itself, keep every second pixel, enlarge
    again, and keep the difference. Borders are mirrored on the way down and repeated on the way up. The half of an
    odd side is rounded up: 33 pixels, then 17, 9 and 5. Raises UsageError for images smaller than 3 pixels at the
    last of these steps.

    A blur of a small image is a small matrix, and two matrix products do what a convolution of one channel does in
    15 times as long (grey, 32 pixels, on a CPU; in colour 2 to 3 times).
    """
    pyramid = []
    current = images.contiguous()
    for _ in range(levels):
        (down_rows, up_rows), (down, up) = (
            halving(n, images.dtype, images.device) for n in current.shape[-2:]
        )
        smaller = down_rows @ (current @ down.T)
        pyramid.append(current - up_rows @ (smaller @ up.T))
        current = smaller
    return [*pyramid, current]


def from_laplacian_pyramid(pyramid: list[Tensor]) -> Tensor:
    """The image of which `laplacian_pyramid` made this, to rounding."""
    current = pyramid[-1]
    for band in reversed(pyramid[:-1]):
        (_, up_rows), (_, up) = (halving(n, band.dtype, band.device) for n in band.shape[-2:])
        current = band + up_rows @ (current @ up.T)
    return current


@lru_cache(maxsize=64)
def halving(n: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Matrices that blur and halve a line of n pixels, (⌈n/2⌉, n), and that enlarge it again, (n, ⌈n/2⌉)."""
    if n < 3:
        raise UsageError(f"a line of {n} pixels cannot be halved again: take fewer levels or larger images.")
    half = (n + 1) // 2
    down, up = torch.zeros(half, n, dtype=torch.float64), torch.zeros(n, half, dtype=torch.float64)
    for i in range(half):
        for tap, weight in enumerate(KERNEL):
            at = abs(2 * i + tap - 2)  # the pixel before the first is the second
            down[i, at if at < n else 2 * (n - 1) - at] += weight
    for i in range(n):
        for tap, weight in enumerate(KERNEL):
            if (i + tap) % 2 == 0:  # between the pixels that are there lie zeros, so the others count double
                up[i, min(max((i + tap - 2) // 2, 0), half - 1)] += 2 * weight
    with torch.inference_mode(False):  # they stay: later calls may want gradients through them
        return down.to(device, dtype, copy=True), up.to(device, dtype, copy=True)


def reduced(sums: Tensor, pixels: int, reduction: str) -> Tensor:
    """(B,) sums over the pixels of each image -> what `reduction` asks for. Raises UsageError for another word."""
    if reduction not in ("mean", "image", "sum"):
        raise UsageError(f"reduction must be mean, image or sum, not '{reduction}'.")
    if reduction == "sum":
        return sums
    return sums.mean() / pixels if reduction == "mean" else sums / pixels


def _unit(features: Tensor) -> Tensor:
    return torch.nn.functional.normalize(features.float(), dim=1, eps=1e-10)


def _check(reconstructions: Tensor, images: Tensor) -> None:
    if reconstructions.shape != images.shape or images.ndim != 4:
        raise UsageError(
            f"reconstructions are compared with as many images of their shape (B, C, H, W), not "
            f"{tuple(reconstructions.shape)} with {tuple(images.shape)}."
        )
