"""Handing out and taking in: a folder or zip for students, and the notebooks out of what a platform gives back."""

import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from course_lib import paths
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic
from course_lib.grading.submissions import MOODLE, moodle

LARGEST = 20 << 20  # bytes of one notebook
CONFIG = "nbgrader_config.py"
README = """# Exercises

Open a notebook in JupyterLab, in the environment of the course (`make lab` in a checkout, or
`pip install -e ".[lab]"` beside your own torch). Write each answer in its cell, run it, and run the check below it: it
says at once whether the answer is right. `hint("...")` gives a hint, and a second one when asked again.

Keep the names of the functions and of the notebook, clear the outputs, and hand the notebook in.
"""


def release(out: Path | str, chapters: Sequence[str] = ()) -> list[Path]:
    """Write the starters of `chapters` (default: all) and a README into a folder, or into a file that ends in .zip.

    Returns what was written, as paths inside it. Raises UsageError for a chapter without a starter.
    """
    chosen, out = _chosen(paths.project() / "exercises", "starter", chapters), Path(out)
    names = [Path("README.md"), *(Path(f"{chapter}.ipynb") for chapter in chosen)]
    contents = [README, *(path.read_text("utf-8") for path in chosen.values())]
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in zip(names, contents, strict=True):
                archive.writestr(f"exercises/{name}", content)
    else:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in zip(names, contents, strict=True):
            write_atomic(out / name, content)
    return names


def release_nbgrader(out: Path | str, chapters: Sequence[str] = ()) -> list[Path]:
    """Write the masters of `chapters` (default: all), which hold the solutions, as source of an nbgrader course.

    `out`/source/CHAPTER/CHAPTER.ipynb and `out`/nbgrader_config.py, with which nbgrader makes our starters of them. A
    config that is there already stays. Returns what was written. Raises UsageError for a chapter without a master.
    """
    folder, out = paths.project() / "exercises", Path(out)
    if out.suffix == ".zip":
        raise UsageError("--nbgrader fills the folder of an nbgrader course: give --out a folder, not a zip.")
    made = []
    for chapter, path in _chosen(folder / "masters", "master", chapters).items():
        made.append(out / "source" / chapter / f"{chapter}.ipynb")
        made[-1].parent.mkdir(parents=True, exist_ok=True)
        write_atomic(made[-1], path.read_text("utf-8"))
    if not (out / CONFIG).exists():
        write_atomic(out / CONFIG, (folder / CONFIG).read_text("utf-8"))
        made.append(out / CONFIG)
    return made


def _chosen(folder: Path, kind: str, chapters: Sequence[str]) -> dict[str, Path]:
    there = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not there:
        raise CourseError(f"there are no {kind}s in {folder}: run this in a checkout of the course.")
    for chapter in chapters:
        if chapter not in there:
            raise UsageError(f"there is no {kind} '{chapter}': choose from {', '.join(there)}.")
    return {name: path for name, path in there.items() if name in chapters or not chapters}


def collect(source: Path | str, out: Path | str) -> list[Path]:
    """Take the notebooks out of a platform's zip, or a folder, into `out`/submitted/STUDENT/NAME.ipynb.

    Knows the names of Moodle ("Ada Lovelace_4711_assignsubmission_file_/x.ipynb", as folders or flat), Canvas
    ("lovelaceada_5512_998_x.ipynb") and nbgrader's exchange ("ada+01-gan-game+2026-11-23 10:00:00 UTC+x/x.ipynb", where
    the newest of each student counts); zips inside a student's folder are opened too. Nothing is written outside `out`:
    names are taken apart, never followed; links are left out. Returns the files written.
    Raises UsageError for what is no zip or folder, CourseError where it holds no notebook.
    """
    source, out = Path(source), Path(out)
    if source.is_dir():
        items = _folder(source)
    elif zipfile.is_zipfile(source):
        items = _archive(source)
    else:
        raise UsageError(f"{source} is neither a folder nor a zip: give what the learning platform gave you.")
    made: dict[Path, str] = {}
    for name, stamp, content in items:
        student, file = owner(name)
        target = out / "submitted" / clean(student) / clean(file)
        if target in made and stamp < made[target]:
            continue
        made[target] = stamp
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, content)
    if not made:
        raise CourseError(f"{source} holds no notebook: is it what was handed in?")
    return sorted(made)


def owner(name: PurePosixPath) -> tuple[str, str]:
    """Student and file name out of a path inside what was handed in."""
    parts = [p for p in name.parts if p not in ("/", "..", ".")]
    file = parts[-1]
    for part in parts[:-1]:
        if MOODLE.match(part):
            return moodle(part), file
        if part.count("+") >= 2:  # nbgrader's inbound: student+assignment+time+random
            return part.split("+")[0], file
    if found := MOODLE.match(file):
        return found["student"], file[found.end() :].lstrip("_") or file
    if found := re.match(r"^(?P<student>[a-z]+?)(?:_late)?_\d+_\d+_(?P<file>.+)$", file, re.I):  # Canvas
        return found["student"], re.sub(r"-\d+(?=\.ipynb$)", "", found["file"])
    folders = [p for p in parts[:-1] if p != "submitted"]
    return (folders[0] if folders else Path(file).stem), file


def clean(name: str) -> str:
    """A name that is one harmless part of a path on every system."""
    name = re.sub(r"[\x00-\x1f<>:\"/\\|?*]+", "_", name).strip(". ")[:120]
    return name or "nameless"


def _folder(source: Path) -> Iterator[tuple[PurePosixPath, str, bytes]]:
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name = PurePosixPath(path.relative_to(source).as_posix())
        if path.suffix == ".ipynb" and path.stat().st_size <= LARGEST:
            yield name, _stamp(name), path.read_bytes()
        elif path.suffix == ".zip" and zipfile.is_zipfile(path):
            yield from _archive(path, name.parent / path.stem)


def _archive(source: Path, above: PurePosixPath | None = None) -> Iterator[tuple[PurePosixPath, str, bytes]]:
    with zipfile.ZipFile(source) as archive:
        for entry in archive.infolist():
            name = (above or PurePosixPath()) / entry.filename.replace("\\", "/").lstrip("/")
            if (
                entry.is_dir()
                or name.suffix != ".ipynb"
                or "__MACOSX" in name.parts
                or name.name.startswith(".")
            ):
                continue
            if stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 1:
                continue
            with archive.open(entry) as file:  # what it says of its size need not be true
                content = file.read(LARGEST + 1)
            if len(content) <= LARGEST:
                yield name, _stamp(name), content


def _stamp(name: PurePosixPath) -> str:
    """When it was handed in, where nbgrader's name says so; such times sort as text."""
    return next((part.split("+")[2] for part in name.parts if part.count("+") >= 2), "")
