"""Generators without the DCGAN's rules, for asking what a method can bear (Arjovsky et al., 2017, figures 6 and 7)."""

from dataclasses import dataclass
from typing import Literal, get_args

from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks.dcgan import DCGANPair, Generator, _stages, initialise

Architecture = Literal["dcgan", "constant", "mlp"]


class ConstantWidthGenerator(nn.Module):
    """(B, latent) -> (B, channels, resolution, resolution) in [-1, 1]: no batch norm, `width` maps at every layer.

    The paper's second test: a DCGAN generator "without batch normalization and constant number of filters".
    Raises ValueError for a resolution that 4 does not reach by doubling.
    """

    def __init__(self, latent: int = 64, channels: int = 1, resolution: int = 32, width: int = 32):
        super().__init__()
        self.latent = latent
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent, width, 4, 1, 0), nn.ReLU(inplace=True)]
        for _ in range(_stages(resolution) - 1):  # each doubles height and width
            layers += [nn.ConvTranspose2d(width, width, 4, 2, 1), nn.ReLU(inplace=True)]
        layers += [nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        initialise(self)

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents[:, :, None, None])


class PerceptronGenerator(nn.Module):
    """(B, latent) -> (B, channels, resolution, resolution) in [-1, 1], through four ReLU layers of 512 units.

    It knows nothing of neighbouring pixels. The paper's third test (figure 7).
    """

    def __init__(
        self, latent: int = 64, channels: int = 1, resolution: int = 32, width: int = 512, depth: int = 4
    ):
        super().__init__()
        self.latent, self.shape = latent, (channels, resolution, resolution)
        sizes = [latent] + [width] * depth
        layers: list[nn.Module] = []
        for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU(inplace=True)]
        layers += [nn.Linear(width, channels * resolution**2), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        for layer in layers[:-2:2]:
            # He et al. (2015), eq. 10: keeps the variance of activations through ReLU layers
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents).view(-1, *self.shape)


def generator(
    architecture: Architecture,
    latent: int,
    channels: int,
    resolution: int,
    width: int,
    norm: str,
    upsample: str,
) -> nn.Module:
    """The generator of that name. width: of the convolutional ones; the perceptron has 16 times as many units.

    norm and upsample are switches of the DCGAN's. Raises ValueError for a name that does not exist.
    """
    if architecture not in get_args(Architecture):
        raise ValueError(f"architecture must be {' or '.join(get_args(Architecture))}, not {architecture}")
    if architecture == "constant":
        return ConstantWidthGenerator(latent, channels, resolution, width)
    if architecture == "mlp":
        return PerceptronGenerator(latent, channels, resolution, 16 * width)
    return Generator(latent, channels, resolution, width, norm, upsample)


@dataclass(frozen=True)
class PlainGeneratorPair(DCGANPair):
    """A generator of any architecture here against the discriminator or critic of the DCGAN."""

    # of G; constant: one width and no norm; mlp: four layers, 16 times as wide
    architecture: Architecture = "dcgan"

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images."""
        channels, resolution = data.image
        plain = generator(
            self.architecture,
            self.latent,
            channels,
            resolution,
            self.generator_width,
            self.generator_norm,
            self.upsample,
        )
        return super().build(data) | {"generator": plain}
