"""Finding what was handed in: a flat folder, a folder for each student, or nbgrader's submitted/STUDENT/ASSIGNMENT/."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from course_lib.errors import UsageError
from course_lib.grading.intake import choice, collect, sources
from course_lib.grading.intake.choice import Notebook
from course_lib.grading.intake.owner import origin


@dataclass(frozen=True)
class Submission:
    """One notebook of one student. chapter: its stem, "01-gan-game"; empty where nothing says which."""

    student: str
    file: Path
    chapter: str
    name: str  # relative to the folder that was given
    helpers: tuple[Path, ...] = ()  # Python files beside it


@dataclass(frozen=True)
class LeftOut:
    """A file that is not graded, and why."""

    student: str
    name: str
    reason: str
    older: bool = False  # a notebook, but another one of this student and chapter counts


@dataclass(frozen=True)
class HandedIn:
    """All that lies in a folder: every file is in one of the two lists, or is a helper of a submission."""

    submissions: list[Submission]
    left_out: list[LeftOut] = field(default_factory=list)


def handed_in(folder: Path, chapters: Mapping[str, list[dict[str, Any]]]) -> HandedIn:
    """What lies below `folder`, sorted by student and name. Raises UsageError where there is no notebook.

    chapters: chapter -> its exercises. A student is the first folder below `folder` (below its `submitted/`, if that
    is there), or, for notebooks that lie in `folder` itself, what the file's name says beside the chapter.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}: give the folder that holds the notebooks handed in.")
    submissions, about = [], {}
    # what `collect` has put aside is accounted for here, too
    left_out = [
        LeftOut(collect.safe(line.student), line.file, line.reason, older=line.what == "older")
        for line in collect.read(folder / collect.ACCOUNT)
        if line.what in ("older", "left out")
    ]
    if (folder / "submitted").is_dir():
        folder = folder / "submitted"
    helpers: dict[Path, list[Path]] = {}
    for item in sources.files(folder):
        path, of = folder / item.path, origin(item.path, chapters)
        student, name = of.owner.key, str(item.path)
        if item.path.parts[0] == "feedback":  # of an earlier grading, or of nbgrader
            continue
        if path.suffix.lower() == ".py" and not item.problem and len(item.path.parts) > 1:
            helpers.setdefault(path.parent, []).append(path)
            continue
        if not path.exists() and not path.is_symlink():
            reason = "inside a zip: `course exercises collect` takes it out"
        elif choice.is_autosave(item.path):
            reason = choice.AUTOSAVE
        elif item.path.suffix.lower() == ".ipynb" and path.is_dir():
            reason = item.problem
        elif not choice.is_notebook(item.path.name):
            reason = item.problem or "not a notebook"
        else:
            chapter = choice.chapter_in(item.path, chapters) or _by_content(item, chapters)
            submission = Submission(student, path, chapter, name)
            about[id(submission)] = Notebook(student, chapter, of.file, of.order, item.modified)
            submissions.append(submission)
            continue
        left_out.append(LeftOut(student, name, reason))
    if not submissions:
        raise UsageError(f"there is no notebook in {folder}: give the folder that holds what was handed in.")
    counting, older = choice.choose(submissions, lambda one: about[id(one)])
    left_out += [LeftOut(one.student, one.name, choice.OLDER, older=True) for one in older]
    counting = [
        Submission(one.student, one.file, one.chapter, one.name, tuple(helpers.get(one.file.parent, ())))
        for one in counting
    ]
    graded = {one.file.parent for one in counting}
    for file in (file for place, files in helpers.items() if place not in graded for file in files):
        name = PurePosixPath(file.relative_to(folder).as_posix())
        left_out.append(
            LeftOut(origin(name, chapters).owner.key, str(name), "a Python file without a notebook")
        )
    return HandedIn(sorted(counting, key=lambda s: (s.student, s.name)), left_out)


def _by_content(item: sources.File, chapters: Mapping[str, list[dict[str, Any]]]) -> str:
    """The chapter whose exercises are named inside of a notebook; empty where none is."""
    if item.problem:
        return ""
    text = item.read(sources.LARGEST)
    named = {c: sum(e["name"].encode() in text for e in exercises) for c, exercises in chapters.items()}
    best = max(named, key=named.__getitem__, default="")
    return best if best and named[best] else ""
