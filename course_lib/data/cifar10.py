"""CIFAR-10 in its binary version: records of one label and 3,072 bytes, without a pickle."""

import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.data.images import Raw, Rendered
from course_lib.data.pictures import resized
from course_lib.data.published import Published
from course_lib.errors import CourseError

ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"  # as published beside it
RECORD = 1 + 3 * 32 * 32  # bytes: the label, then the red, green and blue planes, row by row
TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST, META = "test_batch.bin", "batches.meta.txt"


class CIFAR10(Published):
    """60,000 colour photographs of ten kinds of things, 32 × 32 (Krizhevsky 2009).

    Only the binary version is read: the "python version" is made of pickles, which can run code when opened.
    """

    name, title, native, images = "cifar10", "CIFAR-10", 32, "50,000 + 10,000"
    licence, size = "none stated; cite Krizhevsky 2009", "184 MB"
    how = (
        "run `course data fetch cifar10`, or unpack cifar-10-binary.tar.gz (the binary version of "
        "https://www.cs.toronto.edu/~kriz/cifar.html) in a folder cifar10/ of COURSE_DATA"
    )
    folders = ("cifar10", "cifar10/cifar-10-batches-bin", "cifar-10-batches-bin")
    parts = tuple((name,) for name in (*TRAIN, TEST, META))
    downloads = True

    def __init__(self, images_per_file: int = 10_000):
        self.images_per_file = images_per_file

    def missing(self) -> str | None:
        for place in self.places():
            for pickled in (place, place.parent / "cifar-10-batches-py", place / "cifar-10-batches-py"):
                if (pickled / "data_batch_1").is_file():
                    return (
                        f"{pickled} is the python version, whose pickles can run code and are not opened; the "
                        "binary version is wanted"
                    )
        return super().missing()

    def raw(self, split: str) -> Raw:
        place = self.required()
        parts = [self._read(place / name) for name in (TRAIN if split == "train" else (TEST,))]
        labels = np.concatenate([part[:, 0] for part in parts])
        pixels = [part[:, 1:].reshape(-1, 3, 32, 32) for part in parts]
        each = self.images_per_file

        def render(numbers: Sequence[int], resolution: int) -> Rendered:
            part = np.stack([pixels[n // each][n % each] for n in numbers])
            return part if resolution == 32 else resized(part, resolution)

        return Raw(len(labels), 3, labels.astype(np.int64), self._classes(place / META), render)

    def _read(self, file: Path) -> np.ndarray:
        """uint8 (N, 3073)."""
        size, wanted = file.stat().st_size, self.images_per_file * RECORD
        if size != wanted:
            raise _damaged(file, f"it has {size:,} bytes and not {wanted:,}")
        records = np.memmap(file, np.uint8, mode="r").reshape(-1, RECORD)
        if records[:, 0].max() > 9:
            raise _damaged(file, "it holds a label above 9")
        return records

    @staticmethod
    def _classes(file: Path) -> tuple[str, ...]:
        try:
            names = tuple(line.strip() for line in file.read_text("ascii").splitlines() if line.strip())
        except UnicodeDecodeError as error:
            raise _damaged(file, "it is not text") from error
        if len(names) != 10:
            raise _damaged(file, f"it names {len(names)} classes and not ten")
        return names

    def download(self, folder: Path) -> None:
        from torchvision.datasets import utils

        archive = folder / "cifar-10-binary.tar.gz"
        utils.download_url(ADDRESS, folder, archive.name, MD5)
        unpack(archive, folder)
        archive.unlink()


def unpack(archive: Path, folder: Path) -> None:
    """Write the set's own files out of the archive, under their last names, and nothing else.

    No path of the archive is followed: only plain files count, of the names that are known.
    Raises RuntimeError when one is absent or the archive cannot be read.
    """
    wanted = {*TRAIN, TEST, META}
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                name = member.name.rpartition("/")[2]
                if name in wanted and member.isfile() and member.size <= 10_000 * RECORD:
                    packed_file = packed.extractfile(member)
                    assert packed_file is not None, "a plain file has content"
                    (folder / name).write_bytes(packed_file.read())
                    wanted.remove(name)
    except (tarfile.TarError, EOFError) as error:
        raise RuntimeError(f"{archive.name} cannot be unpacked: {error}") from error
    if wanted:
        raise RuntimeError(f"{archive.name} lacks {', '.join(sorted(wanted))}")


def _damaged(file: Path, reason: str) -> CourseError:
    return CourseError(f"{file} is damaged ({reason}): delete it and get the data again.")
