"""Any folder of pictures: its files, the split and the class of each."""

import contextlib
import contextvars
import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from course_lib.data.images import Damaged, Raw
from course_lib.data.labels import targets
from course_lib.data.layout import TEST, Layout, arrange
from course_lib.data.layout import split_of as split_of  # of this module too, for other sources
from course_lib.data.pictures import decode, has_colour, reason
from course_lib.errors import CourseError, UsageError

log = logging.getLogger(__name__)


_reported = contextvars.ContextVar("reported", default=False)


@contextlib.contextmanager
def without_report() -> Iterator[None]:
    """Within it preparation does not log what `Folder.report` says, for whoever has said it already."""
    before = _reported.set(True)
    try:
        yield
    finally:
        _reported.reset(before)


class Shelf(Protocol):
    """Where files stand by name: a folder on disk, or a zip that is read in place."""

    @property
    def path(self) -> Path: ...

    @property
    def remarks(self) -> list[str]:
        """What `entries` met on its way, a clause each."""

    def entries(self) -> Iterator[tuple[str, object]]:
        """(name, what changes when the file does) of every file, in any order; not what systems leave behind."""

    def leads_out(self, name: str) -> bool:
        """Whether a name is no plain path below the shelf: its file is not opened."""

    def open(self, name: str) -> str | BinaryIO:
        """What Pillow can read. Raises Damaged for a file that must not, or cannot, be opened."""


@dataclass(frozen=True)
class OnDisk:
    """A folder and all below it. Links are followed, and no folder is entered twice."""

    path: Path
    remarks: list[str] = field(default_factory=list, compare=False)

    def entries(self) -> Iterator[tuple[str, object]]:
        """Names relative to the folder, with size and time of change (a link that leads nowhere has none)."""
        self.remarks.clear()
        waiting, links = [str(self.path)], list[str]()
        entered: set[str] = set()
        while waiting or links:  # links last: what also stands there without one keeps its own name
            linked = not waiting
            folder = links.pop(0) if linked else waiting.pop()
            real = os.path.realpath(folder)
            name = os.path.relpath(folder, self.path)
            if real in entered or (linked and str(self.path).startswith(real + os.sep)):
                self.remarks.append(f"the link {name}, whose pictures are here already")
                continue
            entered.add(real)
            with os.scandir(folder) as inside:
                for entry in sorted(inside, key=lambda entry: entry.name):
                    if hidden(entry.name):
                        continue
                    try:
                        if entry.is_dir():
                            (links if entry.is_symlink() else waiting).append(entry.path)
                            continue
                        status = entry.stat()
                        stamp = (status.st_size, status.st_mtime_ns)
                    except OSError:
                        stamp = None
                    yield os.path.relpath(entry.path, self.path).replace(os.sep, "/"), stamp

    def leads_out(self, name: str) -> bool:
        return False  # the folder's owner made the names, and the links

    def open(self, name: str) -> str:
        return os.path.join(self.path, name)


LEFT_BEHIND = {"thumbs.db", "desktop.ini"}


def hidden(part: str) -> bool:
    """Whether a part of a name is one that operating systems and notebooks leave behind."""
    return part.startswith((".", "__MACOSX")) or part.lower() in LEFT_BEHIND


def top(name: str) -> str:
    """The first-level folder of a name, "" for a picture outside all folders."""
    return name.split("/", 1)[0] if "/" in name else ""


@dataclass(frozen=True)
class Listing:
    """The pictures of one split: their sorted names, what they are labelled with, and a fingerprint of their files."""

    names: tuple[str, ...]
    labels: np.ndarray | None
    classes: tuple[str, ...]
    fingerprint: str
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()


