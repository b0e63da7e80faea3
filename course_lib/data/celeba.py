"""CelebA: aligned faces of celebrities with forty attributes each."""

from pathlib import Path

import numpy as np

from course_lib.data.folders import renderer
from course_lib.data.images import Raw
from course_lib.data.published import Published
from course_lib.data.zips import shelf_of
from course_lib.errors import CourseError

IMAGES = ("img_align_celeba", "img_align_celeba.zip")
ATTRIBUTES = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt")
PARTITION = ("list_eval_partition.txt", "Eval/list_eval_partition.txt")


class CelebA(Published):
    """202,599 photographs of 10,177 celebrities (Liu, Luo, Wang and Tang 2015, arXiv:1411.7766).

    The aligned and cropped ones, 178 × 218. Of each the centre square of `crop` pixels is taken, 128 as usual,
    and then resized. `factors` are the attributes, 1 or 0. The training set is the authors' training and validation
    sets together (162,770 + 19,867), the test set theirs.
    """

    name, title, native, images = "celeba", "CelebA", 128, "182,637 + 19,962"
    licence, size = "for non-commercial research only, no redistribution", "1.4 GB"
    how = (
        "get img_align_celeba.zip (it need not be unpacked), list_attr_celeba.txt and list_eval_partition.txt from "
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and set COURSE_DATA to a folder that holds them in "
        "celeba/; `course data fetch celeba` tries the same (it needs `pip install gdown`, and is often refused)"
    )
    folders = ("celeba", "CelebA")
    parts = (IMAGES, ATTRIBUTES, PARTITION)
    downloads = True

    def __init__(self, crop: int = 128):
        self.crop = crop

    def raw(self, split: str) -> Raw:
        place = self.required()
        file, factors, factor_names = self._attributes(place)
        part_of = self._partition(place)
        if part_of.keys() != set(file):
            raise CourseError(
                f"{place} names {len(file):,} pictures in {ATTRIBUTES[0]} and {len(part_of):,} in {PARTITION[0]}, "
                "not the same ones: get both files again."
            )
        chosen = [i for i, name in enumerate(file) if (part_of[name] == 2) == (split == "test")]
        if not chosen:
            raise CourseError(f"{place} has no picture in its {split} set: get {PARTITION[0]} again.")
        shelf, names = shelf_of(self.part(place, IMAGES)), [file[i] for i in chosen]
        render = renderer(shelf, names, 3, self.crop)
        return Raw(len(chosen), 3, None, (), render, factors[chosen], factor_names)

    def _attributes(self, place: Path) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
        """Names of the files, attributes float32 (N, 40) 0 or 1, and their names.

        The first line counts the pictures, the second names the attributes, each other has a file and 1 or -1 forty
        times.
        """
        file = self.part(place, ATTRIBUTES)
        lines = _lines(file)
        names = tuple(lines[1].split()) if len(lines) > 1 else ()
        count = len(lines) - 2
        if len(names) != 40 or lines[0].split() != [str(count)]:
            raise _damaged(file, f"its head is not the number of its {count:,} pictures and forty names")
        files, factors = [], np.empty((count, 40), np.float32)
        for number, line in enumerate(lines[2:]):
            name, *values = line.split() or [""]
            if len(values) != 40 or not set(values) <= {"1", "-1"}:
                raise _damaged(file, f"its line {number + 3} is not a file and forty times 1 or -1")
            files.append(_own(file, name))
            factors[number] = [value == "1" for value in values]
        return files, factors, names

    def _partition(self, place: Path) -> dict[str, int]:
        """File -> 0 (training), 1 (validation) or 2 (test)."""
        file = self.part(place, PARTITION)
        rows = [line.split() for line in _lines(file)]
        if any(len(row) != 2 or row[1] not in ("0", "1", "2") for row in rows):
            raise _damaged(file, "a line is not a file and 0, 1 or 2")
        return {name: int(part) for name, part in rows}

    def download(self, folder: Path) -> None:
        from torchvision.datasets import CelebA as Download
        from torchvision.datasets import utils

        for number, md5, name in Download.file_list:
            if name in (IMAGES[1], ATTRIBUTES[0], PARTITION[0]):
                utils.download_file_from_google_drive(number, folder, name, md5)


def _own(file: Path, name: str) -> str:
    if "/" in name or "\\" in name or name.startswith("."):
        raise _damaged(file, f"{name!r} is no name of a file")
    return name


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise _damaged(file, "it is not text") from error
    if not lines:
        raise _damaged(file, "it is empty")
    return lines


def _damaged(file: Path, reason: str) -> CourseError:
    return CourseError(f"{file} is damaged ({reason}): get it again.")
