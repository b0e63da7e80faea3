"""A DCGAN that is told what to make: conditions by concatenation, or in the discriminator by projection.

Concatenation is that of Mirza and Osindero (2014), at the places where Perarnau et al. (2016), section 5.2.1, found it
to work best: beside z in the generator, and after the first convolution in the discriminator, as constant maps.
Projection is equation 3 of Miyato and Koyama (2018).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks import dcgan
from course_lib.networks.conditions import Conditions
from course_lib.networks.spectral import spectrally_normed
from course_lib.networks.trunks import Norm
from course_lib.settings import Count, check


def tiled(condition: Tensor, maps: Tensor) -> Tensor:
    """Maps (B, C, H, W) followed by the condition (B, K) as K constant maps: (B, C + K, H, W)."""
    constant = condition.to(maps.dtype)[:, :, None, None].expand(-1, -1, *maps.shape[2:])
    return torch.cat([maps, constant], 1)


class ConditionalGenerator(dcgan.Generator):
    """[z, y], (B, noise + conditions.size) -> images, by the layers of the DCGAN's generator.

    A first layer that reads z and y side by side is one that adds a vector of its own for y: A z + B y.
    """

    def __init__(self, noise: int, conditions: Conditions, channels: int, resolution: int, width: int):
        super().__init__(noise + conditions.size, channels, resolution, width)
        self.noise, self.conditions = noise, conditions


def first_and_rest(
    channels: int, resolution: int, width: int, norm: str
) -> tuple[nn.Sequential, nn.Sequential, int]:
    """The DCGAN's discriminator without its last layer, cut after the first convolution, and how many maps leave it."""
    plain = "none" if norm == "spectral" else norm
    layers = dcgan.Discriminator(channels, resolution, width, plain).layers
    return layers[:2], layers[2:-1], layers[-1].in_channels


class ConcatenationDiscriminator(nn.Module):
    """(B, C, R, R) and (B, K) -> (B,) logits: y joins the maps of the first convolution. For 16 pixels or more."""

    def __init__(self, conditions: int, channels: int, resolution: int, width: int, norm: Norm = "batch"):
        super().__init__()
        self.first, self.rest, maps = first_and_rest(channels, resolution, width, norm)
        following = self.rest[0]
        self.rest[0] = nn.Conv2d(
            width + conditions, following.out_channels, 4, 2, 1, bias=following.bias is not None
        )
        self.last = nn.Conv2d(maps, 1, 4)
        finish(self, norm)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        return self.last(self.rest(tiled(condition, self.first(images)))).flatten()


class ProjectionDiscriminator(nn.Module):
    """s(x, y) = ψ(φ(x)) + ⟨V y, φ(x)⟩: (B, C, R, R) and (B, K) -> (B,) logits.

    φ sums the last maps over their 4x4 places, as in the authors' code; ψ is linear in the maps with a weight for each
    place, as in the DCGAN; V has a column for each class or attribute.
    """

    def __init__(self, conditions: int, channels: int, resolution: int, width: int, norm: Norm = "batch"):
        super().__init__()
        self.first, self.rest, maps = first_and_rest(channels, resolution, width, norm)
        self.last = nn.Conv2d(maps, 1, 4)
        self.embedding = nn.Linear(conditions, maps, bias=False)  # V
        finish(self, norm)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        maps = self.rest(self.first(images))
        projected = (self.embedding(condition) * maps.sum((2, 3))).sum(1)
        return self.last(maps).flatten() + projected


def finish(network: nn.Module, norm: str) -> None:
    """Weights as the DCGAN's, and spectral norms where they are asked for."""
    dcgan.initialise(network)
    if norm == "spectral":
        spectrally_normed(network)


DISCRIMINATORS = {"concatenation": ConcatenationDiscriminator, "projection": ProjectionDiscriminator}


@dataclass(frozen=True)
class ConditionalPair:
    """Both players, and what they are told."""

    conditions: str = "labels"  # labels, or names of factors with commas between
    # how D is told: concatenation or projection
    joined: Literal["concatenation", "projection"] = "concatenation"
    noise: Count = 64  # dimension of z
    generator_width: Count = 32  # feature maps at half the resolution
    discriminator_width: Count = 32  # feature maps after the first layer
    discriminator_norm: Norm = "batch"  # batch, none or spectral

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images of 16 pixels or more."""
        channels, resolution = data.image
        if resolution < 16:
            raise ValueError(f"resolution must be 16, 32, 64, ...; it is {resolution}")
        told = Conditions.named(self.conditions, data)
        generator = ConditionalGenerator(self.noise, told, channels, resolution, self.generator_width)
        discriminator = DISCRIMINATORS[self.joined](
            told.size, channels, resolution, self.discriminator_width, self.discriminator_norm
        )
        return {"generator": generator, "discriminator": discriminator}
