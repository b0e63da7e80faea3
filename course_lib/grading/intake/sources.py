"""Every file of a folder or a zip, zips inside it included; no link is followed, and nothing is written."""

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

LARGEST = 20 << 20  # bytes of one notebook
LARGEST_ZIP = 200 << 20  # bytes of a zip inside another
DEEPEST = 3  # zips in zips
# what systems, editors and platforms put beside the students' files
_NOBODYS = {".DS_Store", "Thumbs.db", "desktop.ini", "timestamp.txt", "__MACOSX", "__pycache__"}
_NOBODYS |= {".git", ".venv", ".idea", ".vscode"}


@dataclass(frozen=True)
class File:
    """One file. A zip counts as a folder of its name. problem: why it cannot be read, empty where it can."""

    path: PurePosixPath
    modified: str  # when it was changed last, as text that sorts; by the clock of whoever packed it
    size: int
    read: Callable[[int], bytes]  # at most so many bytes of it
    problem: str = ""


def files(source: Path) -> Iterator[File]:
    """The files of a folder or a zip, sorted by name. Read a file before you ask for the next: then its zip is closed.

    Raises zipfile.BadZipFile for what is neither folder nor zip.
    """
    if source.is_dir():
        yield from _folder(source)
    else:
        with zipfile.ZipFile(source) as archive:
            yield from _archive(archive, PurePosixPath(), 0)


def large(size: int) -> str:
    """Why a file of this size is not taken."""
    return (
        f"it has {size / 1e6:,.0f} MB; more than {LARGEST / 1e6:,.0f} MB is not read: clear the outputs and hand it in "
        "again"
    )


def _nobodys(path: PurePosixPath) -> bool:
    return bool(_NOBODYS & set(path.parts)) or path.name.startswith("._")


def _folder(top: Path) -> Iterator[File]:
    for place, folders, names in os.walk(top, followlinks=False):
        folders.sort()
        for name in sorted([*names, *folders]):
            path = Path(place) / name
            relative = PurePosixPath(path.relative_to(top).as_posix())
            if _nobodys(relative):
                continue
            about = path.lstat()
            modified = datetime.fromtimestamp(about.st_mtime).isoformat(" ", "seconds")
            if name in folders and not path.is_symlink():
                if name.lower().endswith(".ipynb"):
                    yield File(relative, modified, 0, _nothing, "a folder, not a file")
                continue
            problem = "" if stat.S_ISREG(about.st_mode) else "no plain file; a link is not followed"
            item = File(relative, modified, about.st_size, lambda most, path=path: _read(path, most), problem)
            if not problem and name.lower().endswith(".zip"):
                yield from _inside(item, 1)
            else:
                yield item


def _nothing(most: int) -> bytes:
    return b""


def _read(path: Path, most: int) -> bytes:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read(most)


def _inside(item: File, depth: int) -> Iterator[File]:
    """The files of a zip that was handed in; the zip itself, with the reason, where it cannot be opened."""
    problem = "zips in zips in zips" if depth > DEEPEST else ""
    if not problem and item.size <= LARGEST_ZIP:
        try:
            with zipfile.ZipFile(io.BytesIO(item.read(LARGEST_ZIP))) as archive:
                yield from _archive(archive, item.path, depth)
            return
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
            problem = "a damaged zip"
    yield File(item.path, item.modified, item.size, item.read, problem or "too large a zip")


def _archive(archive: zipfile.ZipFile, above: PurePosixPath, depth: int) -> Iterator[File]:
    for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
        path = above / entry.filename.replace("\\", "/").lstrip("/")
        if entry.is_dir() or _nobodys(path) or not path.name:
            continue
        problem = "a link, which is not followed" if stat.S_ISLNK(entry.external_attr >> 16) else ""
        problem = "encrypted" if entry.flag_bits & 1 else problem
        modified = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*entry.date_time)
        item = File(
            path,
            modified,
            entry.file_size,
            lambda most, entry=entry: _unpacked(archive, entry, most),
            problem,
        )
        if not problem and path.suffix.lower() == ".zip":
            yield from _inside(item, depth + 1)
        else:
            yield item


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    with archive.open(entry) as file:  # what it says of its size need not be true
        return file.read(most)
