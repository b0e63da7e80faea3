"""What published sets have in common: where their files are looked for, and what is said when they are missing."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from course_lib import paths
from course_lib.data.images import Raw
from course_lib.errors import CourseError


class Published:
    """A set whose files somebody published once, in a format of their own.

    A subclass says what it is (`name` to open it by, `title`, the side `native` of its images or None, how many
    `images`, their `licence`, the `size` of the published files, `how` to get them), which of its `folders` below a
    data folder may hold it, and the `parts` that make it whole, each by the names that it may have there.
    """

    name: str
    title: str
    native: int | None
    images: str
    licence: str
    size: str
    how: str  # a clause, without a full stop
    splits: tuple[str, ...] = ("train", "test")
    folders: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    crop: int | None = None  # side in pixels of the centre square that is taken of each picture
    downloads = False  # whether `download` can get it

    def places(self) -> Iterator[Path]:
        """Every folder that may hold the set, in the order in which they are searched.

        A data folder may be the set's own, when it has that name: a folder of another name does not count, since
        MNIST's files and Fashion-MNIST's are called the same.
        """
        for base in paths.data_folders():
            for folder in self.folders:
                yield base / folder
                parts = PurePath(folder).parts
                if parts and base.name.lower() == parts[0].lower():
                    yield base.joinpath(*parts[1:])

    def place(self) -> Path | None:
        """The first folder that holds every part."""
        return next((p for p in self.places() if not self._lacks(p)), None)

    def where(self) -> str | None:
        place = self.place()
        return None if place is None else str(place)

    def missing(self) -> str | None:
        """Which parts lack in a folder that holds some of them, as a clause; None without such a folder."""
        for place in self.places():
            lacking = self._lacks(place)
            if 0 < len(lacking) < len(self.parts):
                return f"{place} lacks {', '.join(lacking)}"
        return None

    def _lacks(self, place: Path) -> list[str]:
        return [names[0] for names in self.parts if not any(os.path.exists(place / name) for name in names)]

    @staticmethod
    def part(place: Path, names: tuple[str, ...]) -> Path:
        """The first of `names` that exists in a folder; the first of them where none does."""
        return next((place / name for name in names if os.path.exists(place / name)), place / names[0])

    def required(self) -> Path:
        """`place`, or a CourseError that says what is missing and how to get it."""
        place = self.place()
        if place is None:
            partly = self.missing()
            wrong = f"is not whole on this machine ({partly})" if partly else "is not on this machine"
            raise CourseError(f"{self.title} {wrong}: {self.how}.")
        return place

    def fingerprint(self, split: str) -> str:
        return ""  # published once, never changed: what was prepared stays right

    def raw(self, split: str) -> Raw:
        raise NotImplementedError

    def download(self, folder: Path) -> None:
        """Put the set's files into an empty folder, checked. Raises OSError or RuntimeError when it cannot."""
        raise NotImplementedError
