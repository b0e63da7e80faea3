"""Which exercises this user has passed: a small file in the cache folder, and nothing that leaves the machine."""

import json
from pathlib import Path

from course_lib import files, paths
from course_lib.checks.engine.catalogue import of_chapter
from course_lib.checks.engine.exercise import Verdict


def file() -> Path:
    return paths.cache() / "exercises.json"


def passed() -> set[str]:
    """Names of the exercises passed so far; of this session alone where the file is missing or unreadable."""
    try:
        saved = json.loads(file().read_text("utf-8"))
        return {str(name) for name in saved["passed"]} | _this_session
    except (OSError, ValueError, TypeError, KeyError):
        return set(_this_session)


def save(verdict: Verdict) -> None:
    """Save a pass. What was once passed stays so; a folder that cannot be written costs nothing but the memory."""
    before = passed()
    if verdict.passed and verdict.exercise not in before:
        _this_session.add(verdict.exercise)
        try:
            file().parent.mkdir(parents=True, exist_ok=True)
            files.write_atomic(file(), json.dumps({"passed": sorted(before | {verdict.exercise})}) + "\n")
        except OSError:
            pass


def counted(chapter: str) -> tuple[int, int]:
    """How many of a chapter's checked exercises are passed, and how many there are."""
    names = {e.name for e in of_chapter(chapter) if e.checker}
    return len(names & passed()), len(names)


_this_session: set[str] = set()
