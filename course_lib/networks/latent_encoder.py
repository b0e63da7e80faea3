"""An encoder for style-based generators: from an image to an offset of each style from the mean code.

Richardson et al. (2021, pSp): features at three depths of a pyramid, and a small head for each style. The first three
styles, which set pose and shape, are read from the coarsest features, the next four from the middle, the rest from
the finest. The last layer of each head begins at 0, so that an untrained encoder answers with the mean code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.classifier import Convolution, Residual
from course_lib.networks.mlp import Discriminator
from course_lib.settings import Count, CountFrom0, Weight, check

LARGEST = 256  # pixels: larger images are averaged down to it (Richardson et al., 2021, section 4)
DEPTHS = (3, 4)  # styles that the coarse and the middle features give; the fine ones give the rest
SLOPE = 0.2


class Heads(nn.Sequential):
    """Maps (B, maps, side, side) -> (B, count, dim): `count` heads side by side, none of which sees another.

    Each halves its map down to one pixel (pSp's map2style) and ends in a linear layer.
    """

    def __init__(self, maps: int, side: int, count: int, dim: int):
        layers: list[nn.Module] = []
        shared = True  # all heads read the same maps; from then on each has its own
        while side > 1:
            n_in = maps if shared else count * maps
            groups = 1 if shared else count
            layers += [nn.Conv2d(n_in, count * maps, 3, 2, 1, groups=groups), nn.LeakyReLU(SLOPE)]
            side, shared = (side + 1) // 2, False
        last = nn.Conv2d(maps if shared else count * maps, count * dim, 1, groups=1 if shared else count)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        super().__init__(*layers, last, nn.Flatten(), nn.Unflatten(1, (count, dim)))


class LatentEncoder(nn.Module):
    """Images (B, channels, resolution, resolution) in [-1, 1] -> offsets (B, *shape) from the code `mean`.

    shape: of a code, (d,) or (styles, d). deltas: the first style's offset is added to all others, which say how they
    differ from it, and are 0 until `opened` reaches them (Tov et al., 2021, e4e). iterations: how often it is asked
    when it encodes; more than once, and it sees a reconstruction beside the image (Alaluf et al., 2021, ReStyle).
    space: of the codes, z, w or w+.

    mean: (*shape), what offsets are added to. Raises ValueError for a resolution that is no multiple of 16, UsageError
    for deltas of a single style.
    """

    mean: Tensor
    opened: Tensor

    def __init__(
        self,
        channels: int,
        resolution: int,
        shape: tuple[int, ...],
        width: int = 16,
        head_width: int = 64,
        iterations: int = 1,
        deltas: bool = False,
        space: str = "w+",
    ):
        super().__init__()
        self.seen = min(resolution, LARGEST)
        if self.seen < 16 or resolution % self.seen or self.seen % 16:
            raise ValueError(f"this encoder takes images of 16, 32, 48, ... pixels, not {resolution}")
        if deltas and (len(shape) != 2 or shape[0] < 2):
            raise UsageError("deltas are differences between styles: give --space w+ with them.")
        self.shape, self.iterations, self.deltas, self.space = tuple(shape), iterations, deltas, space
        styles, dim = (1, *shape)[-2:]
        inputs = channels * (2 if iterations > 1 else 1)
        widths = [width, 2 * width, 4 * width, 4 * width]  # at a half, a quarter, an eighth, a sixteenth
        self.stages = nn.ModuleList(
            nn.Sequential(Convolution(n_in, n_out, stride=2), Residual(n_out))
            for n_in, n_out in zip([inputs, *widths], widths, strict=False)
        )
        counts = [min(styles, DEPTHS[0]), min(max(styles - DEPTHS[0], 0), DEPTHS[1])]
        counts.append(styles - sum(counts))
        self.heads = nn.ModuleList(
            Heads(head_width, self.seen // stride, count, dim)
            for count, stride in zip(counts, (16, 8, 4), strict=True)
            if count
        )
        self.lateral = nn.ModuleList(nn.Conv2d(n, head_width, 1) for n in widths[: -len(self.heads) - 1 : -1])
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("opened", torch.tensor(styles))

    def forward(self, images: Tensor, reconstructions: Tensor | None = None) -> Tensor:
        x = images if reconstructions is None else torch.cat([images, reconstructions], 1)
        if x.shape[-1] > self.seen:
            x = F.avg_pool2d(x, x.shape[-1] // self.seen)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        found, above = [], None
        for features, lateral, heads in zip(reversed(maps), self.lateral, self.heads, strict=False):
            above = (
                lateral(features)
                if above is None
                else lateral(features) + F.interpolate(above, scale_factor=2)
            )
            found.append(heads(above))
        offsets = torch.cat(found, 1)  # (B, styles, dim)
        if self.deltas:
            offsets = from_deltas(offsets, self.opened)
        return offsets.reshape(-1, *self.shape)


def from_deltas(answers: Tensor, opened: Tensor | int) -> Tensor:
    """(B, styles, dim), the first style's offset and how each other differs from it -> offsets (B, styles, dim).

    Of the differences only those of the first `opened` styles count (Tov et al., 2021, section 4.2).
    """
    first, others = answers[:, :1], answers[:, 1:]
    number = torch.arange(1, answers.shape[1], device=answers.device)
    return first + torch.cat([torch.zeros_like(first), others * (number < opened)[:, None]], 1)


class LatentPool(nn.Module):
    """The last codes that an encoder gave, of which a discriminator is shown old ones at even odds.

    Shrivastava et al. (2017); Tov et al. (2021) keep 50. `codes`: (size, *shape).
    """

    codes: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]):
        super().__init__()
        self.register_buffer("codes", torch.zeros(size, *shape))

    def swap(self, codes: Tensor, calls: int, generator: torch.Generator) -> Tensor:
        """Codes (B, *shape) to show: these, or at even odds others from the pool, whose places they then take.

        calls: how often it was asked before, each time with as many codes; the first calls fill it. Raises UsageError
        for more codes at a time than it holds.
        """
        n, size = len(codes), len(self.codes)
        if n > size:
            raise UsageError(f"a pool of {size} takes no {n} codes at once: give --pool at least {n}.")
        if (calls + 1) * n <= size:
            self.codes[calls * n : (calls + 1) * n] = codes
            return codes
        filled = size // n * n
        places = torch.randperm(filled, generator=generator, device=codes.device)[:n]
        coins = torch.rand(n, generator=generator, device=codes.device)
        old = (coins < 0.5).view(-1, *[1] * (codes.ndim - 1))
        stored = self.codes[places]
        self.codes[places] = torch.where(old, codes, stored)
        return torch.where(old, stored, codes)


@dataclass(frozen=True)
class LatentEncoderNetwork:
    """The encoder for a generator that another run trained: how wide it is, and of what its answers consist."""

    encoder_width: Count = 16  # feature maps at half the resolution; four times as many at an eighth
    head_width: Count = 64  # feature maps of the pyramid, and of each style's head
    space: Literal["z", "w", "w+"] = "w+"  # of the codes: z, w, or w+ with a code for each style
    iterations: Count = 1  # times that it is asked for an image, each time shown what it has reached
    deltas: bool = False  # other styles say how they differ from the first
    discriminator_weight: Weight = 0.0  # above 0 a discriminator of codes is built
    discriminator_width: Count = 128  # units of each of its layers
    pool: CountFrom0 = 50  # images whose codes the discriminator is shown again

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Raises UsageError: without a generator nothing says what a code is."""
        raise UsageError("an encoder is for a generator: name the run of one in the recipe's `pretrained`.")

    def upon(self, pretrained: Mapping[str, nn.Module]) -> "LatentEncoderNetwork | EncoderOf":
        """The same for the codes of the generator that a run stands on."""
        if "generator" not in pretrained:
            return self
        return EncoderOf(self, code_shape(pretrained["generator"], self.space))


@dataclass(frozen=True)
class EncoderOf:
    """An encoder whose codes have this shape."""

    settings: LatentEncoderNetwork
    shape: tuple[int, ...]

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The encoder, for images, and the discriminator of codes and its pool where there is one."""
        s, (channels, resolution) = self.settings, data.image
        sizes = (s.encoder_width, s.head_width, s.iterations, s.deltas, s.space)
        networks: dict[str, nn.Module] = {"encoder": LatentEncoder(channels, resolution, self.shape, *sizes)}
        if s.discriminator_weight:
            # of four layers
            networks["discriminator"] = Discriminator(self.shape[-1], s.discriminator_width, 3)
            networks["pool"] = LatentPool(s.pool, self.shape)
        return networks


def code_shape(generator: nn.Module, space: str) -> tuple[int, ...]:
    """Of a code in a space of a generator. Raises UsageError for W and W+ of one without styles."""
    if space == "z":
        return (int(generator.latent),)  # type: ignore[arg-type]
    if not hasattr(generator, "synthesis"):
        raise UsageError(f"this generator has no styles, so no space {space}: give --space z.")
    width = int(generator.width)  # type: ignore[arg-type]
    return (width,) if space == "w" else (int(generator.layers), width)  # type: ignore[arg-type]
