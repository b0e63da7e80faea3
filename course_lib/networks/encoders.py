"""Encoders: from an image to the Gaussian over latents that explains it."""

from dataclasses import dataclass

from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks.dcgan import DCGANGenerator, Discriminator
from course_lib.settings import Count


class GaussianEncoder(nn.Module):
    """(B, channels, resolution, resolution) -> mean and log-variance, both (B, latent), of a diagonal Gaussian.

    The discriminator of `networks.dcgan` with its one output replaced by 2·latent: the mirror image of the DCGAN
    generator, without hidden dense layers. Raises ValueError as the discriminator does.
    """

    def __init__(
        self, latent: int, channels: int = 1, resolution: int = 32, width: int = 32, norm: str = "batch"
    ):
        super().__init__()
        self.latent = latent
        self.layers = Discriminator(channels, resolution, width, norm).layers
        # (B, maps, 4, 4) -> (B, 2 latent, 1, 1)
        head = nn.Conv2d(self.layers[-1].in_channels, 2 * latent, 4, 1, 0)
        nn.init.normal_(head.weight, 0.0, 0.02)  # as all others of the pair
        nn.init.zeros_(head.bias)
        self.layers[-1] = head

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layers(images).flatten(1).chunk(2, dim=1)
        return mean, log_variance


@dataclass(frozen=True)
class Autoencoder(DCGANGenerator):
    """The generator of the DCGAN, and an encoder of the shape of its discriminator."""

    encoder_width: Count = 32  # feature maps after the first layer
    encoder_norm: str = "batch"  # batch or none

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Encoder and generator, for images."""
        channels, resolution = data.image
        encoder = GaussianEncoder(self.latent, channels, resolution, self.encoder_width, self.encoder_norm)
        return {"encoder": encoder, **super().build(data)}
