"""Noise maps beside codes: both are found together, as StyleGAN2's projector does (Karras et al. 2020, appendix D).

A style generator adds a map of noise after each convolution. Left free, the maps can hold the whole image, and codes
mean nothing. So they are kept at mean 0 and root mean square 1 after each step, and their correlation with themselves,
moved by a pixel, is punished at every scale: what is left is noise without a picture in it.

Public projectors average the punishment over a batch before they square it, and normalise with the statistics of the
batch: each image then gets other noise than alone. Here both are of each image.
"""

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.methods.spaces import Space

WEIGHT = 1e5  # of the punishment, beside a distance of the projector's: a sum over VGG's features
SMALLEST = 8  # pixels: maps are halved as long as their side is above it


class WithNoise(nn.Module):
    """Codes with their noise maps in one row (B, d + Σ r²) -> images.

    `shape` is that of a code alone, (d,) or (L, d); `sides` are the sides r of the maps.
    """

    def __init__(self, generator: nn.Module, name: str, shape: tuple[int, ...]):
        super().__init__()
        self.generator, self.name, self.shape = generator, name, shape
        self.sides = [int(noise[-1]) for noise in generator.noise_shapes]  # type: ignore[union-attr]

    @property
    def size(self) -> int:
        """Numbers of a code without its maps."""
        return torch.Size(self.shape).numel()

    def split(self, rows: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Codes (B, *shape), and the maps (B, 1, r, r)."""
        parts = rows.split([self.size, *(r * r for r in self.sides)], dim=1)
        maps = [part.unflatten(1, (1, r, r)) for part, r in zip(parts[1:], self.sides, strict=True)]
        return parts[0].unflatten(1, self.shape), maps

    def join(self, codes: Tensor, maps: list[Tensor]) -> Tensor:
        """What `split` takes apart."""
        return torch.cat([codes.flatten(1), *(noise.flatten(1) for noise in maps)], dim=1)

    def forward(self, rows: Tensor) -> Tensor:
        codes, maps = self.split(rows)
        if self.name == "z":
            codes = self.generator.mapping(codes)  # type: ignore[operator]
        if codes.ndim == 2:
            codes = codes[:, None].expand(-1, self.generator.layers, -1)  # type: ignore[arg-type]
        return self.generator.synthesis(codes, maps)  # type: ignore[operator]


def with_noise(space: Space, generator: nn.Module, weight: float = WEIGHT) -> Space:
    """The space of codes of `space` (z, w or w+) with noise maps beside them; its `decode` is a `WithNoise`.

    weight: of `autocorrelation`, which is added to what a search minimises.
    Raises UsageError for a generator without noise maps.
    """
    if not getattr(generator, "noise_shapes", None):
        raise UsageError("this generator adds no noise, so there are no noise maps to find: leave them out.")
    decode = WithNoise(generator, space.name.partition(",")[0], space.shape)
    pixels = sum(r * r for r in decode.sides)

    def draw(n: int, draws: torch.Generator) -> Tensor:
        codes = space.draw(n, draws).flatten(1)
        return torch.cat([codes, torch.randn(n, pixels, generator=draws, device=draws.device)], dim=1)

    def project(rows: Tensor) -> Tensor:
        codes, maps = decode.split(rows)
        return decode.join(space.project(codes), [normalised(noise) for noise in maps])

    def penalty(rows: Tensor) -> Tensor:
        codes, maps = decode.split(rows)
        return space.penalty(codes) + weight * sum(autocorrelation(noise) for noise in maps)

    # noise on codes is for codes: the maps are noise already
    spread = torch.cat([torch.ones(decode.size) * space.spread, torch.zeros(pixels)])
    return dataclasses.replace(
        space,
        name=f"{space.name}, noise",
        shape=(decode.size + pixels,),
        decode=decode,
        draw=draw,
        project=project,
        penalty=penalty,
        spread=spread.to(next(generator.parameters())),
    )


def autocorrelation(noise: Tensor) -> Tensor:
    """Maps (B, 1, r, r) -> (B,): squared correlation with the map moved by one pixel along each axis, over scales.

    Karras et al. (2020), appendix D: each scale halves the side by averages of 2 × 2 pixels, down to 8. 0 for white
    noise of infinite size; 2 for each scale of a constant map of ones.
    """
    total = noise.new_zeros(len(noise))
    while True:
        for axis in (2, 3):
            total = total + (noise * noise.roll(1, axis)).mean((1, 2, 3)).square()
        if noise.shape[-1] <= SMALLEST:
            return total
        noise = F.avg_pool2d(noise, 2)


def normalised(noise: Tensor) -> Tensor:
    """Each map of (B, 1, r, r) at mean 0 and root mean square 1."""
    centred = noise - noise.mean((1, 2, 3), keepdim=True)
    return centred * centred.square().mean((1, 2, 3), keepdim=True).clamp(min=1e-12).rsqrt()
