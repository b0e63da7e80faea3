"""MNIST and Fashion-MNIST: four IDX files each, of 28 × 28 greys, packed by gzip or not.

How 28 pixels become 32 is a choice with a name, for it moves every number that is measured on the images: "mnist" puts
a border of background around each, "mnist:resize=bilinear" enlarges it.
"""

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.data import idx
from course_lib.data.images import Raw, Rendered
from course_lib.data.pictures import resized, with_filter
from course_lib.data.published import Published
from course_lib.errors import CourseError, UsageError

FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def _names(stem: str, kind: str) -> tuple[str, ...]:
    # packed first: gzip's checksum then tells a damaged file from a whole one
    return f"{stem}-{kind}-ubyte.gz", f"{stem}-{kind}-ubyte"


class MNIST(Published):
    """70,000 handwritten digits (LeCun, Bottou, Bengio and Haffner 1998), white on black."""

    name, title, native, images = "mnist", "MNIST", 28, "60,000 + 10,000"
    licence, size = "CC BY-SA 3.0", "12 MB"
    how = (
        "run `course data fetch mnist`, or set COURSE_DATA to a folder with its four files in mnist/ (or "
        "MNIST/raw/, as torchvision lays them)"
    )
    folders: tuple[str, ...] = ("mnist", "MNIST/raw", "MNIST")
    parts = tuple(_names(s, k) for s in ("train", "t10k") for k in ("images-idx3", "labels-idx1"))
    downloads = True
    classes = tuple("0123456789")
    torchvision = "MNIST"  # the class that downloads it, and the folder that it makes
    resizes = ("pad", "bilinear", "bicubic", "nearest")
    resize = "pad"

    def resized_by(self, how: str) -> "MNIST":
        """The same set, whose images reach other sizes than 28 in that way: one of `resizes`.

        The others than "pad" filter all 28 pixels at once. It has a name of its own and so prepared files of its own.
        Raises UsageError for a way that there is not.
        """
        if how not in self.resizes:
            raise UsageError(
                f"{type(self).name} has no resize '{how}': choose one of {', '.join(self.resizes)}."
            )
        other = copy.copy(self)
        other.resize, other.name = how, type(self).name + (f":resize={how}" if how != "pad" else "")
        return other

    def raw(self, split: str) -> Raw:
        place, stem = self.required(), "train" if split == "train" else "t10k"
        image_file, label_file = (
            self.part(place, _names(stem, kind)) for kind in ("images-idx3", "labels-idx1")
        )
        pixels, labels = idx.read(image_file, 3), idx.read(label_file, 1)
        if pixels.shape != (len(labels), 28, 28) or len(labels) == 0:
            raise CourseError(
                f"{image_file} holds an array of shape {pixels.shape} for {len(labels)} labels, where "
                f"{self.title} has one image of 28 × 28 a label: delete both files and get the data again."
            )
        if labels.max() > 9:
            raise CourseError(f"{label_file} holds a label above 9: delete it and get the data again.")

        def render(numbers: Sequence[int], resolution: int) -> Rendered:
            chosen = pixels[list(numbers), None]
            if resolution == 28:
                return chosen
            if self.resize != "pad":
                return with_filter(chosen, resolution, self.resize)
            # 32 is a power of two, for networks that halve and double. Two pixels of black background on each
            # side, not resizing: every pixel stays the one that was published
            padded = np.pad(chosen, ((0, 0), (0, 0), (2, 2), (2, 2)))
            return padded if resolution == 32 else resized(padded, resolution)

        return Raw(len(labels), 1, labels.astype(np.int64), self.classes, render)

    def download(self, folder: Path) -> None:
        import torchvision

        aside = folder / "download"
        # compares the files' published MD5 sums
        getattr(torchvision.datasets, self.torchvision)(aside, download=True)
        for file in (aside / self.torchvision / "raw").iterdir():
            if file.suffix == ".gz":
                file.replace(folder / file.name)


class FashionMNIST(MNIST):
    """70,000 grey pictures of clothes, 28 × 28 (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747)."""

    name, title, licence, size = "fashion-mnist", "Fashion-MNIST", "MIT", "31 MB"
    how = (
        "run `sudo apt-get install dataset-fashion-mnist` (Debian, Ubuntu) or `course data fetch "
        "fashion-mnist`, or set COURSE_DATA to a folder with its four files in fashion-mnist/ (or "
        "FashionMNIST/raw/, as torchvision lays them)"
    )
    folders = ("fashion-mnist", "FashionMNIST/raw", "FashionMNIST")
    classes = FASHION_CLASSES
    torchvision = "FashionMNIST"
