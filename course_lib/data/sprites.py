"""Sprites: every combination of five known factors once, the test bench of disentanglement.

The factors, counts and order of dSprites (Matthey, Higgins, Hassabis and Lerchner 2017), computed instead of
downloaded: 3 shapes × 6 scales × 40 orientations × 32 × 32 positions = 737,280 images. The outlines are our own
(dSprites publishes pictures, not formulas): the pixels differ, what varies and how often does not.
"""

import math

import numpy as np

from course_lib import seeds, variables
from course_lib.data.images import ImageSet

SHAPES = ("square", "ellipse", "heart")
COUNTS = {"shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32}
TOTAL, TEST = math.prod(COUNTS.values()), 10_000
COLOURS = ("red", "green", "blue")
HEART = 1.35  # the heart's formula reaches that far from the point that is taken for its centre
REACH = 15.9 / 64  # of the frame: no sprite reaches farther from its centre, so none touches the edge
FIRST, LAST = 16.5 / 64, 47.5 / 64  # centres, so that two neighbouring positions are one pixel of 64 apart


def values_of(numbers: np.ndarray) -> np.ndarray:
    """Which value of each factor image number n has: int64 (..., 5), in the order of `COUNTS`.

    The last factor runs fastest, as in dSprites. `number_of` is the inverse.
    """
    return np.stack(np.unravel_index(numbers, tuple(COUNTS.values())), -1)


def number_of(values: np.ndarray) -> np.ndarray:
    """The image with these values (..., 5): int64 (...). Raises ValueError for a value that does not exist."""
    return np.ravel_multi_index(tuple(np.moveaxis(np.asarray(values), -1, 0)), tuple(COUNTS.values()))


def factors_of(numbers: np.ndarray) -> np.ndarray:
    """The factors themselves, float32 (N, 5): number of the shape, scale from 0.5 to 1, orientation in radians, x and
    y from 0 to 1.

    Orientations run from 0 to 2π with both ends, as in dSprites: the first and the last are the same picture.
    """
    shape, *others = values_of(numbers).T
    ends = ((0.5, 1.0), (0.0, 2 * math.pi), (0.0, 1.0), (0.0, 1.0))
    counts = list(COUNTS.values())[1:]
    columns = [
        low + v * (high - low) / (n - 1) for v, (low, high), n in zip(others, ends, counts, strict=True)
    ]
    return np.stack([shape, *columns], -1).astype(np.float32)


@variables.unshifted()
def colours_of(numbers: np.ndarray) -> np.ndarray:
    """The colour of each sprite, float32 (N, 3): red, green and blue, independent and uniform on [0.5, 1].

    So in the colour dSprites of Locatello et al. (2019), where a picture's colour changes from one use to the next;
    here it is drawn once for each image.
    """
    drawn = np.random.Generator(np.random.Philox(seeds.number(0, purpose="sprites/colour"))).random(
        (TOTAL, 3), "f4"
    )
    return (0.5 + 0.5 * drawn)[numbers]


def draw(factors: np.ndarray, resolution: int = 64) -> np.ndarray:
    """Sprites with these factors (N, 5), white on black: uint8 (N, 1, R, R), 0 or 255.

    A pixel is white when its middle lies in the sprite: hard edges, as in dSprites.
    """
    shape, scale, angle, x, y = (column[:, None, None] for column in factors.astype(np.float64).T)
    middles = (np.arange(resolution) + 0.5) / resolution
    across = middles - (FIRST + x * (LAST - FIRST))
    down = middles[:, None] - (FIRST + y * (LAST - FIRST))
    cos, sin = np.cos(angle) / (REACH * scale), np.sin(angle) / (REACH * scale)
    # in units of the sprite's reach, turned with it; what lies beyond the reach is black whatever the shape
    u, v = across * cos + down * sin, down * cos - across * sin
    side = math.sqrt(0.5)
    square = np.maximum(np.abs(u), np.abs(v)) <= side
    ellipse = u**2 + (2 * v) ** 2 <= 1
    heart = _heart(u * HEART, -v * HEART + 0.1)
    inside = np.where(shape == 0, square, np.where(shape == 1, ellipse, heart))
    return np.where(inside, np.uint8(255), np.uint8(0))[:, None]


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Inside of the sextic (x² + y² − 1)³ = x² y³, its two lobes up."""
    return (x**2 + y**2 - 1) ** 3 <= x**2 * y**3


class SpriteImages:
    """Images made when they are read: what `ImageSet.images` is for a set of 3 GB that nobody should store.

    Behaves as a uint8 array (N, C, R, R) that can be read and indexed along its first axis. `numbers` are those of
    the images (default: all of them), `coloured` gives each its colour.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(self, resolution: int = 64, coloured: bool = False, numbers: np.ndarray | None = None):
        self.resolution = resolution
        self.numbers = np.arange(TOTAL) if numbers is None else numbers
        self.colours = colours_of(self.numbers) if coloured else None
        self.shape = (len(self.numbers), 3 if coloured else 1, resolution, resolution)

    @property
    def nbytes(self) -> int:
        """Bytes that all images take once they are made."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index) -> np.ndarray:
        """A number, slice, mask or array of numbers: uint8 (C, R, R) or (n, C, R, R)."""
        numbers = self.numbers[index]
        made = draw(factors_of(np.atleast_1d(numbers)), self.resolution)
        if self.colours is not None:
            colours = np.atleast_2d(self.colours[index])[:, :, None, None]
            made = (made * colours).round().astype(np.uint8)
        return made if np.ndim(numbers) else made[0]

    def take(self, indices, axis: int = 0, out: np.ndarray | None = None, mode: str = "raise") -> np.ndarray:
        """As `numpy.take` along the first axis, the only one that there is reason to take along."""
        if axis != 0:
            raise ValueError(f"sprites are taken along axis 0, not {axis}")
        index = np.asarray(indices)
        made = self[index if mode == "raise" else index.clip(0, len(self) - 1)]
        if out is None:
            return made
        out[...] = made
        return out

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


class Sprites:
    """The sprites by name. Nothing is kept on disk.

    The training set is all of them. The test set is 10,000 drawn among the same without replacement: a set that holds
    every combination has no other pictures, so a distance to it tells how well sprites are drawn, not whether a
    network has more than memory.
    """

    native, licence, size, how = 64, "of this course", "none", "always there"
    images, splits = f"{TOTAL:,} + {TEST:,} of the same", ("train", "test")

    def __init__(self, colour: bool = False):
        self.colour = colour
        self.name = "sprites-colour" if colour else "sprites"

    def where(self) -> str:
        return "drawn as needed"

    @variables.unshifted()
    def open(self, resolution: int, split: str) -> ImageSet:
        """All sprites, or the 10,000 of the test set, at that resolution, with their factors."""
        numbers = np.arange(TOTAL)
        if split == "test":
            mixed = np.random.Generator(np.random.Philox(seeds.number(0, purpose="sprites/test")))
            numbers = np.sort(mixed.choice(TOTAL, TEST, replace=False))
        images = SpriteImages(resolution, self.colour, numbers)
        factors, names = factors_of(numbers), tuple(COUNTS)
        if self.colour:
            factors, names = np.concatenate([factors, images.colours], 1), (*names, *COLOURS)
        return ImageSet(self.name, images, factors=factors, factor_names=names)
