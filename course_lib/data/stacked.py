"""Stacked digits: three digits as the colours of one image, a distribution of real images with 1,000 known modes.

Metz et al. (2017), "Unrolled generative adversarial networks", stacked three random digits of MNIST into red,
green and blue; Lin et al. (2018), "PacGAN", train on 128,000 such images and count modes on 26,000 samples. Each
image's mode is the three-digit number that it shows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from course_lib import seeds, variables
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError

TRAIN, TEST = 128_000, 26_000  # as Lin et al. (2018)


class Stacks:
    """Images made when they are read: what `ImageSet.images` is for sets that would waste memory as an array.

    base: uint8 (M, 1, H, H). parts: int64 (N, 3), the base images that are the red, green and blue of image n.
    Behaves as a uint8 array (N, 3, H, H) that can be read and indexed along its first axis.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(self, base: np.ndarray, parts: np.ndarray):
        if base.ndim != 4 or base.shape[1] != 1 or parts.ndim != 2 or parts.shape[1] != 3:
            raise CourseError(
                f"Stacks need grey images (M, 1, H, H) and three of them an image, (N, 3), not {base.shape} and "
                f"{parts.shape}."
            )
        self.planes, self.parts = np.ascontiguousarray(base[:, 0]), parts
        self.shape = (len(parts), 3, *self.planes.shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes that all images take once they are made."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index) -> np.ndarray:
        """A number, slice, mask or array of numbers: uint8 (3, H, H) or (n, 3, H, H)."""
        return self.planes[self.parts[index]]

    def take(self, indices, axis: int = 0, out: np.ndarray | None = None, mode: Any = "raise") -> np.ndarray:
        """As `numpy.take` along the first axis, the only one that there is reason to take along."""
        if axis != 0:
            raise ValueError(f"stacked images are taken along axis 0, not {axis}")
        return np.take(self.planes, self.parts.take(indices, axis=0, mode=mode), axis=0, out=out, mode=mode)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


class StackedSource:
    """A stacked set by name, made of a set of digits; nothing is kept on disk but the digits."""

    images, size = f"{TRAIN:,} + {TEST:,}", "none"

    def __init__(self, name: str, base: Any):
        """`base` is the source of the digits."""
        self.name, self.base = name, base
        self.native, self.licence = base.native, base.licence
        self.how = f"made of {base.name}: {base.how}"

    def where(self) -> str | None:
        """Where the digits lie; None where they are missing."""
        return self.base.where()

    def split_of_base(self, split: str) -> str:
        """The digits' split that a split is stacked of: the same."""
        return split

    def derive(self, digits: ImageSet, split: str) -> ImageSet:
        """The set of a split: `stack` of the digits of that split. Raises as `stack`."""
        return stack(digits, TRAIN if split == "train" else TEST, self.name, purpose=split)


@variables.unshifted()
def stack(
    digits: ImageSet, count: int, name: str = "stacks", *, seed: int = 0, purpose: str = ""
) -> ImageSet:
    """`count` images of three digits each, drawn independently with replacement; made when they are read.

    Labels are the numbers shown, 100 × red + 10 × green + blue, from 0 to 999; they are their own names, so the
    set has no `classes`. Which digits image n shows depends on (seed, purpose, name, number of digits), and
    neither on the machine nor on the resolution.
    Raises CourseError unless `digits` are grey images with labels from 0 to 9.
    """
    labels = None if digits.labels is None else np.asarray(digits.labels)
    if labels is None or digits.channels != 1 or labels.min() < 0 or labels.max() > 9:
        raise CourseError(f"{digits.name} are no grey digits with labels 0 to 9: stack a set of digits.")
    draw = seeds.generator(seed, purpose=f"{name}/{purpose}")
    parts = torch.randint(len(digits), (count, 3), generator=draw).numpy()
    numbers = labels[parts].astype(np.int64) @ np.array([100, 10, 1])
    return ImageSet(name, Stacks(digits.images, parts), numbers)


def shares(labels: Sequence[int] | np.ndarray, modes: int = 1000) -> torch.Tensor:
    """Share of each mode among labels (N,): float64 (modes,), which sum to 1."""
    counts = torch.bincount(torch.as_tensor(np.array(labels, np.int64)), minlength=modes)
    return counts.double() / counts.sum()
