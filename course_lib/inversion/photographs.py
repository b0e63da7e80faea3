"""Images to be inverted, from files or from a data set by name, opened batch by batch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from course_lib import data, files
from course_lib.data import pictures
from course_lib.data.folders import hidden
from course_lib.data.images import Damaged, to_float
from course_lib.data.layout import of_other_kinds
from course_lib.errors import CourseError, UsageError


class Photographs(Protocol):
    """`names` of images, which `tensor` gives as (B, C, H, W) in [-1, 1]. `identity` says which images they are, and
    `remarks` what should be known of them."""

    names: Sequence[str]
    remarks: Sequence[str]

    @property
    def identity(self) -> list[str]: ...

    def tensor(self, numbers: range) -> Tensor: ...


class Files:
    """Picture files, and the pictures in folders, in the order of their names.

    Each is made upright, cut to its centre square and resized to the generator's resolution, antialiased. All are
    opened once before anything is computed: a search of hours must not end at a picture that cannot be read.
    skip_damaged: leave such pictures out. Raises CourseError for them otherwise, and for files that are not there.
    """

    def __init__(
        self, paths: Sequence[Path | str], channels: int, resolution: int, skip_damaged: bool = False
    ):
        self.channels, self.resolution = channels, resolution
        self.remarks: list[str] = []
        self.paths: list[Path] = []
        sizes, damaged = [], 0
        for path in _listed([Path(path) for path in paths]):
            try:
                size = _size(path)
                self._decoded(path)
            except Damaged:
                if not skip_damaged:
                    raise
                damaged += 1
                continue
            self.paths.append(path)
            sizes.append(size)
        if damaged:
            self.remarks.append(f"{damaged:,} pictures cannot be read and are left out.")
        if not sizes:
            raise CourseError("none of these pictures can be read: name others.")
        self.names = [path.name for path in self.paths]
        other = sum(size != (resolution, resolution) for size in sizes)
        if other:
            example = next(s for s in sizes if s != (resolution, resolution))
            self.remarks.append(
                f"{other:,} of {len(sizes):,} pictures are not of {resolution} × {resolution} pixels (one has "
                f"{example[0]} × {example[1]}): their centre squares are resized."
            )
        self.remarks += [said for path in paths if Path(path).is_dir() and (said := _left_out(Path(path)))]

    @property
    def identity(self) -> list[str]:
        """The content of each file."""
        return [files.sha256(path)[:16] for path in self.paths]

    def tensor(self, numbers: range) -> Tensor:
        arrays = [self._decoded(self.paths[number]) for number in numbers]
        return to_float(torch.from_numpy(np.stack(arrays)))

    def _decoded(self, path: Path) -> np.ndarray:
        return pictures.decode(path, self.resolution, self.channels, name=str(path))


class FromSet:
    """The first `count` images of a data set; all of them for None. Raises UsageError for more than there are."""

    def __init__(self, name: str, split: str, channels: int, resolution: int, count: int | None = None):
        with data.without_report():  # by `remarks`
            self.images = data.open(name, resolution=resolution, split=split)
        if self.images.channels != channels:
            raise UsageError(
                f"the images of {name} have {self.images.channels} channels, and this generator makes {channels}."
            )
        there = len(self.images)
        if count is not None and not 1 <= count <= there:
            raise UsageError(f"{name} has {there:,} images in its {split} split: ask for 1 to {there:,}.")
        self.names = [f"{name}-{split}-{number}" for number in range(count or there)]
        self.names = [text.replace("/", "-").replace(":", "-") for text in self.names]
        self.remarks = data.remarks(name, split)

    @property
    def identity(self) -> list[str]:
        """Names, and what the set is known by."""
        return [self.images.fingerprint, *self.names]

    def tensor(self, numbers: range) -> Tensor:
        return self.images.tensor(slice(numbers.start, numbers.stop))


def _listed(paths: Sequence[Path]) -> list[Path]:
    """Files as they are named, folders as the pictures in them. Raises CourseError for what is not there."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""
        raise CourseError(f"there is no {', '.join(missing[:3])}{more}: check the names.")
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.is_file() and pictures.is_picture(p.name))
        if not inside:
            raise CourseError(f"{path} is a folder without pictures: name one that has some.")
        found += inside
    return found


def _left_out(folder: Path) -> str:
    """What of a folder is not taken: files that are no pictures by their names, and what lies in folders below it."""
    there = [entry for entry in sorted(folder.iterdir()) if not hidden(entry.name)]
    below = [entry.name for entry in there if entry.is_dir()]
    others = [entry.name for entry in there if not entry.is_dir() and not pictures.is_picture(entry.name)]
    left_out = [of_other_kinds(others)] if others else []
    if below:
        more = ", …" if len(below) > 3 else ""
        shown = f"{', '.join(below[:3])}{more}"
        left_out.append(f"what lies in folders below it ({shown}): name them too to take it")
    return f"{folder.resolve().name}: left out: {'; '.join(left_out)}." if left_out else ""


def _size(path: Path) -> tuple[int, int]:
    """Width and height, from the header. Raises Damaged for what is no picture."""
    from PIL import Image

    try:
        with Image.open(path, formats=pictures.formats_of(path.name)) as image:
            return image.size
    except Exception as error:  # decoders of foreign bytes raise nearly anything
        raise Damaged(str(path), pictures.reason(error, path)) from error
