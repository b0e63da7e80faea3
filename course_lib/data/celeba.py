"""CelebA: aligned faces of celebrities with forty attributes each."""

from pathlib import Path

import numpy as np

from course_lib.data.folders import renderer
from course_lib.data.images import Raw
from course_lib.data.published import Published
from course_lib.data.zips import shelf_of
from course_lib.errors import CourseError

IMAGES = ("img_align_celeba", "img_align_celeba.zip", "Img/img_align_celeba", "Img/img_align_celeba.zip")
ATTRIBUTES = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITION = ("list_eval_partition.txt", "Eval/list_eval_partition.txt", "list_eval_partition.csv")


class CelebA(Published):
    """202,599 photographs of 10,177 celebrities (Liu, Luo, Wang and Tang 2015, arXiv:1411.7766).

    Laid out as its authors do (`Anno/`, `Eval/`, `Img/`), flat, or as Kaggle does, with lists in csv files.

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
        shelf = shelf_of(self.part(place, IMAGES))
        # some archives put a second folder of the same name around the pictures
        where = {name.rpartition("/")[2]: name for name, _ in shelf.entries()}
        names = [where.get(file[i], file[i]) for i in chosen]
        render = renderer(shelf, names, 3, self.crop)
        return Raw(len(chosen), 3, None, (), render, factors[chosen], factor_names)

    def _attributes(self, place: Path) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
        """Names of the files, attributes float32 (N, 40) 0 or 1, and their names.

        The first line counts the pictures, the second names the attributes, each other has a file and 1 or -1 forty
        times. In a csv file the first names the attributes, after the column of files.
        """
        file = self.part(place, ATTRIBUTES)
        rows = _rows(file)
        if file.suffix == ".csv":
            names, rows, counted = tuple(rows[0][1][1:]), rows[1:], None
        elif len(rows) < 2:
            raise _damaged(file, "it has no line of forty names")
        else:
            names, counted, rows = tuple(rows[1][1]), rows[0][1], rows[2:]
        if len(names) != 40:
            raise _damaged(file, f"its head names {len(names)} attributes and not forty")
        if counted is not None and counted != [str(len(rows))]:
            raise _damaged(
                file, f"its first line is '{' '.join(counted)[:40]}', and {len(rows):,} pictures follow"
            )
        files, factors = [], np.empty((len(rows), 40), np.float32)
        for number, (line, (name, *values)) in enumerate(rows):
            if len(values) != 40 or not set(values) <= {"1", "-1"}:
                raise _damaged(file, f"its line {line} is not a file and forty times 1 or -1")
            files.append(_own(file, name))
            factors[number] = [value == "1" for value in values]
        return files, factors, names

    def _partition(self, place: Path) -> dict[str, int]:
        """File -> 0 (training), 1 (validation) or 2 (test)."""
        file = self.part(place, PARTITION)
        rows = _rows(file)
        if file.suffix == ".csv":
            rows = rows[1:]  # its head
        for line, row in rows:
            if len(row) != 2 or row[1] not in ("0", "1", "2"):
                raise _damaged(file, f"its line {line} is not a file and 0, 1 or 2")
        return {name: int(part) for _, (name, part) in rows}

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


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Number and words of each line that has some. Raises CourseError for a file without any, and for no text."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _damaged(file, "it is not text") from error
    separator = "," if file.suffix == ".csv" else None
    rows = [
        (number, [word.strip() for word in line.split(separator)])
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not rows:
        raise _damaged(file, "it is empty")
    return rows


def _damaged(file: Path, reason: str) -> CourseError:
    return CourseError(f"{file} is damaged ({reason}): get it again.")
