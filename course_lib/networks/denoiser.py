"""Denoisers D(x; sigma): a body that knows the noise level, in the preconditioning of EDM (Karras et al., 2022)."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.settings import Bound, Count, check


class Level(nn.Module):
    """(B,) noise levels -> (B, width): sines and cosines of eight frequencies, and two layers."""

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("frequencies", 2 * math.pi * 2 ** torch.arange(-2.0, 6.0), persistent=False)
        self.layers = nn.Sequential(nn.Linear(16, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, level: Tensor) -> Tensor:
        angles = level[:, None] * self.frequencies
        return self.layers(torch.cat([angles.sin(), angles.cos()], 1))


class Perceptron(nn.Module):
    """The body for points: `depth` hidden layers, each of which is told the level. (B, dim), (B,) -> (B, dim)."""

    def __init__(self, dim: int, width: int = 128, depth: int = 3):
        super().__init__()
        self.size = width
        self.level = Level(width)
        sizes = [dim] + [width] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.told = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.last = nn.Linear(width, dim)

    def encode(self, x: Tensor, level: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last hidden layer (B, width), and nothing beside it."""
        embedded = self.level(level)
        for layer, told in zip(self.hidden, self.told, strict=True):
            x = F.silu(layer(x) + told(embedded))
        return x, []

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        return self.last(self.encode(x, level)[0])


class Block(nn.Module):
    """(B, n_in, H, W) and the embedded level -> (B, n_out, H, W), with a residual connection that begins as it is."""

    def __init__(self, n_in: int, n_out: int, embedding: int):
        super().__init__()
        self.norm_one, self.norm_two = nn.GroupNorm(8, n_in), nn.GroupNorm(8, n_out)
        self.one, self.two = nn.Conv2d(n_in, n_out, 3, 1, 1), nn.Conv2d(n_out, n_out, 3, 1, 1)
        self.told = nn.Linear(embedding, 2 * n_out)
        self.skip = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        nn.init.zeros_(self.two.weight)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        scale, shift = self.told(embedded)[:, :, None, None].chunk(2, 1)
        y = self.one(F.silu(self.norm_one(x)))
        y = self.two(F.silu(self.norm_two(y) * (1 + scale) + shift))
        return self.skip(x) + y


