"""Taking in: the notebooks out of what a learning platform gives back, and an account of every file."""

import csv
import hashlib
import os
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course_lib import paths
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic
from course_lib.grading.intake import choice, sources
from course_lib.grading.intake.choice import Notebook
from course_lib.grading.intake.owner import origin
from course_lib.grading.tables import csv_text

ACCOUNT = "collected.csv"
COLUMNS = ("file", "student", "what", "reason", "place")
OTHERS = "others"  # folder of the notebooks that do not count


@dataclass(frozen=True)
class Line:
    """What has become of one file. what: taken, older (another one counts) or left out."""

    file: str
    student: str
    what: str
    reason: str = ""
    place: Path | None = None  # where it lies now


@dataclass(frozen=True)
class Collected:
    """An account of every file that was handed in."""

    lines: list[Line]
    table: Path

    def summary(self) -> str:
        """For example "60 files: 52 taken, 5 older attempts, 3 not notebooks"."""
        counts = Counter(line.what for line in self.lines)
        return (
            f"{len(self.lines)} files: {counts['taken']} taken, {counts['older']} older attempts, "
            f"{counts['left out']} not notebooks"
        )


@dataclass
class _Incoming:
    line: Line
    about: Notebook
    stored: Path
    helpers: dict[str, Path]


def collect(source: Path | str, out: Path | str) -> Collected:
    """Take the notebooks out of a platform's zip, or a folder, into `out`/submitted/STUDENT/CHAPTER/NAME.ipynb.

    `owner` has the names that are understood, `choice` the rule by which one of several notebooks counts; the others
    go to `out`/others/. Python files beside a notebook are taken along. Nothing is written outside `out`, nothing that
    lies there is replaced, and `out`/collected.csv says of every file what has become of it, also of those that an
    earlier call has taken in.
    Raises UsageError for what is no zip or folder, CourseError where it holds no notebook.
    """
    source, out = Path(source), Path(out)
    if not source.is_dir() and not zipfile.is_zipfile(source):
        raise UsageError(f"{source} is neither a folder nor a zip: give what the learning platform gave you.")
    chapters = sorted(path.stem for path in paths.exercises().glob("*.ipynb"))
    with tempfile.TemporaryDirectory(prefix="course-collect-") as place:
        incoming, lines = _take_in(source, chapters, Path(place))
        if not incoming:
            there = "; ".join(f"{line.file}: {line.reason}" for line in lines[:5]) or "it is empty"
            raise CourseError(f"{source} holds no notebook: is it what was handed in? ({there})")
        counting, older = choice.choose(incoming, lambda one: one.about)
        for one in counting:
            folder = (
                out / "submitted" / safe(one.about.student) / safe(one.about.chapter or one.about.file.stem)
            )
            lines.append(_moved(one, folder, "taken"))
        for one in older:
            folder = out / OTHERS / safe(one.about.student)
            lines.append(
                _moved(one, folder / safe("_".join(one.about.file.parts[:-1])), "older", choice.OLDER)
            )
    lines.sort(key=lambda line: (line.student, line.file))
    new = {line.file for line in lines}
    write_atomic(
        out / ACCOUNT, table([*lines, *(line for line in read(out / ACCOUNT) if line.file not in new)])
    )
    return Collected(lines, out / ACCOUNT)


def read(account: Path) -> list[Line]:
    """What earlier calls have written about files that they took in; nothing where there is no account."""
    if not account.is_file():
        return []
    with open(account, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if set(COLUMNS) <= row.keys()]
    return [
        Line(
            row["file"],
            row["student"],
            row["what"],
            row["reason"],
            Path(row["place"]) if row["place"] else None,
        )
        for row in rows
    ]


def _take_in(source: Path, chapters: list[str], place: Path) -> tuple[list[_Incoming], list[Line]]:
    """Notebooks, stored in `place` with the Python files beside them, and a line for each other file."""
    incoming, lines = [], []
    helpers: dict[tuple[str, PurePosixPath], dict[str, Path]] = {}
    helper_lines: list[tuple[tuple[str, PurePosixPath], Line]] = []
    for number, item in enumerate(sources.files(source)):
        of = origin(item.path, chapters)
        line = Line(str(item.path), of.owner.key, "left out")
        beside = (of.owner.key, of.file.parent)
        if reason := _not_taken(item, of.file):
            lines.append(Line(line.file, line.student, "left out", reason))
            continue
        content = item.read(sources.LARGEST + 1)  # what a zip says of a size need not be true
        if len(content) > sources.LARGEST:
            lines.append(Line(line.file, line.student, "left out", sources.large(len(content))))
            continue
        stored = place / str(number)
        stored.write_bytes(content)
        if choice.is_notebook(of.file.name):
            chapter = choice.chapter_in(of.file, chapters)
            about = Notebook(of.owner.key, chapter, of.file, of.order, item.modified)
            incoming.append(_Incoming(line, about, stored, helpers.setdefault(beside, {})))
        else:
            helpers.setdefault(beside, {})[of.file.name] = stored
            helper_lines.append((beside, line))
    used = {(one.about.student, one.about.file.parent) for one in incoming}
    for beside, line in helper_lines:
        with_notebook = beside in used
        reason = (
            "taken along with the notebook beside it" if with_notebook else "a Python file without a notebook"
        )
        lines.append(Line(line.file, line.student, "taken" if with_notebook else "left out", reason))
    return incoming, lines


def _not_taken(item: sources.File, file: PurePosixPath) -> str:
    if item.problem:
        return item.problem
    if choice.is_autosave(file):
        return choice.AUTOSAVE
    if not choice.is_notebook(file.name) and file.suffix.lower() != ".py":
        return "not a notebook"
    return sources.large(item.size) if item.size > sources.LARGEST else ""


def _moved(one: _Incoming, folder: Path, what: str, reason: str = "") -> Line:
    """Put a notebook and its helpers into a folder. What lies there under the same name stays; equal files are one."""
    folder.mkdir(parents=True, exist_ok=True)
    target = _free(folder, safe(choice.plain_name(one.about.file.name)), one.stored)
    shutil.copyfile(one.stored, target)
    for name, stored in one.helpers.items():
        shutil.copyfile(stored, _free(folder, safe(name), stored))
    return Line(one.line.file, one.line.student, what, reason, target)


def _free(folder: Path, name: str, stored: Path) -> Path:
    target, number = folder / name, 1
    while target.exists() and target.read_bytes() != stored.read_bytes():
        number += 1
        target = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return target


def safe(name: str) -> str:
    """A name that is one harmless part of a path on every system. Different names stay different."""
    harmless = re.sub(r"[\x00-\x1f<>:\"/\\|?*]+", "_", name).strip(". ")[:100] or "nameless"
    if harmless != name:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:6]
        stem, suffix = os.path.splitext(harmless)
        harmless = f"{stem}~{digest}{suffix}"
    return harmless


def table(lines: list[Line]) -> str:
    """The account as CSV."""
    return csv_text(
        COLUMNS,
        [[line.file, line.student, line.what, line.reason, str(line.place or "")] for line in lines],
    )
