"""Discriminators that show their features, at one scale or several (Wang et al., 2018, pix2pixHD, section 3.2)."""

from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.projection import ProjectionNetwork
from course_lib.networks.trunks import SLOPE
from course_lib.settings import Count, check

COARSEST = 8  # pixels that the smallest scale has at least


class FeatureDiscriminator(nn.Module):
    """(B, C, R, R) -> maps of every layer, the last of them logits: (B, 1, 1, 1), or (B, 1, h, w) for patches.

    Convolutions that halve down to 4 pixels, instance-normed but for the first, and one that answers: for the whole
    image, as a last fully connected layer, or (`patches`) for each place by itself. No layer mixes images.
    """

    def __init__(self, channels: int, resolution: int, width: int, patches: bool):
        super().__init__()
        maps, side = [channels, width], resolution // 2
        while side > 4:
            maps.append(maps[-1] * 2)
            side //= 2
        self.layers = nn.ModuleList()
        for number, (n_in, n_out) in enumerate(pairwise(maps)):
            norm = [nn.InstanceNorm2d(n_out)] if number else []
            self.layers.append(nn.Sequential(nn.Conv2d(n_in, n_out, 4, 2, 1), *norm, nn.LeakyReLU(SLOPE)))
        answer = nn.Conv2d(maps[-1], 1, 3, 1, 1) if patches else nn.Conv2d(maps[-1], 1, side)
        self.layers.append(answer)

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = []
        for layer in self.layers:
            images = layer(images)
            maps.append(images)
        return maps


class MultiScale(nn.Module):
    """(B, C, R, R) -> for each scale the maps of a discriminator of its own, which sees the image halved that often.

    Raises ValueError where the last scale would have fewer than 8 pixels.
    """

    def __init__(self, channels: int, resolution: int, width: int, scales: int = 1):
        super().__init__()
        if resolution >> (scales - 1) < COARSEST:
            raise ValueError(f"{resolution} pixels have no {scales} scales of at least {COARSEST} pixels")
        self.scales = nn.ModuleList(
            FeatureDiscriminator(channels, resolution >> i, width, patches=scales > 1) for i in range(scales)
        )

    def forward(self, images: Tensor) -> list[list[Tensor]]:
        found = []
        for scale in self.scales:
            found.append(scale(images))
            images = F.avg_pool2d(images, 3, 2, 1, count_include_pad=False)
        return found


@dataclass(frozen=True)
class JointNetworks(ProjectionNetwork):
    """P, and a discriminator that shows its features."""

    scales: Count = 1  # discriminators, each at half the resolution of the one before
    discriminator_width: Count = 32  # feature maps after their first layers

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Projection and discriminator, for images. Raises UsageError for more scales than the images have."""
        channels, resolution = data.image
        try:
            discriminator = MultiScale(channels, resolution, self.discriminator_width, self.scales)
        except ValueError as error:
            raise UsageError(f"{error}: give fewer --scales.") from error
        return {**super().build(data), "discriminator": discriminator}