class SmallUNet(nn.Module):
    """The body for images: (B, C, R, R), (B,) -> (B, C, R, R), coarse at two sizes, R/patch and half of it, then fine.

    Patches of `patch` x `patch` pixels are folded into channels first, which makes the network cheap: most of its
    convolutions work on few places. Their answer, unfolded, and the image itself then go through `FINE` maps at full
    size, where noise of single pixels is told from detail. width: maps at the larger of the two sizes, twice as many
    at the smaller.
    """

    FINE = 24

    def __init__(self, channels: int, resolution: int, width: int = 32, patch: int = 2):
        super().__init__()
        if resolution % (2 * patch):
            raise UsageError(f"patches of {patch} do not fit {resolution} pixels twice over: choose --patch.")
        self.size = 2 * width
        self.level = Level(width)
        self.fold, self.unfold = nn.PixelUnshuffle(patch), nn.PixelShuffle(patch)
        self.stem = nn.Conv2d(channels * patch**2, width, 3, 1, 1)
        self.down_one, self.down = Block(width, width, width), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.middle = nn.ModuleList([Block(2 * width, 2 * width, width) for _ in range(2)])
        self.up_one = Block(3 * width, width, width)
        self.coarse = nn.Conv2d(width, channels * patch**2, 3, 1, 1)
        self.fine_stem = nn.Conv2d(2 * channels, self.FINE, 3, 1, 1)
        self.fine = Block(self.FINE, self.FINE, width)
        self.last = nn.Conv2d(self.FINE, channels, 3, 1, 1)

    def encode(self, x: Tensor, level: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The innermost maps (B, 2 width, r, r), and what the way up needs beside them."""
        embedded = self.level(level)
        wide = self.down_one(self.stem(self.fold(x)), embedded)
        y = self.down(wide)
        for block in self.middle:
            y = block(y, embedded)
        return y, [wide, embedded]

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        y, (wide, embedded) = self.encode(x, level)
        y = torch.cat([F.interpolate(y, scale_factor=2.0), wide], 1)
        y = self.unfold(self.coarse(F.silu(self.up_one(y, embedded))))
        return self.last(F.silu(self.fine(self.fine_stem(torch.cat([x, y], 1)), embedded)))


class Denoiser(nn.Module):
    r"""(B, ...), (B,) -> (B, ...): $D(x; \sigma) = c_{skip} x + c_{out} F(c_{in} x; \tfrac14 \ln \sigma)$.

    The factors (EDM, table 1) give the body F inputs and targets of unit variance at every $\sigma$, for data whose
    numbers have the standard deviation `sigma_data`. shape: of one example. `features` are the body's innermost values.
    """

    def __init__(self, body: nn.Module, shape: tuple[int, ...], sigma_data: float = 0.5):
        super().__init__()
        self.body, self.shape, self.sigma_data = body, tuple(shape), sigma_data

    def factors(self, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """c_skip, c_out and c_in of (B,) noise levels."""
        total = (sigma**2 + self.sigma_data**2).sqrt()
        return (self.sigma_data / total) ** 2, sigma * self.sigma_data / total, 1 / total

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        skip, out, into = (f.view(-1, *[1] * (x.ndim - 1)) for f in self.factors(sigma))
        return skip * x + out * self.body(into * x, sigma.log() / 4).float()

    def features(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, ...), (B,) -> (B, size) or (B, size, r, r)."""
        into = self.factors(sigma)[2].view(-1, *[1] * (x.ndim - 1))
        body: Any = self.body
        return body.encode(into * x, sigma.log() / 4)[0]


class OneStep(nn.Module):
    """(B, numbers of an example) -> (B, *shape): a denoiser that is asked once, for pure noise of the largest level."""

    def __init__(self, denoiser: Denoiser, sigma: float = 80.0):
        super().__init__()
        self.denoiser, self.sigma = denoiser, sigma
        self.latent = math.prod(denoiser.shape)

    def forward(self, latents: Tensor) -> Tensor:
        noise = self.sigma * latents.view(-1, *self.denoiser.shape)
        return self.denoiser(noise, latents.new_full((latents.shape[0],), self.sigma))


class FeatureHead(nn.Module):
    """(B, size) or (B, size, r, r) features of a denoiser -> (B,) logits."""

    def __init__(self, size: int, width: int = 64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, features: Tensor) -> Tensor:
        if features.ndim == 4:  # what is there, wherever it is
            features = features.mean((2, 3))
        return self.layers(features).flatten()


@dataclass(frozen=True)
class DenoiserNetwork:
    """One denoiser: a perceptron for points, a small U-Net for images."""

    width: Count = 32  # units a layer, or feature maps at the larger of the U-Net's two sizes
    depth: Count = 3  # hidden layers of a perceptron
    patch: Count = 2  # side of the patches that a U-Net folds into channels
    sigma_data: Bound = 0.5  # standard deviation of the data's numbers

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The denoiser."""
        if len(data.shape) == 3:
            if self.width % 8:
                raise UsageError(
                    f"groups of 8 maps are normalised, so --width must be a multiple of 8: {self.width}."
                )
            body: nn.Module = SmallUNet(*data.image, self.width, self.patch)
        else:
            body = Perceptron(data.dim, self.width, self.depth)
        return {"denoiser": Denoiser(body, data.shape, self.sigma_data)}


@dataclass(frozen=True)
class StudentHead:
    """What a student has beside copies of its teacher: the discriminator's head on the fake denoiser's features."""

    head_width: Count = 64  # units of the head's hidden layer
    features: Count = 64  # of the denoiser; follows from the teacher

    def __post_init__(self) -> None:
        check(self)

    def upon(self, pretrained: dict[str, nn.Module]) -> "StudentHead":
        """The head that fits a teacher."""
        denoiser: Any = pretrained["denoiser"]
        return StudentHead(self.head_width, denoiser.body.size)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The discriminator's head."""
        return {"discriminator": FeatureHead(self.features, self.head_width)}
