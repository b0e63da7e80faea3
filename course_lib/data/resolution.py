"""Fewer pixels and more: the two maps between an image and its small copy."""

import torch.nn.functional as F
from torch import Tensor

from course_lib.errors import UsageError


def reduced(images: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, C, side, side): each new pixel is the mean of the old ones that it covers.

    Where `side` does not divide H, the windows are those of adaptive average pooling: they overlap by a pixel. The map
    is linear, keeps a constant image, and has the rank side². Raises UsageError for a side that is no part of H.
    """
    if not 1 <= side <= images.shape[-1]:
        raise UsageError(
            f"images of {images.shape[-1]} pixels cannot be reduced to {side}: give 1 to {images.shape[-1]}."
        )
    return images if side == images.shape[-1] else F.adaptive_avg_pool2d(images, side)


def enlarged(images: Tensor, side: int) -> Tensor:
    """(B, C, h, w) -> (B, C, side, side) by bilinear interpolation between pixels' centres.

    Raises UsageError for a side below h.
    """
    if side < images.shape[-1]:
        raise UsageError(f"images of {images.shape[-1]} pixels cannot be enlarged to {side}: reduce them.")
    if side == images.shape[-1] == images.shape[-2]:
        return images
    return F.interpolate(images, (side, side), mode="bilinear", align_corners=False)


def blurred(images: Tensor, side: int) -> Tensor:
    """Images of the same size that show no more than `side` pixels do: reduced, and enlarged again."""
    return enlarged(reduced(images, side), images.shape[-1])
