"""What a discriminator and Q have in common: the layers that make features of an image.

Two designs. "dcgan" is that of Radford et al. (2016), without its last layer. "dense" is that of IB-GAN's authors
(Jeon et al., 2021, appendix): convolutions that halve down to 8x8, one 3x3 convolution, and one over all of 8x8.
"""

import math
from typing import Literal, NamedTuple

from torch import Tensor, nn

from course_lib.networks import dcgan
from course_lib.networks.spectral import spectrally_normed

Design = Literal["dcgan", "dense"]
Norm = Literal["batch", "none", "spectral"]
START = 8  # pixels of the side at which the dense design goes over to vectors
SLOPE = 0.2


class Trunk(NamedTuple):
    """front: (B, C, R, R) -> maps; body: maps -> (B, features, size, size); both without the layers that answer."""

    front: nn.Sequential
    body: nn.Sequential
    features: int
    size: int


def halvings(resolution: int) -> int:
    """How often `resolution` is halved down to 8x8. Raises ValueError for one that 8 does not reach by doubling."""
    times = round(math.log2(resolution / START)) if resolution >= START else -1
    if times < 1 or START * 2**times != resolution:
        raise ValueError(f"resolution must be 16, 32, 64, ...; it is {resolution}")
    return times


def normed(maps: int, norm: str) -> list[nn.Module]:
    """Batch normalisation and LeakyReLU, or LeakyReLU alone."""
    batch = [nn.BatchNorm2d(maps)] if norm == "batch" else []
    return [*batch, nn.LeakyReLU(SLOPE, inplace=True)]


def trunk(design: Design, channels: int, resolution: int, width: int, norm: Norm) -> Trunk:
    """The layers before the last, by design. Raises ValueError for a resolution that the design does not reach."""
    plain = "none" if norm == "spectral" else norm
    if design == "dcgan":
        layers = dcgan.Discriminator(channels, resolution, width, plain).layers
        return Trunk(layers[:-1], nn.Sequential(), layers[-1].in_channels, 4)
    bias = norm != "batch"  # a bias before batch normalisation would be subtracted again
    maps = [width * 2**i for i in range(halvings(resolution))]
    front: list[nn.Module] = [nn.Conv2d(channels, maps[0], 4, 2, 1), nn.LeakyReLU(SLOPE, inplace=True)]
    for n_in, n_out in zip(maps, maps[1:], strict=False):  # each halves height and width
        front += [nn.Conv2d(n_in, n_out, 4, 2, 1, bias=bias), *normed(n_out, norm)]
    wide = 16 * width
    body = [
        nn.Conv2d(maps[-1], 8 * width, 3, 1, 1, bias=bias), *normed(8 * width, norm),  # (B, 8 width, 8, 8)
        nn.Conv2d(8 * width, wide, START, bias=bias), *normed(wide, norm),  # (B, 16 width, 1, 1)
    ]  # fmt: skip
    return Trunk(nn.Sequential(*front), nn.Sequential(*body), wide, 1)


def finished(network: nn.Module, norm: Norm, initialisation: Literal["normal", "orthogonal"]) -> nn.Module:
    """The weights drawn, N(0, 0.02) or orthogonal, and then spectrally normed where that is the norm."""
    dcgan.initialise(network)
    if initialisation == "orthogonal":
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                nn.init.orthogonal_(module.weight)
    return spectrally_normed(network) if norm == "spectral" else network


class TrunkDiscriminator(nn.Module):
    """(B, C, R, R) -> (B,) logits, as two steps: `features`, which Q may read too, and `judge`."""

    def __init__(self, layers: Trunk, cut: Literal["front", "trunk"] = "trunk"):
        super().__init__()
        self.front = layers.front if cut == "front" else nn.Sequential(*layers.front, *layers.body)
        rest = layers.body if cut == "front" else nn.Sequential()
        self.head = nn.Sequential(*rest, nn.Conv2d(layers.features, 1, layers.size))

    def features(self, images: Tensor) -> Tensor:
        """(B, C, R, R) -> (B, maps, side, side)."""
        return self.front(images)

    def judge(self, features: Tensor) -> Tensor:
        """Features -> (B,) logits."""
        return self.head(features).flatten()

    def forward(self, images: Tensor) -> Tensor:
        return self.judge(self.features(images))
