"""From a folder of notebooks to marks: the whole of `course exercises grade`."""

import csv
import hashlib
import hmac
import io
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic
from course_lib.grading import feedback, isolation, submissions
from course_lib.grading.calibrate import calibrated
from course_lib.grading.limits import Limits
from course_lib.grading.submissions import Submission
from course_lib.grading.supervise import Job, Nursery

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
SECRET = "secret-seed.txt"


@dataclass(frozen=True)
class Row:
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


@dataclass(frozen=True)
class Graded:
    """What came of a folder."""

    rows: list[Row]
    seconds: float
    table: Path
    pages: list[Path]
    warnings: list[str]


def grade(
    folder: Path | str,
    out: Path | str,
    *,
    secret: bytes | None = None,
    jobs: int | None = None,
    limits: Limits | None = None,
    isolated: bool = True,
    hidden: Sequence[Path] = (),
    told: Callable[[str], None] = lambda line: None,
) -> Graded:
    """Grade every notebook below `folder`; write `out`/grades.csv and `out`/feedback/STUDENT.html.

    secret: what the inputs of the checks are derived from (default: a new one, kept in `out`/secret-seed.txt). jobs:
    notebooks at a time (default: one a core). hidden: further files that no submission may see (the secret's own).
    told: is given a line as each notebook ends.
    Raises UsageError without notebooks, CourseError where the isolation that is asked for cannot be had.
    """
    began = time.monotonic()
    folder, out = Path(folder).resolve(), Path(out).resolve()
    if isolated and (why := isolation.supported()):
        raise CourseError(
            f"submissions cannot be shut in on this machine: {why} Grade them on a Linux machine that permits user "
            "namespaces, or add --without-isolation for people whom you trust with all that you may read and delete."
        )
    if jobs is not None and jobs < 1:
        raise UsageError("--jobs counts notebooks at a time: give at least 1.")
    jobs = jobs or len(
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    out.mkdir(parents=True, exist_ok=True)
    if secret is None:
        secret = secrets.token_hex(16).encode()
        write_atomic(out / SECRET, secret.decode() + "\n")
        os.chmod(out / SECRET, 0o600)
    hidden = [
        *hidden,
        folder,
        out,
        *(paths.project() / n for n in ("exercises", "tests", "book", ".git", "_build")),
    ]
    rows: list[Row] = []
    with Nursery(isolated=isolated, hidden=hidden, limits=limits) as nursery:
        found = [
            replace(s, student=readable(s.student), name=readable(s.name))
            for s in submissions.find(folder, nursery.exercises)
        ]
        wanted = sorted({s.chapter for s in found if s.chapter})
        warnings = calibrated(nursery, wanted, lambda name: derived(secret, "the solution", name), jobs)
        work = {}
        for number, submission in enumerate(found):
            if not submission.chapter:
                reason = "Neither its name nor what is in it says which chapter it belongs to."
                rows.append(
                    Row(submission.student, submission.name, "", "", "", 0, 0, "unreadable", reason, None)
                )
                continue
            exercises = [
                e | {"seed": derived(secret, submission.student, e["name"])}
                for e in nursery.exercises[submission.chapter]
            ]
            key = f"{number} {submission.name}"
            work[key] = (submission, Job(key, submission.file, exercises))

        def done(job: Job, results: dict[str, dict[str, Any]]) -> None:
            made = rows_of(work[job.name][0], job.exercises, results)
            rows.extend(made)
            points, of = feedback.total(made)
            told(f"{work[job.name][0].student}, {work[job.name][0].name}: {points} of {of} points")

        nursery.grade([job for _, job in work.values()], jobs, done)
    rows.sort(key=lambda row: (row.student, row.notebook))  # stable: exercises stay in order
    write_atomic(out / "grades.csv", table(rows))
    pages = feedback.write(rows, out / "feedback")
    return Graded(rows, time.monotonic() - began, out / "grades.csv", pages, warnings)


def readable(text: str) -> str:
    """`text` as it can stand in a file and on a terminal: no half characters, no control characters."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def derived(secret: bytes, student: str, exercise: str) -> str:
    """The seed of one student's exercise. It says nothing about the secret or about any other's."""
    return hmac.new(secret, f"{student}\0{exercise}".encode(), hashlib.sha256).hexdigest()


def rows_of(submission: Submission, exercises: Any, results: dict[str, dict[str, Any]]) -> list[Row]:
    """The lines of one notebook, in the order of its exercises; what a person reads has a line of its own."""
    rows = []
    for e in exercises:
        about = (submission.student, submission.name, e["name"], e["title"], e["pointer"])
        if e["judged"]:
            r = results[e["name"]]
            points = e["points"] if r["passed"] else 0
            how = "apart from the student's code" if r.get("apart", True) else "with the student's code"
            seconds = r.get("seconds")
            said = (
                verdict(r),
                readable(r["message"]),
                None if seconds is None else round(seconds, 2),
                readable(r["diagnosis"]),
                how,
            )
            rows.append(Row(*about, points, e["points"], *said))
        if e["written"]:
            name = f"{e['name']}-text"
            said = ("by hand", "The text is read and marked by a person.", None, "", "")
            rows.append(Row(*about[:2], name, *about[3:], None, e["written"], *said))
    return rows


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


def table(rows: list[Row]) -> str:
    """The CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(getattr(row, column)) for column in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        value = " ".join(value.replace("\0", "").split())
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t")) else value
    return "" if value is None else value
