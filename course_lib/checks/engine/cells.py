"""Cells of a master: what each is to a grader, what of it the student gets, and what the solution is."""

import re
from typing import Any

from course_lib.checks.engine.catalogue import of_chapter
from course_lib.checks.engine.exercise import CHAPTERS

STUB = 'raise NotImplementedError("your turn")'
TEXT_STUB = "*Your answer here.*"

_SOLUTION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION[ \t]*\n(.*?)^[ \t]*### END SOLUTION[ \t]*(?:\n|\Z)", re.M | re.S
)
_HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS[ \t]*\n.*?^[ \t]*### END HIDDEN TESTS[ \t]*(?:\n|\Z)", re.M | re.S
)


def role(cell: dict[str, Any]) -> str:
    """What a cell is to a grader: "answer", "text" (an answer that a person reads), "check" or "" (the rest)."""
    marks = cell["metadata"].get("nbgrader", {})
    if marks.get("solution"):
        return "text" if cell["cell_type"] == "markdown" else "answer"
    return "check" if marks.get("grade") else ""


def exercise_of(cell: dict[str, Any]) -> str:
    """The name of the exercise that a cell belongs to, or nothing: "game-value" for "game-value-check" too."""
    name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    known = [e.name for e in of_chapter(name.partition("-")[0])] if name.partition("-")[0] in CHAPTERS else []
    return max((k for k in known if name == k or name.startswith(k + "-")), key=len, default="")


def has_solution(cell: dict[str, Any]) -> bool:
    return bool(_SOLUTION.search(cell["source"]))


def without_solution(cell: dict[str, Any]) -> str:
    """The text of a cell as the student gets it."""
    source = _HIDDEN.sub("", cell["source"])
    if role(cell) == "text":
        return TEXT_STUB
    # at the left margin a region follows `name = ...` and is cut without a trace; in a function a stub takes its place
    source = _SOLUTION.sub(lambda region: f"{region[1]}{STUB}\n" if region[1] else "", source)
    return source.rstrip("\n")


def solution(cell: dict[str, Any]) -> str:
    """The text of a cell with its answer and without the marks around it."""
    source = _HIDDEN.sub("", cell["source"])
    return _SOLUTION.sub(lambda region: region[2], source).rstrip("\n")
