"""The networks of paired translation: an encoder-decoder with skips, and a discriminator whose layers can be read."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.dcgan import initialise
from course_lib.networks.translation import domains
from course_lib.networks.trunks import SLOPE
from course_lib.settings import Count, check


class UNet(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1], for sides that 2**depth divides.

    `depth` halvings (4x4, LeakyReLU), as many doublings (4x4, ReLU), batch normalisation except at both ends; what a
    halving is given goes to the doubling that returns to its size as well (Ronneberger et al., 2015; Isola et al.,
    2017). `width` maps after the first halving, twice as many after each further one, at most eight times.
    """

    def __init__(self, inputs: int, outputs: int, width: int = 64, depth: int = 4):
        super().__init__()
        maps = [width * min(2**i, 8) for i in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for number, (n_in, n_out) in enumerate(zip([inputs, *maps], maps, strict=False)):
            norm = [nn.BatchNorm2d(n_out)] if number else []
            convolution = nn.Conv2d(n_in, n_out, 4, 2, 1, bias=not norm)
            self.down.append(nn.Sequential(convolution, *norm, nn.LeakyReLU(SLOPE)))
        for number in reversed(range(depth)):
            n_in = maps[number] * (1 if number == depth - 1 else 2)  # from below, and the skip
            if number:
                transposed = nn.ConvTranspose2d(n_in, maps[number - 1], 4, 2, 1, bias=False)
                self.up.append(nn.Sequential(transposed, nn.BatchNorm2d(maps[number - 1]), nn.ReLU()))
            else:
                self.up.append(nn.Sequential(nn.ConvTranspose2d(n_in, outputs, 4, 2, 1), nn.Tanh()))
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        skips, x = [], images
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for layer in self.up[1:]:
            x = layer(torch.cat([x, skips.pop()], 1))
        return x


class LayeredDiscriminator(nn.Module):
    """(B, channels, R, R) -> (B,) logits; `features` gives four hidden layers as well, each half the size of the last.

    Convolutions of 4x4 and stride 2 with batch normalisation from the second on, for sides of at least 16.
    """

    LAYERS = 4

    def __init__(self, channels: int, resolution: int, width: int = 64):
        super().__init__()
        maps = [width * 2**i for i in range(self.LAYERS)]
        self.stages = nn.ModuleList()
        for number, (n_in, n_out) in enumerate(zip([channels, *maps], maps, strict=False)):
            norm = [nn.BatchNorm2d(n_out)] if number else []
            convolution = nn.Conv2d(n_in, n_out, 4, 2, 1, bias=not norm)
            self.stages.append(nn.Sequential(convolution, *norm, nn.LeakyReLU(SLOPE)))
        self.head = nn.Linear(maps[-1] * (resolution // 2**self.LAYERS) ** 2, 1)
        initialise(self)

    def features(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, channels, R, R) -> (B,) logits, and the four layers (B, c, r, r)."""
        layers, x = [], images
        for stage in self.stages:
            x = stage(x)
            layers.append(x)
        return self.head(x.flatten(1)).flatten(), layers

    def forward(self, images: Tensor) -> Tensor:
        return self.features(images)[0]


@dataclass(frozen=True)
class PairNetworks:
    """A translator with skips, and a discriminator of what it makes."""

    width: Count = 64  # the translator's feature maps after its first halving
    depth: Count = 4  # its halvings
    discriminator_width: Count = 64  # feature maps after the discriminator's first layer

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """generator: first domain to second; discriminator of the second. Raises UsageError for data without pairs."""
        source, target = domains(data)
        side = data.image[1]
        if not data.paired:
            raise UsageError("this method learns from pairs: give --target the set of answers, and --paired.")
        if side % 2**self.depth:
            raise UsageError(f"{self.depth} halvings do not divide {side} pixels: give fewer --depth.")
        if side % 2**LayeredDiscriminator.LAYERS:
            raise UsageError(
                f"the discriminator halves images four times: prepare them at 16, 32, ... pixels, not {side}."
            )
        return {
            "generator": UNet(source, target, self.width, self.depth),
            "discriminator": LayeredDiscriminator(target, side, self.discriminator_width),
        }
