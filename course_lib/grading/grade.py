"""From a folder of notebooks to marks: the whole of `course exercises grade`."""

import hashlib
import hmac
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
from course_lib.grading.calibrate import calibrate
from course_lib.grading.dispatcher import Dispatcher, Job
from course_lib.grading.limits import Limits
from course_lib.grading.marks import Mark, marks_of, readable, table, total
from course_lib.grading.submissions import Submission

SECRET = "secret-seed.txt"


@dataclass(frozen=True)
class Graded:
    """What came of a folder."""

    marks: list[Mark]
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
    report: Callable[[str], None] = lambda line: None,
) -> Graded:
    """Grade every notebook below `folder`; write `out`/grades.csv and `out`/feedback/STUDENT.html.

    secret: what the inputs of the checks are derived from (default: a new one, kept in `out`/secret-seed.txt). jobs:
    notebooks at a time (default: one a core). hidden: further files that no submission may see (the secret's own).
    report: is given a line as each notebook ends.
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
    marks: list[Mark] = []
    with Dispatcher(isolated=isolated, hidden=hidden, limits=limits) as dispatcher:
        handed_in = [
            replace(s, student=readable(s.student), name=readable(s.name))
            for s in submissions.find(folder, dispatcher.exercises)
        ]
        wanted = sorted({s.chapter for s in handed_in if s.chapter})
        warnings = calibrate(dispatcher, wanted, lambda name: derived(secret, "the solution", name), jobs)
        work: dict[str, tuple[Submission, Job]] = {}
        for number, submission in enumerate(handed_in):
            if not submission.chapter:
                reason = "Neither its name nor what is in it says which chapter it belongs to."
                marks.append(
                    Mark(submission.student, submission.name, "", "", "", 0, 0, "unreadable", reason, None)
                )
                continue
            exercises = [
                e | {"seed": derived(secret, submission.student, e["name"])}
                for e in dispatcher.exercises[submission.chapter]
            ]
            key = f"{number} {submission.name}"
            work[key] = (submission, Job(key, submission.file, exercises))

        def done(job: Job, results: dict[str, dict[str, Any]]) -> None:
            submission = work[job.name][0]
            own = marks_of(submission, job.exercises, results)
            marks.extend(own)
            points, of = total(own)
            report(f"{submission.student}, {submission.name}: {points} of {of} points")

        dispatcher.grade([job for _, job in work.values()], jobs, done)
    marks.sort(key=lambda mark: (mark.student, mark.notebook))  # stable: exercises stay in order
    write_atomic(out / "grades.csv", table(marks))
    pages = feedback.write(marks, out / "feedback")
    return Graded(marks, time.monotonic() - began, out / "grades.csv", pages, warnings)


def derived(secret: bytes, student: str, exercise: str) -> str:
    """The seed of one student's exercise. It says nothing about the secret or about any other's."""
    return hmac.new(secret, f"{student}\0{exercise}".encode(), hashlib.sha256).hexdigest()
