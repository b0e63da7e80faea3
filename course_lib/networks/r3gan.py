"""The networks of R3GAN (Huang et al., 2024, configuration E), small: residual blocks without any normalisation.

What normalisation does for other networks, the beginning does for these (Fixup, Zhang et al., 2019): the last layer of
each residual branch begins at zero, and the others are scaled down with the number of blocks, so that a network of any
depth begins as if it were shallow.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.networks.dcgan import _stages
from course_lib.settings import Count, check

SLOPE = 0.2  # of LeakyReLU
GAIN = (2 / (1 + SLOPE**2)) ** 0.5  # keeps the variance through it (He et al., 2015, equation 14)


def scaled(layer: nn.Module, gain: float) -> nn.Module:
    """A layer whose weights are drawn from N(0, gain² / fan-in)."""
    weight: Tensor = layer.weight  # type: ignore[assignment]
    nn.init.normal_(weight, 0.0, gain / weight[0].numel() ** 0.5)
    return layer


class ResidualBlock(nn.Module):
    """(B, maps, H, W) -> the same: x + what an inverted bottleneck of grouped 3x3 convolutions makes of it.

    blocks: how many such blocks stand in the network; the first two of the three layers begin with blocks^(-1/4) of
    the usual scale, the last at 0 (section 4.1 of the paper).
    """

    def __init__(self, maps: int, blocks: int, group: int = 16, expansion: int = 2):
        super().__init__()
        inner, smaller = expansion * maps, GAIN * blocks**-0.25
        groups = max(1, inner // group)
        self.one = scaled(nn.Conv2d(maps, inner, 1, bias=False), smaller)
        self.two = scaled(nn.Conv2d(inner, inner, 3, 1, 1, groups=groups, bias=False), smaller)
        self.three = scaled(nn.Conv2d(inner, maps, 1, bias=False), 0.0)
        self.bias_one = nn.Parameter(torch.zeros(inner, 1, 1))
        self.bias_two = nn.Parameter(torch.zeros(inner, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.one(x) + self.bias_one, SLOPE)
        y = F.leaky_relu(self.two(y) + self.bias_two, SLOPE)
        return x + self.three(y)


class ResidualGenerator(nn.Module):
    """(B, latent) -> (B, channels, R, R), linear at its end: images are not held in [-1, 1].

    Sixteen places of 4x4 hold a learnt basis, which z weighs; then per doubling: `blocks` residual blocks, a 1x1
    convolution, and bilinear enlargement. width: maps at the full resolution; they double towards 4x4, at most
    four-fold.
    """

    def __init__(self, latent: int, channels: int, resolution: int, width: int = 16, blocks: int = 1):
        super().__init__()
        self.latent = latent
        maps = _maps(width, resolution)[::-1]
        count = blocks * len(maps)
        self.basis = nn.Parameter(torch.randn(maps[0], 4, 4))
        self.mix = scaled(nn.Linear(latent, maps[0], bias=False), 1.0)
        layers: list[nn.Module] = []
        for number, n in enumerate(maps):
            layers += [ResidualBlock(n, count) for _ in range(blocks)]
            if number + 1 < len(maps):
                layers.append(scaled(nn.Conv2d(n, maps[number + 1], 1, bias=False), 1.0))
                layers.append(nn.Upsample(scale_factor=2, mode="bilinear"))
        self.layers = nn.Sequential(*layers, scaled(nn.Conv2d(maps[-1], channels, 1), 1.0))

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(self.basis * self.mix(latents)[:, :, None, None])


class ResidualDiscriminator(nn.Module):
    """(B, channels, R, R) -> (B,) scores: the mirror image, with averages of 2x2 in place of enlargement."""

    def __init__(self, channels: int, resolution: int, width: int = 16, blocks: int = 1):
        super().__init__()
        maps = _maps(width, resolution)
        count = blocks * len(maps)
        layers: list[nn.Module] = [scaled(nn.Conv2d(channels, maps[0], 1), 1.0)]
        for number, n in enumerate(maps):
            layers += [ResidualBlock(n, count) for _ in range(blocks)]
            if number + 1 < len(maps):
                layers.append(nn.AvgPool2d(2))
                layers.append(scaled(nn.Conv2d(n, maps[number + 1], 1, bias=False), 1.0))
        layers.append(scaled(nn.Conv2d(maps[-1], maps[-1], 4, groups=maps[-1], bias=False), 1.0))
        self.layers = nn.Sequential(*layers)
        self.head = scaled(nn.Linear(maps[-1], 1, bias=False), 1.0)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.layers(images).flatten(1)).flatten()


def _maps(width: int, resolution: int) -> list[int]:
    """Feature maps from the full resolution down to 4x4."""
    return [width * min(2**i, 4) for i in range(_stages(resolution) + 1)]


@dataclass(frozen=True)
class ResidualPair:
    """Both players of R3GAN."""

    latent: Count = 64  # dimension of z
    generator_width: Count = 16  # feature maps at the full resolution, doubled towards 4x4, at most four-fold
    discriminator_width: Count = 16  # the discriminator's
    blocks: Count = 1  # residual blocks at each resolution; the paper has two

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images."""
        channels, resolution = data.image
        return {
            "generator": ResidualGenerator(
                self.latent, channels, resolution, self.generator_width, self.blocks
            ),
            "discriminator": ResidualDiscriminator(
                channels, resolution, self.discriminator_width, self.blocks
            ),
        }
