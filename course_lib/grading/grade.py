"""From a folder of notebooks to marks: the whole of `course exercises grade`."""

import hashlib
import hmac
import importlib.util
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
from course_lib.grading import feedback, sandbox
from course_lib.grading.calibrate import calibrate
from course_lib.grading.dispatcher import Dispatcher, Job
from course_lib.grading.intake.roster import Roster
from course_lib.grading.intake.roster import read as read_roster
from course_lib.grading.intake.submissions import HandedIn, Submission, handed_in
from course_lib.grading.limits import Limits
from course_lib.grading.marks import Mark, marks_of, not_graded, table, total
from course_lib.grading.tables import readable

SECRET = "secret-seed.txt"


@dataclass(frozen=True)
class Graded:
    """What came of a folder."""

    marks: list[Mark]
    seconds: float
    table: Path
    pages: list[Path]
    warnings: list[str]
    graded: int = 0  # notebooks

    def summary(self) -> str:
        """For example "60 files: 52 graded, 5 older attempts, 3 not notebooks"."""
        older, left_out, unreadable = (
            sum(mark.verdict == verdict and not mark.exercise for mark in self.marks)
            for verdict in ("older", "left out", "unreadable")
        )
        files = self.graded + older + left_out + unreadable
        unknown = f", {unreadable} of no chapter" if unreadable else ""
        return (
            f"{files} files: {self.graded} graded, {older} older attempts, {left_out} not notebooks{unknown}"
        )


def grade(
    folder: Path | str,
    out: Path | str,
    *,
    secret: bytes | None = None,
    jobs: int | None = None,
    limits: Limits | None = None,
    isolated: bool = True,
    hidden: Sequence[Path] = (),
    roster: Path | str | None = None,
    new_seed: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> Graded:
    """Grade every notebook below `folder`; write `out`/grades.csv and `out`/feedback/STUDENT.html.

    secret: what the inputs of the checks are derived from (default: that in `out`/secret-seed.txt, which is made where
    it is missing, and made anew, the old one kept aside, only with `new_seed`). jobs: notebooks at a time (default: one
    a core). hidden: further files that no submission may see (the secret's own). roster: a class list; each of its
    students has a line then, also one who has handed in nothing. report: is given a line as each notebook ends.
    Raises UsageError without notebooks, CourseError where the isolation that is asked for cannot be had; nothing is
    written then.
    """
    began = time.monotonic()
    folder, out = Path(folder).resolve(), Path(out).resolve()
    if isolated and (why := sandbox.supported()):
        raise CourseError(
            f"submissions cannot be shut in on this machine: {why} The instructor's guide says what each system needs. "
            "Grade there, or add --without-isolation for people whom you trust with all that you may read and delete."
        )
    if importlib.util.find_spec("IPython") is None:
        raise CourseError("IPython is missing, by whose rules cells are read: `pip install ipython` adds it.")
    if jobs is not None and jobs < 1:
        raise UsageError("--jobs counts notebooks at a time: give at least 1.")
    jobs = jobs or _cores()
    class_list = None if roster is None else read_roster(roster)
    hidden = [
        *hidden,
        folder,
        out,
        paths.exercises(),  # the masters hold the answers
        *(paths.project() / n for n in ("tests", "book", ".git", "_build")),
    ]
    with Dispatcher(isolated=isolated, hidden=hidden, limits=limits) as dispatcher:
        everything = handed_in(folder, dispatcher.exercises)  # before anything is written
        out.mkdir(parents=True, exist_ok=True)
        secret = _kept_secret(out / SECRET, new_seed) if secret is None else secret
        names = _names(everything, class_list)
        marks = [
            not_graded(names[f.student], readable(f.name), "older" if f.older else "left out", f.reason)
            for f in everything.left_out
        ]
        wanted = sorted({s.chapter for s in everything.submissions if s.chapter})
        warnings = calibrate(dispatcher, wanted, lambda name: derived(secret, "the solution", name), jobs)
        work: dict[str, tuple[Submission, Job]] = {}
        for number, submission in enumerate(everything.submissions):
            # the student's own key, and not the name in a class list, so that a list does not change the inputs
            key, student = readable(submission.student), names[submission.student]
            submission = replace(submission, student=student, name=readable(submission.name))
            if not submission.chapter:
                reason = "Neither its name nor what is in it says which chapter it belongs to."
                marks.append(not_graded(student, submission.name, "unreadable", reason))
                continue
            exercises = [
                e | {"seed": derived(secret, key, e["name"])}
                for e in dispatcher.exercises[submission.chapter]
            ]
            name = f"{number} {submission.name}"
            work[name] = (submission, Job(name, submission.file, exercises, submission.helpers))

        def done(job: Job, results: dict[str, dict[str, Any]]) -> None:
            submission = work[job.name][0]
            own = marks_of(submission, job.exercises, results)
            marks.extend(own)
            points, of = total(own)
            report(f"{submission.student}, {submission.name}: {points} of {of} points")

        dispatcher.grade([job for _, job in work.values()], jobs, done)
    if class_list is not None:
        seen = {mark.student for mark in marks}
        absent = [entry.name for entry in class_list.entries if entry.name not in seen]
        marks += [not_graded(name, "", "nothing", "Nothing was handed in.") for name in absent]
        warnings += _strangers(names, class_list)
    marks.sort(key=lambda mark: (mark.student, mark.notebook))  # stable: exercises stay in order
    write_atomic(out / "grades.csv", table(marks))
    pages = feedback.write(marks, out / "feedback")
    return Graded(marks, time.monotonic() - began, out / "grades.csv", pages, warnings, len(work))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kept_secret(path: Path, new: bool) -> bytes:
    """The secret that an earlier grading has left, or a new one that stays for the next."""
    if path.exists() and not new:
        return path.read_bytes().strip()
    if path.exists():
        os.replace(path, path.with_name(f"{path.name}.{int(time.time())}.old"))
    write_atomic(path, secrets.token_hex(16) + "\n")
    os.chmod(path, 0o600)
    return path.read_bytes().strip()


def _names(everything: HandedIn, class_list: Roster | None) -> dict[str, str]:
    """Key of each student -> the name that tables and pages show."""
    keys = {one.student for one in (*everything.submissions, *everything.left_out)}
    listed = {} if class_list is None else class_list.names_of(keys)
    return {key: listed.get(key, readable(key)) for key in keys}


def _strangers(names: dict[str, str], class_list: Roster) -> list[str]:
    listed = {entry.name for entry in class_list.entries}
    return [
        f"{name} is not in the roster, or fits several of its lines"
        for name in sorted(set(names.values()) - listed)
    ]


def derived(secret: bytes, student: str, exercise: str) -> str:
    """The seed of one student's exercise. It says nothing about the secret or about any other's."""
    return hmac.new(secret, f"{student}\0{exercise}".encode(), hashlib.sha256).hexdigest()
