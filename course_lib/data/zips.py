"""A zip of pictures, read in place: nothing is unpacked, and no member leads anywhere else."""

import io
import stat
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from course_lib.data.folders import Folder, OnDisk, Shelf, hidden, top
from course_lib.data.images import Damaged
from course_lib.data.labels import is_metadata
from course_lib.data.pictures import MOST_BYTES, is_picture, reason
from course_lib.errors import CourseError

MOST_RATIO = 200  # pictures are packed already; what grows more than this is no picture


def leads_out(name: str) -> bool:
    """Whether a member's name, its backslashes read as slashes, is no plain path below the zip."""
    return name.startswith("/") or any(c in name for c in ":\0") or ".." in name.split("/")


class InZip:
    """The files of a zip, by their names below the one folder that holds them all (if there is one)."""

    def __init__(self, path: Path):
        self.path = path
        self.remarks: list[str] = []

    @cached_property
    def _zip(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)  # reads of several threads take turns inside
        except (
            Exception
        ) as error:  # a parser of foreign bytes: BadZipFile, struct.error, NotImplementedError …
            raise CourseError(
                f"{self.path} cannot be read as a zip ({reason(error, self.path)}): get it again."
            ) from error

    @cached_property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        found = {}
        for member in self._zip.infolist():
            # as written (ZipInfo.filename hides what comes after a zero byte), but for Windows' way of separating
            name = member.orig_filename.replace("\\", "/")
            if not name.endswith("/") and not any(hidden(p) for p in name.split("/") if p not in (".", "..")):
                found[name] = member
        # a note beside the folder of pictures does not make it a class
        telling = [name for name in found if is_picture(name) or is_metadata(name)]
        tops = {top(name) for name in telling if not leads_out(name)}
        if len(tops) == 1 and "" not in tops:
            inside = {name.removeprefix(f"{next(iter(tops))}/"): member for name, member in found.items()}
            found = inside if len(inside) == len(found) else found
        return found

    def leads_out(self, name: str) -> bool:
        return leads_out(name)

    def entries(self) -> Iterator[tuple[str, object]]:
        """Names in the zip, with size and checksum."""
        for name, member in self._members.items():
            yield name, (member.file_size, member.CRC)

    def open(self, name: str) -> io.BytesIO:
        """The content of one picture, checked against its checksum.

        Raises Damaged for a link, a name that leads out of the zip, a member that unpacks to too much, and one that
        cannot be unpacked.
        """
        member = self._members.get(name)
        if member is None:
            raise Damaged(name, "missing in the zip")
        if leads_out(member.orig_filename.replace("\\", "/")):
            raise Damaged(name, "its name leads out of the zip")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):  # 0: written on a system without such kinds
            raise Damaged(name, "a symbolic link" if kind == stat.S_IFLNK else "no plain file")
        if member.file_size > MOST_BYTES or member.file_size > MOST_RATIO * max(member.compress_size, 4096):
            raise Damaged(
                name, f"{member.compress_size:,} bytes that would unpack to {member.file_size:,}: a bomb"
            )
        try:
            return io.BytesIO(self._zip.read(member))
        except Exception as error:  # zlib.error, BadZipFile, EOFError, RuntimeError (encrypted) …
            raise Damaged(name, reason(error)) from error


class Zip(Folder):
    """Any zip of pictures, with the splits and classes of the folder that it would unpack to."""

    how = "a zip of your own"

    def _shelf(self) -> Shelf:
        return InZip(self.path)


def shelf_of(path: Path) -> Shelf:
    """The pictures of a folder, or of a zip that would unpack to it."""
    return OnDisk(path) if path.is_dir() else InZip(path)
