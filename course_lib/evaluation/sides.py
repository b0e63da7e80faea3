"""Do the two sides of a picture agree? What one reads on the left alone, against what one reads on the right alone.

A face that wears one lens, or has two colours of hair, has sides that do not know of each other. Here a factor is read
twice, from each half with the other half covered, by a linear map of a network's features that was fitted to images
whose factors are known. Over many generated images the two readings correlate as far as the sides agree.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.errors import UsageError

COVER = 0.0  # mid-grey
RIDGE = 1e-3  # of the mean square of a feature: keeps the fit from following single images
BATCH = 500


def half(images: Tensor, side: str) -> Tensor:
    """(N, C, H, W) with all but the left or the right half of the columns covered; a middle column is in neither."""
    width = images.shape[3]
    seen = torch.arange(width, device=images.device)
    seen = seen < width // 2 if side == "left" else seen >= width - width // 2
    return torch.where(seen, images, torch.full_like(images, COVER))


def halves_of(left: Tensor, right: Tensor) -> Tensor:
    """(N, C, H, W) both -> images with the left half of the one and the right half of the other."""
    first = torch.arange(left.shape[3], device=left.device) < left.shape[3] // 2
    return torch.where(first, left, right)


class SideReader:
    """Reads factors from each half of an image. `features`: (B, C, H, W) -> (B, F), of any fixed network."""

    def __init__(self, features: Callable[[Tensor], Tensor], images: Tensor, factors: Tensor):
        """Fit to images (N, C, H, W) with factors (N, K). Raises UsageError for fewer images than would tell."""
        self.features = features
        self.maps: dict[str, tuple[Tensor, Tensor, Tensor]] = {}
        for side in ("left", "right"):
            x = self._read(images, side)
            if len(x) < 2 * x.shape[1]:
                raise UsageError(
                    f"{x.shape[1]} features need at least {2 * x.shape[1]} images to be read by, not {len(x)}."
                )
            mean, centre = x.mean(0), factors.double().mean(0)
            x = x - mean
            gram = x.T @ x
            gram += RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
            self.maps[side] = mean, torch.linalg.solve(gram, x.T @ (factors.double() - centre)), centre

    def readings(self, images: Tensor, side: str) -> Tensor:
        """(N, C, H, W) -> (N, K) float64: each factor, as one half shows it."""
        mean, weights, centre = self.maps[side]
        return (self._read(images, side) - mean) @ weights + centre

    def agreement(self, images: Tensor) -> Tensor:
        """(K,): the correlation over images of what left and right show of each factor; nan where one is constant."""
        left, right = (self.readings(images, side) for side in ("left", "right"))
        left, right = left - left.mean(0), right - right.mean(0)
        return (left * right).sum(0) / (left.square().sum(0) * right.square().sum(0)).sqrt()

    @torch.no_grad()
    def _read(self, images: Tensor, side: str) -> Tensor:
        parts = [self.features(half(part, side)).flatten(1).double().cpu() for part in images.split(BATCH)]
        return torch.cat(parts)
