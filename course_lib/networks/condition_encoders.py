"""Encoders of a conditional generator (Perarnau et al., 2016): from an image to z, to y, or to both."""

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks.conditional import tiled
from course_lib.networks.conditions import Conditions
from course_lib.settings import Count, check

Arrangement = Literal["SNG", "IND", "IND-COND"]


class ImageEncoder(nn.Module):
    """Images (B, C, R, R), and conditions (B, K) where it is told any -> (B, outputs).

    Convolutions of 5x5 that halve the image down to 4x4, batch normalisation, ReLU, and two dense layers: the authors'
    encoder, which has four convolutions for 64 pixels. A condition is tiled beside the image's channels.
    Raises ValueError for a resolution that 4 does not reach by doubling.
    """

    def __init__(
        self, outputs: int, channels: int, resolution: int, width: int = 32, hidden: int = 512, told: int = 0
    ):
        super().__init__()
        halvings = round(math.log2(resolution / 4)) if resolution >= 8 else 0
        if halvings < 1 or 4 * 2**halvings != resolution:
            raise ValueError(f"resolution must be 8, 16, 32, 64, ...; it is {resolution}")
        self.outputs, self.told = outputs, told
        maps = [channels + told, *(width * 2**i for i in range(halvings))]
        layers: list[nn.Module] = []
        for n_in, n_out in zip(maps, maps[1:], strict=False):
            layers += [nn.Conv2d(n_in, n_out, 5, 2, 2, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
        layers += [
            nn.Flatten(), nn.Linear(16 * maps[-1], hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(),
            nn.Linear(hidden, outputs),
        ]  # fmt: skip
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.layers(images if condition is None else tiled(condition, images))


@dataclass(frozen=True)
class ConditionEncoders:
    """E_z and E_y: one network with two outputs (SNG), two networks (IND), or two of which E_z is told y (IND-COND)."""

    conditions: str = "labels"  # labels, or names of factors with commas between: as the generator's
    arrangement: Arrangement = "IND"  # SNG, IND or IND-COND
    noise: Count = 64  # dimension of the generator's z
    encoder_width: Count = 32  # feature maps after the first layer
    encoder_hidden: Count = 512  # units of the dense layer before the last

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """`encoder`, of z and in SNG also of y, and otherwise `condition_encoder`, of y."""
        channels, resolution = data.image
        size = Conditions.named(self.conditions, data).size

        def network(outputs: int, told: int = 0) -> ImageEncoder:
            return ImageEncoder(outputs, channels, resolution, self.encoder_width, self.encoder_hidden, told)

        if self.arrangement == "SNG":
            return {"encoder": network(self.noise + size)}
        told = size if self.arrangement == "IND-COND" else 0
        return {"encoder": network(self.noise, told), "condition_encoder": network(size)}
