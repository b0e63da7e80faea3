"""Whose file it is: names as Moodle, Canvas and nbgrader make them, and folders and files as people name them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

# "Ada Lovelace_4711_assignsubmission_file_/x.ipynb", as folders or flat; "Participant_33_…" where marking is blind
_MOODLE = re.compile(r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)$")
# "lovelaceada_LATE_5512_998_x-1.ipynb": number of the student, number of the file, and of a hand-in after the first
_CANVAS = re.compile(r"^(?P<name>\w+?)(?:_late)?_(?P<number>\d+)_(?P<attachment>\d+)_(?P<file>.+)$", re.I)
_CANVAS_AGAIN = re.compile(r"-\d+(?=\.\w+$)")
# the folder that nbgrader's exchange makes: student+assignment+time+random
_NBGRADER = re.compile(r"^(?P<name>.+)\+[^+]+\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(?:\+.*)?$")


@dataclass(frozen=True)
class Owner:
    """A student, by name and, where the platform gives one, number: namesakes are two students."""

    name: str
    number: str = ""

    @property
    def key(self) -> str:
        return f"{self.name}_{self.number}" if self.number else self.name


@dataclass(frozen=True)
class Origin:
    """What the path of a file says of it."""

    owner: Owner
    file: PurePosixPath  # the student's own name of it, with the student's own folders
    order: str = ""  # of two hand-ins of one student, the later one has the greater; empty where nothing says


def origin(path: PurePosixPath, chapters: Collection[str] = ()) -> Origin:
    """Owner and own name of a file that was handed in. A zip counts as a folder of its name."""
    parts = [part for part in path.parts if part not in ("/", "..", ".")]
    for number, part in enumerate(parts):
        own = parts[number + 1 :]
        if own and (found := _NBGRADER.match(part)):
            return Origin(Owner(found["name"]), PurePosixPath(*own), found["time"])
        if found := _MOODLE.match(part):
            own = [found["file"], *own] if found["file"] else own
            if own:
                return Origin(Owner(found["name"].strip(), found["number"]), PurePosixPath(*own))
        if found := _CANVAS.match(part):
            own = [_CANVAS_AGAIN.sub("", found["file"]), *own]
            return Origin(
                Owner(found["name"], found["number"]), PurePosixPath(*own), f"{int(found['attachment']):020}"
            )
    if "submitted" in parts[:-1]:  # nbgrader's own folder: submitted/STUDENT/ASSIGNMENT/
        parts = parts[parts.index("submitted") + 1 :]
    if len(parts) > 1:
        folder = parts[0]
        return Origin(
            Owner(folder[:-4] if folder.lower().endswith(".zip") else folder), PurePosixPath(*parts[1:])
        )
    return Origin(Owner(_beside_the_chapter(parts[0], chapters)), PurePosixPath(parts[0]))


def _beside_the_chapter(file: str, chapters: Collection[str]) -> str:
    """The student's name in a file's, "ada" in "ada_01-gan-game (2).ipynb"; the whole stem where nothing is left."""
    stem = rest = re.sub(r"(\.ipynb)?\.\w+$", "", file, flags=re.I)
    for chapter in chapters:
        copy = r"(?:[\s_-]*(?:\(\d+\)|Copy\d*|\d+))?"
        rest = re.sub(rf"[\s_.-]*{re.escape(chapter)}{copy}[\s_.-]*", " ", rest, flags=re.I).strip()
    return rest.strip(" _-.") or stem
