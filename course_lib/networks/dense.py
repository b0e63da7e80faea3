"""The generator of IB-GAN's authors (Jeon et al., 2021, appendix): dense layers up to 8x8, then doublings."""

from torch import Tensor, nn

from course_lib.networks.trunks import START, halvings


class DenseGenerator(nn.Module):
    """(B, latent) -> (B, channels, resolution, resolution) in [-1, 1].

    Two dense layers, of 16 width units and of 4 width maps of 8x8; two 3x3 convolutions; one transposed convolution
    for each doubling, with half as many maps each time down to `width`. Normalised and ReLU after each but the last.
    Raises ValueError for a resolution that 8 does not reach by doubling.
    """

    def __init__(
        self, latent: int, channels: int = 1, resolution: int = 64, width: int = 16, norm: str = "batch"
    ):
        super().__init__()
        self.latent, self.maps = latent, 4 * width

        def active(n: int, kind: type[nn.Module]) -> list[nn.Module]:
            return [*([kind(n)] if norm == "batch" else []), nn.ReLU(inplace=True)]

        bias = norm != "batch"
        units, pixels = 16 * width, START * START * self.maps
        self.dense = nn.Sequential(
            nn.Linear(latent, units, bias=bias), *active(units, nn.BatchNorm1d),
            nn.Linear(units, pixels, bias=bias), *active(pixels, nn.BatchNorm1d),
        )  # fmt: skip
        doublings = halvings(resolution)
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [
                nn.Conv2d(self.maps, self.maps, 3, 1, 1, bias=bias),
                *active(self.maps, nn.BatchNorm2d),
            ]
        sizes = [max(width, self.maps // 2**i) for i in range(doublings)]
        for n_in, n_out in zip(sizes, sizes[1:], strict=False):
            layers += [nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=bias), *active(n_out, nn.BatchNorm2d)]
        layers += [nn.ConvTranspose2d(sizes[-1], channels, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def unfold(self, latents: Tensor) -> Tensor:
        """(B, latent) -> (B, maps, 8, 8), what the convolutions begin with."""
        return self.dense(latents).view(-1, self.maps, START, START)

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(self.unfold(latents))
