"""Street View House Numbers: MATLAB files of cropped digits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.data import matlab
from course_lib.data.images import Raw, Rendered
from course_lib.data.pictures import reason, resized
from course_lib.data.published import Published
from course_lib.errors import CourseError

LARGEST = 1_000_000  # images; a damaged header must not make us reserve the machine's memory


class SVHN(Published):
    """House numbers photographed from the street, one digit a picture, 32 × 32 in colour (Netzer et al. 2011).

    The split "extra" holds 531,131 easier ones besides, when its file is there.
    """

    name, title, native, images = "svhn", "SVHN", 32, "73,257 + 26,032 (+ 531,131 extra)"
    licence, size = "for non-commercial use only", "246 MB, the extra ones 1.3 GB"
    how = (
        "run `course data fetch svhn`, or set COURSE_DATA to a folder with train_32x32.mat and test_32x32.mat "
        "(and extra_32x32.mat, if wanted) of http://ufldl.stanford.edu/housenumbers in svhn/"
    )
    splits = ("train", "test", "extra")
    folders = ("svhn", "SVHN", ".")
    parts = (("train_32x32.mat",), ("test_32x32.mat",))
    downloads = True

    def raw(self, split: str) -> Raw:
        file = self.required() / f"{split}_32x32.mat"
        if not file.is_file():  # only the extra ones can be absent from a set that is whole
            raise CourseError(f"{file} is missing: put it there, or use the split train or test.")
        pixels, labels = read(file)

        def render(numbers: Sequence[int], resolution: int) -> Rendered:
            part = pixels[list(numbers)]
            return part if resolution == 32 else resized(part, resolution)

        return Raw(len(labels), 3, labels, tuple("0123456789"), render)

    def download(self, folder: Path) -> None:
        from torchvision.datasets import SVHN as Download
        from torchvision.datasets import utils

        for split in ("train", "test"):
            address, name, md5 = Download.split_list[split]
            utils.download_url(address, folder, name, md5)


def read(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """(images uint8 (N, 3, 32, 32), labels int64 (N,) from 0 to 9) of one file.

    The file has X (32, 32, 3, N), and y (N, 1) from 1 to 10, where 10 stands for the digit 0.
    Raises CourseError that names the file when it is not of that kind.
    """
    try:
        found = matlab.read(file, ("X", "y"), LARGEST * 32 * 32 * 3)
        if found.keys() != {"X", "y"}:
            raise ValueError("it does not hold the arrays X and y")
        pixels, labels = found["X"], found["y"]
        if pixels.ndim != 4 or pixels.shape[:3] != (32, 32, 3) or pixels.dtype != np.uint8 or not pixels.size:
            raise ValueError(
                f"X is {pixels.dtype} of shape {pixels.shape}, where uint8 of shape (32, 32, 3, N) belongs"
            )
        if labels.shape != (pixels.shape[3], 1) or not np.isin(labels, np.arange(1, 11)).all():
            raise ValueError(f"y is not one number from 1 to 10 for each of {pixels.shape[3]} images")
    except Exception as error:  # a parser of foreign bytes raises nearly anything, MemoryError among it
        raise CourseError(
            f"{file} is damaged ({reason(error, file)}): delete it and get the data again."
        ) from error
    return pixels.transpose(3, 2, 0, 1), labels[:, 0].astype(np.int64) % 10
