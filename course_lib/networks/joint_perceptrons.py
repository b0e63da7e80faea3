"""A joint game of perceptrons, as Donahue et al. (2017), appendix C.1, play it on MNIST: no convolution, every pixel
alike."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks.trunks import SLOPE
from course_lib.settings import Count, check


def hidden(inputs: int, units: int, norm: bool) -> list[nn.Module]:
    """One hidden layer, with batch normalisation where it is asked for."""
    layers: list[nn.Module] = [nn.Linear(inputs, units, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm1d(units))
    return [*layers, nn.LeakyReLU(SLOPE)]


class PerceptronGenerator(nn.Module):
    """(B, latent) -> (B, channels, resolution, resolution) in [-1, 1]: two hidden layers."""

    def __init__(self, latent: int, channels: int, resolution: int, units: int):
        super().__init__()
        self.latent, self.shape = latent, (channels, resolution, resolution)
        pixels = channels * resolution**2
        self.layers = nn.Sequential(
            *hidden(latent, units, norm=True),
            *hidden(units, units, norm=True),
            nn.Linear(units, pixels),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents).unflatten(1, self.shape)


class PerceptronEncoder(nn.Module):
    """Images (B, C, R, R) -> (B, latent) codes, without bounds: two hidden layers."""

    def __init__(self, latent: int, channels: int, resolution: int, units: int):
        super().__init__()
        self.latent = latent
        self.layers = nn.Sequential(
            nn.Flatten(),
            *hidden(channels * resolution**2, units, norm=True),
            *hidden(units, units, norm=True),
            nn.Linear(units, latent),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class PerceptronJointDiscriminator(nn.Module):
    """Images (B, C, R, R) and their codes (B, latent) -> (B,) logits: both side by side from the first layer on.

    Its first layer has no normalisation, and its second has it, as in the authors' code; with `norm` False none has.
    """

    def __init__(self, latent: int, channels: int, resolution: int, units: int, norm: bool):
        super().__init__()
        self.layers = nn.Sequential(
            *hidden(channels * resolution**2 + latent, units, norm=False),
            *hidden(units, units, norm=norm),
            nn.Linear(units, 1),
        )

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        return self.layers(torch.cat([images.flatten(1), codes], 1)).flatten()


@dataclass(frozen=True)
class BiGANPerceptrons:
    """A generator, an encoder and a discriminator of pairs, all of two hidden layers."""

    latent: Count = 50  # dimension of z
    units: Count = 1024  # of each hidden layer of the generator and the encoder
    discriminator_units: Count = 1024  # and of the discriminator
    discriminator_norm: bool = True  # batch normalisation in its second layer

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The three, for images."""
        channels, resolution = data.image
        return {
            "generator": PerceptronGenerator(self.latent, channels, resolution, self.units),
            "encoder": PerceptronEncoder(self.latent, channels, resolution, self.units),
            "discriminator": PerceptronJointDiscriminator(
                self.latent, channels, resolution, self.discriminator_units, self.discriminator_norm
            ),
        }
