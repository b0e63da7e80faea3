"""The networks of a joint game: a discriminator of pairs (image, code), and an encoder beside the generator."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks import dcgan
from course_lib.networks.trunks import SLOPE
from course_lib.settings import Count, check


class Encoder(nn.Module):
    """(B, channels, resolution, resolution) -> (B, latent) codes, without bounds: the DCGAN's discriminator with
    `latent` outputs. Raises ValueError as it does."""

    def __init__(
        self, latent: int, channels: int = 1, resolution: int = 32, width: int = 32, norm: str = "batch"
    ):
        super().__init__()
        self.latent = latent
        self.layers = dcgan.Discriminator(channels, resolution, width, norm).layers  # type: ignore[arg-type]
        # (B, maps, 4, 4) -> (B, latent, 1, 1)
        self.layers[-1] = nn.Conv2d(self.layers[-1].in_channels, latent, 4)
        dcgan.initialise(self.layers[-1])

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten(1)


class JointDiscriminator(nn.Module):
    """Images (B, C, R, R) and their codes (B, latent) -> (B,) logits.

    The convolutions of the DCGAN's discriminator see the image; the code joins what they make of it before two
    layers of `hidden` units, as in the authors' networks (Donahue et al., 2017, appendix C).
    """

    def __init__(
        self,
        latent: int,
        channels: int = 1,
        resolution: int = 32,
        width: int = 32,
        hidden: int = 256,
        norm: str = "batch",
    ):
        super().__init__()
        layers = dcgan.Discriminator(channels, resolution, width, norm).layers  # type: ignore[arg-type]
        maps = layers[-1].in_channels
        self.image = nn.Sequential(*layers[:-1], nn.Conv2d(maps, hidden, 4), nn.Flatten())  # (B, hidden)
        self.code = nn.Sequential(nn.Linear(latent, hidden), nn.LeakyReLU(SLOPE), nn.Linear(hidden, hidden))
        self.together = nn.Sequential(
            nn.LeakyReLU(SLOPE), nn.Linear(2 * hidden, hidden), nn.LeakyReLU(SLOPE), nn.Linear(hidden, 1)
        )

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        return self.together(torch.cat([self.image(images), self.code(codes)], 1)).flatten()


@dataclass(frozen=True)
class BiGANNetworks(dcgan.DCGANGenerator):
    """The generator of the DCGAN, an encoder, and a discriminator of pairs."""

    encoder_width: Count = 32  # feature maps after the encoder's first layer
    discriminator_width: Count = 32  # and after the discriminator's
    hidden: Count = 256  # units of the layers in which image and code meet
    discriminator_norm: str = "batch"  # batch or none: of the discriminator's convolutions

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator, encoder and discriminator, for images."""
        channels, resolution = data.image
        return {
            **super().build(data),
            "encoder": Encoder(self.latent, channels, resolution, self.encoder_width),
            "discriminator": JointDiscriminator(
                self.latent,
                channels,
                resolution,
                self.discriminator_width,
                self.hidden,
                self.discriminator_norm,
            ),
        }
