"""Any folder of pictures: its files, the split and the class of each."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from course_lib.data.images import Damaged, Raw
from course_lib.data.pictures import ENDINGS, decode, has_colour, reason
from course_lib.errors import CourseError


class Shelf(Protocol):
    """Where pictures stand by name: a folder on disk, or a zip that is read in place."""

    @property
    def path(self) -> Path: ...

    def entries(self) -> Iterator[tuple[str, object]]:
        """(name, what changes when the picture does) of every picture, in any order."""

    def open(self, name: str) -> str | BinaryIO:
        """What Pillow can read. Raises Damaged for a picture that must not, or cannot, be opened."""


@dataclass(frozen=True)
class OnDisk:
    """A folder and all below it."""

    path: Path

    def entries(self) -> Iterator[tuple[str, object]]:
        """Names relative to the folder, with size and time of change (a link that leads nowhere has none)."""
        for root, subfolders, files in os.walk(self.path):
            subfolders[:] = [s for s in subfolders if not hidden(s)]
            for file in files:
                if file.lower().endswith(ENDINGS) and not hidden(file):
                    path = os.path.join(root, file)
                    try:
                        status = os.stat(path)
                        stamp = (status.st_size, status.st_mtime_ns)
                    except OSError:
                        stamp = None
                    yield os.path.relpath(path, self.path).replace(os.sep, "/"), stamp

    def open(self, name: str) -> str:
        return os.path.join(self.path, name)


def hidden(part: str) -> bool:
    """Whether a part of a name is one that operating systems and notebooks leave behind."""
    return part.startswith((".", "__MACOSX"))


def split_of(name: str) -> str:
    """ "train" or "test" (one picture in ten), by a hash of the name.

    The split of a picture does not depend on what lies beside it, so adding pictures never moves one from the
    training set into the test set.
    """
    return (
        "test" if hashlib.blake2b(name.encode("utf-8", "surrogateescape")).digest()[0] % 10 == 0 else "train"
    )


def top(name: str) -> str:
    """The first-level folder of a name, "" for a picture outside all folders."""
    return name.split("/", 1)[0] if "/" in name else ""


def leads_out(name: str) -> bool:
    """Whether a name in an archive is no plain path below it. A folder's own names never are."""
    return name.startswith("/") or any(c in name for c in "\\:\0") or ".." in name.split("/")


@dataclass(frozen=True)
class Listing:
    """The pictures of one split: their sorted names, and a fingerprint of their files."""

    names: tuple[str, ...]
    labels: np.ndarray | None
    classes: tuple[str, ...]
    fingerprint: str


def listing(shelf: Shelf, split: str) -> Listing:
    """All jpg, png and webp files of a shelf that belong to `split`, in sorted order.

    The first-level subfolders are the classes when there are two or more and no picture lies outside them.
    Raises CourseError when there are none.
    """
    found = sorted(shelf.entries())
    if not found:
        raise CourseError(f"{shelf.path} holds no jpg, png or webp files: name a folder that does.")
    chosen = [(name, stamp) for name, stamp in found if split_of(name) == split]
    if not chosen:
        raise CourseError(
            f"{shelf.path} holds {len(found)} pictures, too few for a {split} split: add more, or use "
            "the other split."
        )
    tops = {top(name) for name, _ in found if not leads_out(name)}
    classes = tuple(sorted(tops)) if len(tops) > 1 and "" not in tops else ()
    number = {name: i for i, name in enumerate(classes)}
    labels = np.array([number.get(top(n), 0) for n, _ in chosen], np.int64) if classes else None
    digest = hashlib.blake2b(repr((classes, chosen)).encode("utf-8", "surrogateescape"), digest_size=16)
    return Listing(tuple(n for n, _ in chosen), labels, classes, digest.hexdigest())


def channels(shelf: Shelf) -> int:
    """1 when every readable picture is grey, else 3. Reads headers up to the first colour."""
    for name, _ in sorted(shelf.entries()):
        try:
            if has_colour(shelf.open(name)):
                return 3
        except Damaged:
            continue
    return 1


def renderer(shelf: Shelf, names: Sequence[str], channels: int, crop: int | None = None):
    """The `render` of a Raw whose image `i` is the picture `names[i]` of a shelf."""

    def one(name: str, resolution: int) -> np.ndarray | Damaged:
        try:
            return decode(shelf.open(name), resolution, channels, name=name, crop=crop)
        except Damaged as error:
            return error
        except OSError as error:
            return Damaged(name, reason(error))

    def render(numbers: Sequence[int], resolution: int) -> Sequence[np.ndarray | Damaged]:
        return [one(names[n], resolution) for n in numbers]

    return render


class Folder:
    """Any folder of jpg, png and webp files. One picture in ten, chosen by its name, is for testing."""

    native, licence, size, splits = None, "the owner's", "its own", ("train", "test")
    how = "a folder of your own"

    def __init__(self, folder: str | os.PathLike):
        self.path = Path(folder).expanduser().resolve()
        self.name = str(self.path)
        self.shelf: Shelf = self._shelf()

    def _shelf(self) -> Shelf:
        return OnDisk(self.path)

    def where(self) -> str | None:
        return self.name

    def fingerprint(self, split: str) -> str:
        return listing(self.shelf, split).fingerprint

    def raw(self, split: str) -> Raw:
        found, colours = listing(self.shelf, split), channels(self.shelf)
        return Raw(
            len(found.names), colours, found.labels, found.classes, renderer(self.shelf, found.names, colours)
        )
