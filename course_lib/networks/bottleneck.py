"""IB-GAN's networks (Jeon et al., 2021): those of InfoGAN, and e(r|z), through which the generator sees z."""

from dataclasses import dataclass

from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks.recognition import InfoGANNetworks, Sharing
from course_lib.networks.trunks import finished
from course_lib.settings import Count, CountFrom0


class LatentEncoder(nn.Module):
    """z (B, latent) -> mean and log-variance (B, size) of the diagonal Gaussian e(r|z).

    widths: units of the hidden layers, each with ReLU; normalised: with batch normalisation before it. The authors'
    for sprites is 16 -> 32 -> 32 -> 20, for faces 64 -> 64 -> 64 -> 32 -> 30 with batch normalisation.
    """

    def __init__(self, latent: int, size: int, widths: tuple[int, ...] = (32, 32), normalised: bool = False):
        super().__init__()
        self.latent, self.size = latent, size
        layers: list[nn.Module] = []
        for n_in, n_out in zip((latent, *widths), widths, strict=False):
            layers += [nn.Linear(n_in, n_out), *([nn.BatchNorm1d(n_out)] if normalised else []), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 2 * size))

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layers(latents).chunk(2, dim=1)
        return mean, log_variance


@dataclass(frozen=True)
class IBGANNetworks(InfoGANNetworks):
    """Generator of r, encoder e(r|z), discriminator and Q, which recognises z. Defaults: the authors', for sprites."""

    codes: str = "gaussian:16"  # z
    noise: CountFrom0 = 0  # none: all of z goes through the bottleneck
    sharing: Sharing = "none"  # what Q shares with D: the front as on the authors' faces, or nothing (none)
    size: Count = 10  # dimension of r
    encoder_width: Count = 32  # units of each hidden layer of e
    encoder_depth: Count = 2  # its hidden layers
    encoder_norm: bool = False  # batch normalisation in it

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator, discriminator, recognition network and encoder, for images."""
        codes = self.latent_codes()
        widths = (self.encoder_width,) * self.encoder_depth
        encoder = LatentEncoder(codes.size + self.noise, self.size, widths, self.encoder_norm)
        return {
            **self._players(data, codes, self.size),
            "encoder": finished(encoder, "none", self.initialisation),
        }