def listing(shelf: Shelf, layout: Layout, split: str) -> Listing:
    """The pictures of a shelf that belong to `split`, in sorted order, labelled as its layout says.

    Raises CourseError when there are none.
    """
    chosen = layout.parts.get(split, [])
    if not chosen:
        raise CourseError(
            f"{shelf.path} holds no picture for its {split} split: add some, or use {_others(layout, split)}."
        )
    names = [name for name, _ in chosen]
    everywhere = [layout.label[name] for part in layout.parts.values() for name, _ in part if layout.label]
    said = (
        targets([layout.label[name] for name in names], everywhere, layout.label_file) if everywhere else None
    )
    classes = said.classes if said else ()
    read = (
        (classes, chosen)
        if not layout.label_file
        else (classes, chosen, [layout.label.get(n) for n in names])
    )
    digest = hashlib.blake2b(repr(read).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    if said is None:
        return Listing(tuple(names), None, (), digest)
    return Listing(tuple(names), said.labels, classes, digest, said.factors, said.factor_names)


def _others(layout: Layout, split: str) -> str:
    filled = [name for name, part in layout.parts.items() if part and name != split]
    return f"split='{filled[0]}'" if filled else "another folder"


def channels(shelf: Shelf, names: Sequence[str]) -> int:
    """1 when every readable picture is grey, else 3. Reads headers up to the first colour."""
    for name in names:
        try:
            if has_colour(shelf.open(name), name):
                return 3
        except Damaged:
            continue
    return 1


def renderer(shelf: Shelf, names: Sequence[str], channels: int, crop: int | None = None):
    """The `render` of a Raw whose image `i` is the picture `names[i]` of a shelf."""
    several: list[str] = []  # pictures of several frames

    def one(name: str, resolution: int) -> np.ndarray | Damaged:
        try:
            picture = decode(shelf.open(name), resolution, channels, name=name, crop=crop, several=several)
            if several == [name]:
                log.warning("%s has several frames: of it, and of others like it, the first is taken.", name)
            return picture
        except Damaged as error:
            return error
        except OSError as error:
            return Damaged(name, reason(error))

    def render(numbers: Sequence[int], resolution: int) -> Sequence[np.ndarray | Damaged]:
        return [one(names[n], resolution) for n in numbers]

    return render


class Folder:
    """Any folder of pictures that Pillow reads. Where its folders do not say which are for testing, one in ten is."""

    native, licence, size = None, "the owner's", "its own"
    how = "a folder of your own"

    def __init__(self, folder: str | os.PathLike, test: int = TEST):
        """test: of a hundred pictures, how many are for testing where the folders do not say. Raises UsageError."""
        if not 0 <= test <= 90:
            raise UsageError(f"test={test} is no share of a hundred pictures: give a number from 0 to 90.")
        self.path = Path(folder).expanduser().resolve()
        self.test = test
        self.name = str(self.path) + ("" if test == TEST else f":test={test}")
        self.shelf: Shelf = self._shelf()

    def _shelf(self) -> Shelf:
        return OnDisk(self.path)

    def with_test(self, percent: int) -> "Folder":
        """The same pictures, with another share for testing. Raises UsageError."""
        return type(self)(self.path, percent)

    def where(self) -> str | None:
        return str(self.path)

    @cached_property
    def layout(self) -> Layout:
        """Which pictures are for what. Raises CourseError when there are none, or their labels are damaged."""

        def read(name: str) -> bytes:
            file = self.shelf.open(name)
            return Path(file).read_bytes() if isinstance(file, str) else file.read()

        found = arrange(self.shelf.entries(), read, self.shelf.leads_out, self.test)
        if not any(found.parts.values()):
            left = f" ({'; '.join(found.left_out)})" if found.left_out else ""
            raise CourseError(
                f"{self.path} holds no pictures that can be read{left}: name a folder that does."
            )
        return found

    @property
    def splits(self) -> tuple[str, ...]:
        return self.layout.splits

    def report(self) -> list[str]:
        """What the set is, and what of the folder it leaves out and why: a sentence or two."""
        parts = ", ".join(f"{len(part):,} {split}" for split, part in self.layout.parts.items())
        said = [f"{self.path.name}: {parts}; {'; '.join(self.layout.notes)}."]
        left_out = [*self.layout.left_out, *self.shelf.remarks]
        return [*said, f"{self.path.name}: left out: {'; '.join(left_out)}."] if left_out else said

    def fingerprint(self, split: str) -> str:
        return listing(self.shelf, self.layout, split).fingerprint

    def raw(self, split: str) -> Raw:
        found = listing(self.shelf, self.layout, split)
        if not _reported.get():  # nothing is left out in silence
            said, *left_out = self.report()
            log.info("%s", said)
            for sentence in left_out:
                log.warning("%s", sentence)
        every = sorted(name for part in self.layout.parts.values() for name, _ in part)
        colours = channels(self.shelf, every)
        return Raw(
            len(found.names), colours, found.labels, found.classes, renderer(self.shelf, found.names, colours),
            found.factors, found.factor_names,
        )  # fmt: skip
