r"""The style-based generator (Karras et al., 2019 and 2020): z is mapped to w, and w scales the channels of each layer.

$f : z \mapsto w$ is a perceptron, the *mapping network*. The *synthesis network* begins with a constant; each of its
layers gets a w, noise for each pixel, and nothing else. An image is the sum of what each resolution adds to it (*skip*
connections). No operator of its own: all derivatives, second ones too, are torch's.

Layers are called by the pixels at which they work, as the authors' networks name them: `synthesis.b8.conv0`.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks.layers import at_least_float32
from course_lib.networks.resampling import double
from course_lib.networks.style_discriminator import StyleDiscriminator
from course_lib.networks.style_layers import Mapping, StyleConv2d, ToRGB
from course_lib.settings import Count, CountFrom0, SomeShare, check

Norm = Literal["demodulation", "adaptive"]


def resolutions(resolution: int) -> list[int]:
    """4, 8, ..., resolution. Raises ValueError for one that 4 does not reach by doubling."""
    doublings = round(math.log2(resolution / 4)) if resolution >= 8 else 0
    if doublings < 1 or 4 * 2**doublings != resolution:
        raise ValueError(f"resolution must be 8, 16, 32, 64, ...; it is {resolution}")
    return [4 * 2**j for j in range(doublings + 1)]


class Halfway(NamedTuple):
    """Features (B, maps, r, r) and the image so far (B, colours, r, r); None before the first block."""

    features: Tensor | None
    image: Tensor | None

    @property
    def whole(self) -> Tensor:
        """The image."""
        assert self.image is not None
        return self.image


class Block(nn.Module):
    """The layers of one resolution. At 4 pixels `const` stands where other blocks have `conv0`."""

    def __init__(
        self, width: int, inputs: int, outputs: int, colours: int, resolution: int, adaptive: bool, start: int
    ):
        super().__init__()
        self.resolution, self.start = resolution, start  # start: number of the first style that it takes
        first = resolution == 4
        if first:
            self.const = nn.Parameter(torch.randn(outputs, 4, 4))
        else:
            self.conv0 = StyleConv2d(width, inputs, outputs, resolution, True, adaptive)
        self.conv1 = StyleConv2d(width, outputs, outputs, resolution, False, adaptive)
        self.torgb = ToRGB(width, outputs, colours)
        self.convolutions = [self.conv1] if first else [self.conv0, self.conv1]

    def forward(
        self, x: Tensor | None, image: Tensor | None, styles: Tensor, noise: list[Tensor]
    ) -> "Halfway":
        """Features and image of the block below -> those of this one. styles: (B, L, width)."""
        if x is None:
            x = self.const.expand(styles.shape[0], -1, -1, -1)
        for j, layer in enumerate(self.convolutions):
            x = layer(x, styles[:, self.start + j], noise[self.start + j])
        added = self.torgb(x, styles[:, self.start + len(self.convolutions)])
        added = at_least_float32(added)  # what all resolutions add is summed without rounding
        return Halfway(x, added if image is None else double(image) + added)


class Synthesis(nn.Module):
    """styles (B, layers, width) -> images (B, colours, resolution, resolution), in [-1, 1] when it is trained.

    channels: feature maps at each resolution from 4 on. A block's image takes the style of the first layer of the next.
    """

    def __init__(self, width: int, channels: list[int], colours: int, adaptive: bool):
        super().__init__()
        self.sizes = [4 * 2**j for j in range(len(channels))]
        self.layers = 2 * len(channels)
        for j, (size, maps) in enumerate(zip(self.sizes, channels, strict=True)):
            block = Block(width, channels[max(j - 1, 0)], maps, colours, size, adaptive, max(2 * j - 1, 0))
            self.add_module(f"b{size}", block)

    @property
    def blocks(self) -> list[Block]:
        """One for each resolution, from 4 pixels on."""
        return [getattr(self, f"b{size}") for size in self.sizes]

    @property
    def convolutions(self) -> list[StyleConv2d]:
        """The layers with noise, in order."""
        return [layer for block in self.blocks for layer in block.convolutions]

    @property
    def noise_shapes(self) -> list[tuple[int, int]]:
        """Pixels of each noise map."""
        return [(layer.resolution, layer.resolution) for layer in self.convolutions]

    def fresh_noise(self, n: int, generator: torch.Generator) -> list[Tensor]:
        """Maps (n, 1, r, r) of N(0, 1), one for each layer, on the generator's device."""
        return [
            torch.randn(n, 1, *shape, generator=generator, device=generator.device)
            for shape in self.noise_shapes
        ]

    def maps(
        self, styles: Tensor, noise: list[Tensor] | None, generator: torch.Generator | None = None
    ) -> list[Tensor]:
        """The noise maps that are used: those given, fresh ones of `generator`, or the stored ones.

        Raises ValueError for styles of another number.
        """
        if styles.ndim != 3 or styles.shape[1] != self.layers:
            raise ValueError(f"styles must be (B, {self.layers}, width), not {tuple(styles.shape)}")
        if noise is None and generator is not None:
            return self.fresh_noise(len(styles), generator)
        return [layer.noise_const for layer in self.convolutions] if noise is None else noise

    def forward(
        self, styles: Tensor, noise: list[Tensor] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """noise: a map (B or 1, 1, r, r) for each layer. Without it the stored maps, or fresh ones of `generator`."""
        maps, state = self.maps(styles, noise, generator), Halfway(None, None)
        for block in self.blocks:
            state = block(*state, styles, maps)
        return state.whole

    def features(self, styles: Tensor, level: int, noise: list[Tensor] | None = None) -> "Halfway":
        """What the first `level` + 1 blocks make: features and the image so far, at 4 times 2^level pixels."""
        maps, state = self.maps(styles, noise), Halfway(None, None)
        for block in self.blocks[: level + 1]:
            state = block(*state, styles, maps)
        return state

    def from_features(
        self, state: "Halfway", level: int, styles: Tensor, noise: list[Tensor] | None = None
    ) -> Tensor:
        """The image that the blocks after `level` make of what `features` gave, or of what stands in its place."""
        maps = self.maps(styles, noise)
        for block in self.blocks[level + 1 :]:
            state = block(*state, styles, maps)
        return state.whole


class StyleGenerator(nn.Module):
    r"""z (B, latent) -> (B, colours, resolution, resolution).

    channels(r) = min(base / r, most) feature maps at r pixels. `width` is the dimension of w, `layers` the number of
    styles. `mean_w`, the running mean of w, belongs to the state. `truncation` is psi: `forward` takes
    $\bar w + \psi (w - \bar w)$ in place of w.
    """

    def __init__(
        self,
        latent: int = 512,
        width: int = 512,
        resolution: int = 32,
        colours: int = 3,
        base: int = 16_384,
        most: int = 512,
        depth: int = 8,
        norm: Norm = "demodulation",
        speed: float = 0.01,
    ):
        super().__init__()
        if norm not in ("demodulation", "adaptive"):
            raise ValueError(f"norm must be demodulation or adaptive, not {norm}")
        self.latent, self.width, self.resolution, self.colours = latent, width, resolution, colours
        self.mapping = Mapping(latent, width, depth, speed)
        channels = [min(max(base // r, 1), most) for r in resolutions(resolution)]
        self.synthesis = Synthesis(width, channels, colours, norm == "adaptive")
        self.layers = self.synthesis.layers
        self.truncation = 1.0
        self.register_buffer("mean_w", torch.zeros(width))

    @property
    def noise_shapes(self) -> list[tuple[int, int]]:
        """Pixels of each noise map, one for each convolution."""
        return self.synthesis.noise_shapes

    def broadcast(self, w: Tensor) -> Tensor:
        """(B, width) -> styles (B, layers, width): the same w for every layer."""
        return w[:, None].expand(-1, self.layers, -1)

    def truncated(self, w: Tensor, psi: float | Tensor) -> Tensor:
        r"""$\bar w + \psi (w - \bar w)$; psi may differ from layer to layer, (layers, 1), for styles."""
        return self.mean_w + psi * (w - self.mean_w)

    def forward(self, z: Tensor) -> Tensor:
        w = self.mapping(z)
        return self.synthesis(
            self.broadcast(w if self.truncation == 1 else self.truncated(w, self.truncation))
        )


def mix(first: Tensor, second: Tensor, crossover: Tensor | int) -> Tensor:
    """Styles (B, L, width) of `first` before layer `crossover`, of `second` from there on. crossover: () or (B,)."""
    layer = torch.arange(first.shape[1], device=first.device)
    cut = torch.as_tensor(crossover, device=first.device).reshape(-1, 1)
    return torch.where((layer < cut)[:, :, None], first, second)


@dataclass(frozen=True)
class StylePair:
    """Both players. Defaults: narrow ones for 32 pixels on a CPU; the authors' are 512, 512, 8, 16384 and 512."""

    latent: Count = 128  # dimension of z
    width: Count = 128  # dimension of w
    depth: CountFrom0 = 4  # layers of the mapping network; 0: w is z, normalised
    base: Count = 1_024  # feature maps at r pixels are base / r, in both players
    most: Count = 128  # and at most so many
    norm: Norm = "demodulation"  # or adaptive: the first StyleGAN's adaptive instance normalisation
    speed: SomeShare = 0.01  # factor on the mapping network's learning rate
    # whether the strengths of the noise are learnt; else they stay 0, and the noise has no effect
    noise: bool = True
    group: CountFrom0 = 4  # images that the minibatch deviation compares; 0 leaves it out

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images. Raises ValueError for w and z of two sizes with no mapping."""
        colours, resolution = data.image
        if not self.depth and self.latent != self.width:
            raise ValueError("without a mapping network w is z: give both the same dimension")
        maps: dict[str, Any] = {"base": self.base, "most": self.most}
        sizes = (self.latent, self.width, resolution, colours)
        generator = StyleGenerator(*sizes, **maps, depth=self.depth, norm=self.norm, speed=self.speed)
        for layer in generator.synthesis.convolutions:
            layer.noise_strength.requires_grad_(self.noise)
        discriminator = StyleDiscriminator(resolution, colours, **maps, group=self.group)
        return {"generator": generator, "discriminator": discriminator}
