"""The marks of a class: a line of the CSV for each exercise of each notebook."""

from dataclasses import dataclass
from typing import Any

from course_lib.grading.intake.submissions import Submission
from course_lib.grading.tables import csv_text, readable

COLUMNS = (
    "student",
    "notebook",
    "exercise",
    "points",
    "of",
    "verdict",
    "reason",
    "seconds",
    "diagnosis",
)
STOPPED = {"stopped", "died", "printed", "too-slow", "impossible"}


@dataclass(frozen=True)
class Mark:
    """One exercise of one student, a line of the CSV; of a file that is not graded, and of a student who handed in
    nothing, a line without an exercise. points: None where a person is to give them."""

    student: str
    notebook: str
    exercise: str
    title: str
    pointer: str
    points: int | None
    of: int
    # passed, wrong, not begun, stopped, missing, unreadable, not graded, by hand; of a file: left out, older; nothing
    verdict: str
    reason: str
    seconds: float | None
    diagnosis: str = ""


def marks_of(submission: Submission, exercises: Any, results: dict[str, dict[str, Any]]) -> list[Mark]:
    """The lines of one notebook, in the order of its exercises; what a person reads has a line of its own."""
    marks = []
    for e in exercises:
        about = (submission.student, submission.name, e["name"], e["title"], e["pointer"])
        if e["judged"]:
            r = results[e["name"]]
            points = e["points"] if r["passed"] else 0
            seconds = r.get("seconds")
            outcome = (
                verdict(r),
                readable(r["message"]),
                None if seconds is None else round(seconds, 2),
                readable(r["diagnosis"]),
            )
            marks.append(Mark(*about, points, e["points"], *outcome))
        if e["written"]:
            name = f"{e['name']}-text"
            outcome = ("by hand", "The text is read and marked by a person.", None, "")
            marks.append(Mark(*about[:2], name, *about[3:], None, e["written"], *outcome))
    return marks


def not_graded(student: str, name: str, verdict: str, reason: str) -> Mark:
    """The line of a file that is not graded, or of a student who has handed in nothing."""
    return Mark(student, name, "", "", "", 0, 0, verdict, reason, None)


def verdict(result: dict[str, Any]) -> str:
    """One word or two for what came of an exercise."""
    if result["passed"]:
        return "passed"
    diagnosis = result["diagnosis"]
    words = {
        "not-begun": "not begun",
        "missing": "missing",
        "unreadable": "unreadable",
        "broken": "not graded",
    }
    return words.get(diagnosis, "stopped" if diagnosis in STOPPED else "wrong")


def total(marks: list[Mark]) -> tuple[int, int]:
    """Points and what could be had; of an exercise handed in twice the better counts."""
    best: dict[str, tuple[int, int]] = {}
    for mark in marks:
        if mark.points is not None and mark.exercise:
            best[mark.exercise] = max(best.get(mark.exercise, (0, mark.of)), (mark.points, mark.of))
    return sum(p for p, _ in best.values()), sum(of for _, of in best.values())


def table(marks: list[Mark]) -> str:
    """The CSV."""
    return csv_text(COLUMNS, [[getattr(mark, column) for column in COLUMNS] for mark in marks])
