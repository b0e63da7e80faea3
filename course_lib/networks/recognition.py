"""Q, the recognition network of InfoGAN and IB-GAN, beside a generator and a discriminator that suit it."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks import dcgan
from course_lib.networks.dense import DenseGenerator
from course_lib.networks.trunks import Design, Norm, Trunk, TrunkDiscriminator, finished, normed, trunk
from course_lib.settings import Count, CountFrom0, Deviation, check
from course_lib.theory.latent_codes import LatentCodes

Sharing = Literal["trunk", "front", "none"]


class Recognition(nn.Module):
    """Images, or where it shares layers with the discriminator that one's features -> (B, codes.answers).

    The last layers are those of InfoGAN's authors: one hidden layer of `hidden` units, normalised, and a linear one.
    codes: what is recognised; shares: whether it reads features.
    """

    def __init__(
        self,
        codes: LatentCodes,
        layers: Trunk,
        sharing: Sharing = "none",
        hidden: int = 128,
        norm: Norm = "batch",
    ):
        super().__init__()
        self.codes, self.shares = codes, sharing != "none"
        before = {"trunk": [], "front": [*layers.body], "none": [*layers.front, *layers.body]}[sharing]
        self.layers = nn.Sequential(
            *before,
            nn.Conv2d(layers.features, hidden, layers.size, bias=norm != "batch"),  # (B, hidden, 1, 1)
            *normed(hidden, norm),
            nn.Conv2d(hidden, codes.answers, 1),
        )

    def forward(self, seen: Tensor) -> Tensor:
        return self.layers(seen).flatten(1)


@dataclass(frozen=True)
class InfoGANNetworks:
    """Generator, discriminator and Q. Codes come first in what the generator is fed with, then noise."""

    codes: str = "categorical:10, uniform:2"  # laws (categorical, uniform, gaussian) and sizes
    noise: CountFrom0 = 62  # further numbers that the generator is fed with, which mean nothing
    deviation: Deviation = 1.0  # that Q gives continuous codes; 0: it learns one for each image
    # what Q shares with D: all but the last layer (trunk), the front, or nothing (none)
    sharing: Sharing = "trunk"
    design: Design = "dcgan"  # dcgan, or dense layers up to 8x8 as IB-GAN's authors
    generator_width: Count = 32  # feature maps at half the resolution
    discriminator_width: Count = 32  # feature maps after the first layer, of D and Q
    generator_norm: Literal["batch", "none"] = "batch"  # batch or none
    discriminator_norm: Norm = "batch"  # batch, none or spectral: of D and Q
    recognition_hidden: Count = 128  # units of Q's own hidden layer
    initialisation: Literal["normal", "orthogonal"] = "normal"  # normal (deviation 0.02) or orthogonal

    def __post_init__(self) -> None:
        check(self)
        self.latent_codes()  # refuses words that name no code

    def latent_codes(self) -> LatentCodes:
        """The codes that the words name."""
        return LatentCodes.named(self.codes, self.deviation == 0, self.deviation or 1.0)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator, discriminator and recognition network, for images."""
        codes = self.latent_codes()
        return self._players(data, codes, codes.size + self.noise)

    def _players(self, data: DataSpec, codes: LatentCodes, latent: int) -> dict[str, nn.Module]:
        channels, resolution = data.image
        width, norm = self.discriminator_width, self.discriminator_norm

        def layers() -> Trunk:
            return trunk(self.design, channels, resolution, width, norm)

        generator: nn.Module
        if self.design == "dcgan":
            generator = dcgan.Generator(
                latent, channels, resolution, self.generator_width, self.generator_norm
            )
        else:
            generator = DenseGenerator(
                latent, channels, resolution, self.generator_width, self.generator_norm
            )
        players = {
            "discriminator": TrunkDiscriminator(layers(), "front" if self.sharing == "front" else "trunk"),
            "recognition": Recognition(codes, layers(), self.sharing, self.recognition_hidden, norm),
        }
        made = {role: finished(network, norm, self.initialisation) for role, network in players.items()}
        return {"generator": finished(generator, "none", self.initialisation), **made}
