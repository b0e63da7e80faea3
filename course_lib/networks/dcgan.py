"""The deep convolutional pair of Radford, Metz and Chintala (2016), with each of its rules as a switch.

The paper's rules: strided convolutions instead of pooling; batch normalisation in both networks, except the
generator's output and the discriminator's input; no hidden dense layers; ReLU in the generator with tanh at its
end; LeakyReLU in the discriminator. Chapter 3 turns each off and measures what it bought.
"""

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from course_lib.data.spec import DataSpec
from course_lib.settings import Count, Slope, check


def _stages(resolution: int) -> int:
    """Number of doublings from 4x4 to `resolution`."""
    stages = round(math.log2(resolution / 4)) if resolution >= 8 else 0
    if stages < 1 or 4 * 2**stages != resolution:
        raise ValueError(f"resolution must be 8, 16, 32, 64, ...; it is {resolution}")
    return stages


def _check(switch: str, value: str, choices: tuple[str, ...]) -> None:
    """A misspelt switch must not quietly mean "none"."""
    if value not in choices:
        raise ValueError(f"{switch} must be {' or '.join(choices)}, not {value}")


def initialise(network: nn.Module) -> None:
    """Every weight N(0, 0.02) (the paper's section 4), every batch-norm gain N(1, 0.02) (its authors' code)."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)


class Generator(nn.Module):
    """(B, latent) -> (B, channels, resolution, resolution) in [-1, 1].

    width: feature maps at half the full resolution; they double at each step down to 4x4.
    upsample: "strided" is the paper's transposed convolution (kernel 4, stride 2, padding 1); "resize" is
        nearest-neighbour enlargement and a 3x3 convolution (Odena et al., 2016, against checkerboards).

    The standard size (latent 64, resolution 32, width 32) has 295,873 parameters. Raises ValueError for a resolution
    that 4 does not reach by doubling, and for a switch that does not exist.
    """

    def __init__(
        self,
        latent: int = 64,
        channels: int = 1,
        resolution: int = 32,
        width: int = 32,
        norm: Literal["batch", "none"] = "batch",
        upsample: Literal["strided", "resize"] = "strided",
    ):
        super().__init__()
        _check("the generator's norm", norm, ("batch", "none"))
        _check("upsample", upsample, ("strided", "resize"))
        self.latent = latent
        stages = _stages(resolution)
        maps = [width * 2**i for i in reversed(range(stages))]  # resolution 32, width 32: 128, 64, 32

        def normalised(n: int) -> list[nn.Module]:
            return [nn.BatchNorm2d(n)] if norm == "batch" else []

        def doubling(n_in: int, n_out: int, bias: bool) -> list[nn.Module]:
            if upsample == "strided":
                return [nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=bias)]
            return [nn.Upsample(scale_factor=2), nn.Conv2d(n_in, n_out, 3, 1, 1, bias=bias)]

        # a bias before batch normalisation would be subtracted again
        bias = norm != "batch"
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent, maps[0], 4, 1, 0, bias=bias),  # (B, latent, 1, 1) -> (B, maps, 4, 4)
            *normalised(maps[0]),
            nn.ReLU(inplace=True),
        ]
        for n_in, n_out in zip(maps, maps[1:], strict=False):  # each doubles height and width
            layers += [*doubling(n_in, n_out, bias), *normalised(n_out), nn.ReLU(inplace=True)]
        layers += [*doubling(maps[-1], channels, True), nn.Tanh()]  # (B, channels, resolution, resolution)
        self.layers = nn.Sequential(*layers)
        initialise(self)

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents[:, :, None, None])


class Discriminator(nn.Module):
    """(B, channels, resolution, resolution) -> (B,) logits.

    downsample: "strided" is the paper's convolution (kernel 4, stride 2, padding 1); "pool" is a 3x3 convolution
        followed by 2x2 max pooling, what the paper replaced.
    slope: of LeakyReLU for negative inputs; 0 makes it ReLU.
    norm: "spectral" divides each weight by its largest singular value (Miyato et al., 2018) and has no batch norm.

    The standard size (resolution 32, width 32) has 166,817 parameters. Raises ValueError as the generator does.
    """

    def __init__(
        self,
        channels: int = 1,
        resolution: int = 32,
        width: int = 32,
        norm: Literal["batch", "none", "spectral"] = "batch",
        downsample: Literal["strided", "pool"] = "strided",
        slope: float = 0.2,
    ):
        super().__init__()
        _check("the discriminator's norm", norm, ("batch", "none", "spectral"))
        _check("downsample", downsample, ("strided", "pool"))
        stages = _stages(resolution)
        maps = [width * 2**i for i in range(stages)]  # resolution 32, width 32: 32, 64, 128

        def halving(n_in: int, n_out: int, bias: bool) -> list[nn.Module]:
            if downsample == "strided":
                return [nn.Conv2d(n_in, n_out, 4, 2, 1, bias=bias)]
            return [nn.Conv2d(n_in, n_out, 3, 1, 1, bias=bias), nn.MaxPool2d(2)]

        # no batch normalisation at the input: it would hide the data's scale from the discriminator
        layers: list[nn.Module] = [*halving(channels, maps[0], True), nn.LeakyReLU(slope, inplace=True)]
        for n_in, n_out in zip(maps, maps[1:], strict=False):  # each halves height and width
            layers += halving(n_in, n_out, norm != "batch")
            if norm == "batch":
                layers.append(nn.BatchNorm2d(n_out))
            layers.append(nn.LeakyReLU(slope, inplace=True))
        layers.append(nn.Conv2d(maps[-1], 1, 4, 1, 0))  # (B, maps, 4, 4) -> (B, 1, 1, 1)
        self.layers = nn.Sequential(*layers)
        initialise(self)
        if norm == "spectral":
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    spectral_norm(module)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten()


@dataclass(frozen=True)
class DCGANGenerator:
    """The generator by itself, of the same size and rules as in the pair."""

    latent: Count = 64  # dimension of z
    generator_width: Count = 32  # feature maps at half the resolution
    generator_norm: str = "batch"  # batch or none
    upsample: str = "strided"  # strided or resize

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The generator, for images."""
        channels, resolution = data.image
        generator = Generator(
            self.latent, channels, resolution, self.generator_width, self.generator_norm, self.upsample
        )
        return {"generator": generator}


@dataclass(frozen=True)
class DCGANPair:
    """Both players: widths, and the paper's rules as switches."""

    latent: Count = 64  # dimension of z
    generator_width: Count = 32  # feature maps at half the resolution
    discriminator_width: Count = 32  # feature maps after the first layer
    generator_norm: str = "batch"  # batch or none
    discriminator_norm: str = "batch"  # batch, none or spectral
    upsample: str = "strided"  # strided or resize
    downsample: str = "strided"  # strided or pool
    slope: Slope = 0.2  # of the discriminator's LeakyReLU; 0 is ReLU

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images."""
        channels, resolution = data.image
        generator = Generator(
            self.latent, channels, resolution, self.generator_width, self.generator_norm, self.upsample
        )
        discriminator = Discriminator(
            channels,
            resolution,
            self.discriminator_width,
            self.discriminator_norm,
            self.downsample,
            self.slope,
        )
        return {"generator": generator, "discriminator": discriminator}
