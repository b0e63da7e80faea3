"""Finding what was handed in: a flat folder, a folder for each student, or nbgrader's submitted/STUDENT/ASSIGNMENT/."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.errors import UsageError

# what people and platforms put around a name: "ada_lovelace_4711_assignsubmission_file_01-gan-game.ipynb",
# "01-gan-game (2).ipynb", "lovelaceada_5512_99_01-gan-game-1.ipynb"
MOODLE = re.compile(r"^(?P<student>.+?)_\d+_assignsubmission_\w+?(?:_|$)")


@dataclass(frozen=True)
class Submission:
    """One notebook of one student. chapter: its stem, "01-gan-game"; empty where nothing says which."""

    student: str
    file: Path
    chapter: str
    name: str  # relative to the folder that was given


def find(folder: Path, chapters: Mapping[str, list[dict[str, Any]]]) -> list[Submission]:
    """All notebooks below `folder`, sorted by student and name. Raises UsageError where there are none.

    A student is the first folder below `folder` (below its `submitted/`, if that is there), or, for notebooks that lie
    in `folder` itself, what the file's name says beside the chapter. Links are not followed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}: give the folder that holds the notebooks handed in.")
    if (folder / "submitted").is_dir():
        folder = folder / "submitted"
    found = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in ("__MACOSX", "feedback"))
        for name in sorted(files):
            if name.endswith(".ipynb") and not name.startswith("."):
                path = Path(place) / name
                relative = path.relative_to(folder)
                chapter = chapter_of(relative, path, chapters)
                found.append(Submission(student_of(relative, chapters), path, chapter, str(relative)))
    if not found:
        raise UsageError(f"there is no notebook in {folder}: give the folder that holds what was handed in.")
    return sorted(found, key=lambda s: (s.student, s.name))


def student_of(relative: Path, chapters: Collection[str]) -> str:
    """The student's name, from where the notebook lies."""
    if len(relative.parts) > 1:
        return moodle(relative.parts[0])
    stem = moodle(relative.stem) if MOODLE.match(relative.stem) else relative.stem
    for chapter in chapters:
        stem = re.sub(rf"[\s_.-]*{re.escape(chapter)}(?:[\s_-]*(?:\(\d+\)|\d+))?[\s_.-]*", " ", stem).strip()
    return re.sub(r"_\d+_\d+$|_\d+$", "", stem.strip(" _-.")) or relative.stem


def moodle(name: str) -> str:
    """A student's name out of a name that Moodle made."""
    return found["student"].strip() if (found := MOODLE.match(name)) else name


def chapter_of(relative: Path, path: Path, chapters: Mapping[str, list[dict[str, Any]]]) -> str:
    """The chapter: from the names of file and folders, else from the exercises that are named inside."""
    for part in reversed(relative.parts):
        for chapter in chapters:
            if re.search(rf"(?<![0-9]){re.escape(chapter)}(?![a-z])", part):
                return chapter
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            text = file.read(20 << 20)
    except OSError:
        return ""
    named = {c: sum(e["name"].encode() in text for e in exercises) for c, exercises in chapters.items()}
    best = max(named, key=named.__getitem__, default="")
    return best if best and named[best] else ""
