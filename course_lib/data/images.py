"""Sets of images: what a prepared one is, and the sources that one can be prepared from."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_lib import paths
from course_lib.data import folders, idx
from course_lib.errors import CourseError

FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def to_float(pixels: Tensor) -> Tensor:
    """uint8 (B, C, H, W) to float32 in [-1, 1], channels last (0 becomes exactly -1, 255 exactly 1)."""
    x = torch.empty_like(pixels, dtype=torch.float32, memory_format=torch.channels_last)
    return x.copy_(pixels).div_(127.5).sub_(1)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images kept as bytes, usually a file that is read in place.

    `images` is uint8 (N, C, H, W) with H = W; `labels` int64 (N,) that index `classes`, or None; `factors`
    float32 (N, K) with a column for each of `factor_names`, or None (CelebA's attributes are 0 or 1).
    Raises CourseError when the arrays have another shape or type.
    """

    name: str
    images: np.ndarray = field(repr=False)
    labels: np.ndarray | None = field(default=None, repr=False)
    classes: tuple[str, ...] = ()
    factors: np.ndarray | None = field(default=None, repr=False)
    factor_names: tuple[str, ...] = ()

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


@dataclass(frozen=True, eq=False)
class Raw:
    """One split of a source before preparation.

    `render(numbers, resolution)` gives for each number one uint8 (C, resolution, resolution), or the
    CourseError that says why this image cannot be decoded. `factors` as in `ImageSet`.
    """

    count: int
    channels: int
    labels: np.ndarray | None
    classes: tuple[str, ...]
    render: Callable[[Sequence[int], int], Sequence[np.ndarray | CourseError]]
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()


class FashionMNIST:
    """70,000 grey pictures of clothes, 28 × 28 (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747)."""

    name, native, images, licence = "fashion-mnist", 28, "60,000 + 10,000", "MIT"
    how = "sudo apt-get install dataset-fashion-mnist, or course data fetch fashion-mnist"
    files = [f"{s}-{k}-ubyte" for s in ("train", "t10k") for k in ("images-idx3", "labels-idx1")]

    def where(self) -> str | None:
        """The first folder that holds the four files, packed or not."""
        for folder in paths.data_folders():
            for place in (folder / self.name, folder / "FashionMNIST" / "raw", folder):
                if all(self._file(place, name) for name in self.files):
                    return str(place)
        return None

    @staticmethod
    def _file(folder: Path, name: str) -> Path | None:
        # packed first: gzip's checksum then tells a damaged file from a whole one
        return next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)

    def fingerprint(self, split: str) -> str:
        return ""  # published once, never changed: what was prepared stays right

    def raw(self, split: str) -> Raw:
        where = self.where()
        if where is None:
            raise CourseError(
                "Fashion-MNIST is not on this machine: run `sudo apt-get install dataset-fashion-mnist` "
                "(Debian, Ubuntu) or `course data fetch fashion-mnist`, or set COURSE_DATA to a folder "
                "that holds its files."
            )
        stem = "train" if split == "train" else "t10k"
        image_file, label_file = (
            self._file(Path(where), f"{stem}-{k}-ubyte") for k in ("images-idx3", "labels-idx1")
        )
        pixels, labels = idx.read(image_file, 3), idx.read(label_file, 1)
        if pixels.shape != (len(labels), 28, 28) or len(labels) == 0:
            raise CourseError(
                f"{image_file} holds an array of shape {pixels.shape} for {len(labels)} labels, where "
                "Fashion-MNIST has one image of 28 × 28 a label: delete both files and get the data again."
            )
        if labels.max() > 9:
            raise CourseError(f"{label_file} holds a label above 9: delete it and get the data again.")

        def render(numbers: Sequence[int], resolution: int) -> Sequence[np.ndarray]:
            chosen = pixels[list(numbers), None]
            if resolution == 28:
                return chosen
            # 32 is a power of two, for networks that halve and double. Two pixels of black background on each
            # side, not resizing: every pixel stays the one that was published
            padded = np.pad(chosen, ((0, 0), (0, 0), (2, 2), (2, 2)))
            return padded if resolution == 32 else _resized(padded, resolution)

        return Raw(len(labels), 1, labels.astype(np.int64), FASHION_CLASSES, render)


class Digits:
    """1,797 handwritten digits, 8 × 8, 17 greys (Alpaydin and Kaynak 1998), which come with scikit-learn."""

    name, native, images, licence = "digits", 8, "1,606 + 191", "CC BY 4.0, within scikit-learn (BSD)"
    how = "comes with scikit-learn"

    def where(self) -> str | None:
        from importlib.util import find_spec

        return "scikit-learn" if find_spec("sklearn") else None

    def fingerprint(self, split: str) -> str:
        return ""

    def raw(self, split: str) -> Raw:
        if self.where() is None:
            raise CourseError(
                "The digits come with scikit-learn, which is missing: run `pip install scikit-learn`."
            )
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        chosen = [i for i in range(len(labels)) if folders.split_of(f"digit {i}") == split]
        pixels = (pixels[chosen].reshape(-1, 1, 8, 8) * (255 / 16)).round().astype(np.uint8)

        def render(numbers: Sequence[int], resolution: int) -> Sequence[np.ndarray]:
            part = pixels[list(numbers)]
            return part if resolution == 8 else _resized(part, resolution)

        return Raw(len(chosen), 1, labels[chosen].astype(np.int64), tuple("0123456789"), render)


class Folder:
    """Any folder of jpg, png and webp files."""

    native, licence = None, "the owner's"
    how = "a folder of your own"

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder).expanduser().resolve()
        self.name = str(self.folder)

    def where(self) -> str | None:
        return self.name

    def fingerprint(self, split: str) -> str:
        return folders.listing(self.folder, split).fingerprint

    def raw(self, split: str) -> Raw:
        found = folders.listing(self.folder, split)
        channels = folders.channels(self.folder)

        def one(number: int, resolution: int) -> np.ndarray | CourseError:
            try:
                return folders.decode(self.folder / found.names[number], resolution, channels)
            except CourseError as error:
                return error

        def render(numbers: Sequence[int], resolution: int) -> Sequence[np.ndarray | CourseError]:
            return [one(n, resolution) for n in numbers]

        return Raw(len(found.names), channels, found.labels, found.classes, render)


def _resized(pixels: np.ndarray, resolution: int) -> list[np.ndarray]:
    """Grey images (N, 1, H, H) at another resolution."""
    from PIL import Image

    return [folders.square(Image.fromarray(p[0]), resolution) for p in pixels]


SOURCES = {source.name: source for source in (FashionMNIST(), Digits())}
