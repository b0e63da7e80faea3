"""Sets of images: what a prepared one is, and what a source hands over before preparation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import CourseError


def to_float(pixels: Tensor) -> Tensor:
    """uint8 (B, C, H, W) to float32 in [-1, 1], channels last (0 becomes exactly -1, 255 exactly 1)."""
    x = torch.empty_like(pixels, dtype=torch.float32, memory_format=torch.channels_last)
    return x.copy_(pixels).div_(127.5).sub_(1)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images kept as bytes, usually a file that is read in place.

    `images` is uint8 (N, C, H, W) with H = W; `labels` int64 (N,) that index `classes`, or None; `factors`
    float32 (N, K) with a column for each of `factor_names`, or None (CelebA's attributes are 0 or 1).
    `split` is the part of its source that it is; `fingerprint` changes when an image does, "" where that is not known
    without reading all of them (`identity`).
    Raises CourseError when the arrays have another shape or type.
    """

    name: str
    images: Any = field(repr=False)  # a uint8 array, or what is read like one
    labels: np.ndarray | None = field(default=None, repr=False)
    classes: tuple[str, ...] = ()
    factors: np.ndarray | None = field(default=None, repr=False)
    factor_names: tuple[str, ...] = ()
    split: str = ""
    fingerprint: str = ""
    watch: Any = field(default=None, repr=False)  # `blocks.Watch` of a large prepared set

    def __post_init__(self):
        shape, dtype = self.images.shape, self.images.dtype
        if dtype != np.uint8 or len(shape) != 4 or shape[2] != shape[3] or 0 in shape:
            raise CourseError(
                f"The images of {self.name} have shape {shape} and type {dtype}: give at least one square "
                "image, as uint8 of shape (N, C, H, H)."
            )
        if self.labels is not None and self.labels.shape != (len(self),):
            raise CourseError(
                f"{self.name} has {len(self)} images and labels of shape {self.labels.shape}: give one label "
                "an image."
            )
        if self.factors is not None and self.factors.shape != (len(self), len(self.factor_names)):
            raise CourseError(
                f"{self.name} has {len(self)} images, {len(self.factor_names)} names of factors and factors of "
                f"shape {self.factors.shape}: give one row an image and one column a name."
            )

    def __len__(self) -> int:
        return self.images.shape[0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        return self.images.shape[1:]

    @property
    def channels(self) -> int:
        return self.images.shape[1]

    @property
    def resolution(self) -> int:
        return self.images.shape[2]

    def tensor(self, index: int | slice | Sequence[int] | np.ndarray | Tensor) -> Tensor:
        """The images at `index`, in that order, as float32 (B, C, H, W) in [-1, 1].

        Raises CourseError for a number outside the set.
        """
        if not isinstance(index, slice):
            index = np.atleast_1d(np.asarray(index))
        try:
            return to_float(torch.from_numpy(np.array(self.images[index])))
        except IndexError as error:
            raise CourseError(f"{self.name} holds {len(self)} images: {error}.") from error


class Damaged(CourseError):
    """A picture that cannot be decoded: which (`picture`, relative to its set) and why (`reason`, a few words)."""

    def __init__(self, picture: str, reason: str):
        self.picture = picture if picture.isprintable() else ascii(picture)[1:-1]
        self.reason = reason
        super().__init__(
            f"{self.picture} cannot be read as a picture ({reason}): replace or remove it, or leave out such files "
            "with skip_damaged=True (on the command line --skip-damaged)."
        )


# images as one array or one after the other, and in the place of a damaged one what is wrong with it
Rendered = np.ndarray | Sequence[np.ndarray | Damaged]


@dataclass(frozen=True, eq=False)
class Raw:
    """One split of a source before preparation.

    `render(numbers, resolution)` gives for each number one uint8 (C, resolution, resolution), or the `Damaged`
    that says why this image cannot be decoded; threads call it. `factors` as in `ImageSet`.
    """

    count: int
    channels: int
    labels: np.ndarray | None
    classes: tuple[str, ...]
    render: Callable[[Sequence[int], int], Rendered]
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()
