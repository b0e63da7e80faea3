"""The marks of a class: a line of the CSV for each exercise of each notebook."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from course_lib.grading.submissions import Submission

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
    "judged",
)
STOPPED = {"stopped", "died", "printed", "too-slow", "impossible"}


@dataclass(frozen=True)
class Mark:
    """One exercise of one student, a line of the CSV. points: None where a person is to give them."""

    student: str
    notebook: str
    exercise: str
    title: str
    pointer: str
    points: int | None
    of: int
    verdict: str  # passed, wrong, not begun, stopped, missing, unreadable, not graded, by hand
    reason: str
    seconds: float | None
    diagnosis: str = ""
    judged: str = ""


def marks_of(submission: Submission, exercises: Any, results: dict[str, dict[str, Any]]) -> list[Mark]:
    """The lines of one notebook, in the order of its exercises; what a person reads has a line of its own."""
    marks = []
    for e in exercises:
        about = (submission.student, submission.name, e["name"], e["title"], e["pointer"])
        if e["judged"]:
            r = results[e["name"]]
            points = e["points"] if r["passed"] else 0
            how = "apart from the student's code" if r.get("apart", True) else "with the student's code"
            seconds = r.get("seconds")
            outcome = (
                verdict(r),
                readable(r["message"]),
                None if seconds is None else round(seconds, 2),
                readable(r["diagnosis"]),
                how,
            )
            marks.append(Mark(*about, points, e["points"], *outcome))
        if e["written"]:
            name = f"{e['name']}-text"
            outcome = ("by hand", "The text is read and marked by a person.", None, "", "")
            marks.append(Mark(*about[:2], name, *about[3:], None, e["written"], *outcome))
    return marks


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


def readable(text: str) -> str:
    """`text` as it can stand in a file and on a terminal: no half characters, no control characters."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def table(marks: list[Mark]) -> str:
    """The CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for mark in marks:
        writer.writerow([_cell(getattr(mark, column)) for column in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        value = " ".join(value.replace("\0", "").split())
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t")) else value
    return "" if value is None else value
