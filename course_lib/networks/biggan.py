"""BigGAN's players (Brock et al., 2019, appendix B), each of their ingredients a switch.

The generator is told the class by the gains and shifts of its batch normalisations. These are linear in a class vector
(one for all layers: the *shared* embedding) and, with *skip* latents, in a part of z that belongs to the block.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.attention import AttentionDiscriminator, Looks, attention, drawn_and_normed
from course_lib.networks.conditions import Conditions
from course_lib.networks.trunks import halvings
from course_lib.settings import Count, CountFrom0, check


class ConditionalNorm(nn.Module):
    """Batch normalisation whose gain 1 + A c and shift B c depend on a vector c (B, size)."""

    def __init__(self, maps: int, size: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(maps, affine=False)
        self.gain, self.shift = nn.Linear(size, maps, bias=False), nn.Linear(size, maps, bias=False)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        gain, shift = 1 + self.gain(c), self.shift(c)
        return self.norm(x) * gain[:, :, None, None] + shift[:, :, None, None]


class Block(nn.Module):
    """(B, n_in, H, W) and c (B, size) -> (B, n_out, 2H, 2W): the residual block of `networks.attention`, told c."""

    def __init__(self, n_in: int, n_out: int, size: int):
        super().__init__()
        self.norms = nn.ModuleList([ConditionalNorm(n_in, size), ConditionalNorm(n_out, size)])
        self.first, self.second = nn.Conv2d(n_in, n_out, 3, 1, 1), nn.Conv2d(n_out, n_out, 3, 1, 1)
        self.skip = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        y = self.first(F.interpolate(self.norms[0](x, c).relu(), scale_factor=2.0))
        return self.second(self.norms[1](y, c).relu()) + F.interpolate(self.skip(x), scale_factor=2.0)


class BigGenerator(nn.Module):
    """[z, y], (B, noise + conditions.size) -> (B, channels, R, R) in [-1, 1].

    shared: one embedding of `embedding` numbers for all blocks, else each block reads y itself. skip: z is cut into
    equal parts, the first for 4x4 and one for each block; else all of z goes to 4x4.
    """

    def __init__(
        self, noise: int, conditions: Conditions, channels: int, resolution: int, width: int, at: int = 0,
        looks: Looks = "none", shared: bool = True, skip: bool = True, embedding: int = 128,
    ):  # fmt: skip
        super().__init__()
        count = halvings(resolution) + 1
        if skip and noise % (count + 1):
            raise UsageError(
                f"{noise} numbers of noise are no {count + 1} equal parts, one for 4x4 and one for each block: give a "
                f"--noise that {count + 1} divides."
            )
        self.latent, self.noise, self.conditions = noise + conditions.size, noise, conditions
        self.part = noise // (count + 1) if skip else noise
        self.skip = skip
        self.embed = nn.Linear(conditions.size, embedding, bias=False) if shared else nn.Identity()
        size = (embedding if shared else conditions.size) + (self.part if skip else 0)
        maps = [width * min(2**i, 16) for i in reversed(range(count + 1))]
        self.first = nn.Linear(self.part, 16 * maps[0])
        self.blocks, self.after = nn.ModuleList(), nn.ModuleList()
        for number, (n_in, n_out) in enumerate(zip(maps, maps[1:], strict=False)):
            self.blocks.append(Block(n_in, n_out, size))
            self.after.append(nn.Sequential(*attention(n_out, 8 * 2**number, at, looks)))
        self.last = nn.Sequential(
            nn.BatchNorm2d(maps[-1]), nn.ReLU(), nn.Conv2d(maps[-1], channels, 3, 1, 1), nn.Tanh()
        )

    def forward(self, latents: Tensor) -> Tensor:
        z, c = latents[:, : self.noise], self.embed(latents[:, self.noise :])
        parts = z.split(self.part, 1)
        x = self.first(parts[0]).unflatten(1, (-1, 4, 4))
        for number, (block, after) in enumerate(zip(self.blocks, self.after, strict=True)):
            told = torch.cat([c, parts[number + 1]], 1) if self.skip else c
            x = after(block(x, told))
        return self.last(x)


class BigDiscriminator(AttentionDiscriminator):
    """(B, C, R, R) and (B, K) -> (B,) logits: linear in the summed maps, plus the projection of y on them."""

    def __init__(self, conditions: int, channels: int, resolution: int, width: int, at: int, looks: Looks):
        super().__init__(channels, resolution, width, at, looks)
        self.embedding = nn.Linear(conditions, self.last.in_features, bias=False)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:  # type: ignore[override]
        maps = self.blocks(images).sum((2, 3))
        return self.last(maps).flatten() + (self.embedding(condition) * maps).sum(1)


@dataclass(frozen=True)
class BigPair:
    """Both players, spectrally normed, with orthogonal weights at the start."""

    conditions: str = "labels"  # labels, or names of factors with commas between
    noise: Count = 120  # dimension of z
    generator_width: Count = 96  # feature maps at the full resolution
    discriminator_width: Count = 96  # feature maps after the first block
    shared: bool = True  # one embedding of the class for all blocks
    embedding: Count = 128  # its dimension
    skip: bool = True  # a part of z for each block
    at: CountFrom0 = 64  # pixels of the side at which attention stands
    looks: Looks = "everywhere"  # everywhere; near; none: without attention

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images. Raises UsageError where z cannot be cut into parts."""
        channels, resolution = data.image
        told = Conditions.named(self.conditions, data)
        players = {
            "generator": BigGenerator(
                self.noise, told, channels, resolution, self.generator_width, self.at, self.looks, self.shared,
                self.skip, self.embedding,
            ),
            "discriminator": BigDiscriminator(
                told.size, channels, resolution, self.discriminator_width, self.at, self.looks
            ),
        }  # fmt: skip
        return drawn_and_normed(players, nn.init.orthogonal_)
