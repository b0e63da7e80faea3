"""`course exercises release | collect | grade`: the instructor's part."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from course_lib.cli.parser import Commands
from course_lib.errors import UsageError


def add(commands: Commands, exercises: Any) -> None:
    release = commands.command(
        "release", run_release, "starters for students, as a folder or a zip", exercises
    )
    release.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="for example 01-gan-game (default: all)"
    )
    release.add_argument(
        "--out", type=Path, default=Path("release"), metavar="DIR|FILE.zip", help="default: release"
    )
    release.add_argument(
        "--nbgrader",
        action="store_true",
        help="not for students: fill the folder of an nbgrader course with the masters and a config",
    )

    collect = commands.command(
        "collect", run_collect, "notebooks out of Moodle's, Canvas's or nbgrader's zip or folder", exercises
    )
    collect.add_argument("source", type=Path, metavar="ZIP|DIR")
    collect.add_argument(
        "--out", type=Path, default=Path("."), metavar="DIR", help="makes DIR/submitted/STUDENT/ (default: .)"
    )

    grade = commands.command(
        "grade", run_grade, "mark a folder of notebooks: a CSV and a page a student", exercises
    )
    grade.formatter_class = argparse.RawDescriptionHelpFormatter
    grade.epilog = protection()
    grade.add_argument(
        "folder", type=Path, metavar="DIR", help="flat, DIR/STUDENT/, or nbgrader's DIR/submitted/"
    )
    grade.add_argument(
        "--out",
        type=Path,
        default=Path("graded"),
        metavar="DIR",
        help="grades.csv, feedback/ (default: graded)",
    )
    grade.add_argument(
        "--roster", type=Path, metavar="CSV", help="a class list: everybody on it has a line in grades.csv"
    )
    seed = grade.add_mutually_exclusive_group()
    seed.add_argument(
        "--secret-seed", type=Path, metavar="FILE", help="draw the checks' inputs from what this file holds"
    )
    seed.add_argument(
        "--seed", help="the same from a word or a number; it will stand in your shell's history"
    )
    seed.add_argument(
        "--new-seed",
        action="store_true",
        help="make a new seed, though DIR holds one (default: use that again)",
    )
    grade.add_argument("--jobs", type=int, metavar="N", help="notebooks at a time (default: one a core)")
    grade.add_argument("--minutes", type=float, default=10.0, help="for one notebook (default 10)")
    grade.add_argument(
        "--seconds", type=float, default=30.0, help="for one answer, beyond its check (default 30)"
    )
    grade.add_argument("--memory", type=float, default=2.0, metavar="GIB", help="of one notebook (default 2)")
    grade.add_argument(
        "--without-isolation", action="store_true", help="for people whom you trust; see below"
    )


def protection() -> str:
    """The part of the grader's own documentation that an instructor should have read."""
    from course_lib import grading

    return re.sub(r"\*\*|`", "", (grading.__doc__ or "").partition("\n\n")[2])


def run_release(options: argparse.Namespace) -> None:
    from course_lib.grading import release

    if options.nbgrader:
        for path in release.release_nbgrader(options.out, options.chapters):
            print(path)
        return
    for name in release.release(options.out, options.chapters):
        print(options.out / name)


def run_collect(options: argparse.Namespace) -> None:
    from course_lib.grading.intake import choice
    from course_lib.grading.intake.collect import collect
    from course_lib.grading.tables import readable

    collected = collect(options.source, options.out)
    for line in collected.lines:
        if line.place is not None:
            print(readable(f"{line.file} -> {line.place}") + (f" ({line.reason})" if line.reason else ""))
    for line in collected.lines:
        if line.what == "left out":
            print(readable(f"left out: {line.file}: {line.reason}"))
    print(f"{collected.summary()}; {collected.table} says of each file what has become of it")
    print(choice.RULE)


def run_grade(options: argparse.Namespace) -> None:
    from course_lib.grading import grade
    from course_lib.grading.intake import choice
    from course_lib.grading.limits import Limits

    if min(options.minutes, options.seconds, options.memory) <= 0:
        raise UsageError("--minutes, --seconds and --memory are limits: give numbers above 0.")
    secret = None if options.seed is None else str(options.seed).encode()
    if options.secret_seed is not None:
        try:
            secret = options.secret_seed.read_bytes().strip()
        except OSError as error:
            raise UsageError(
                f"the secret seed cannot be read ({error}): give --secret-seed a file of yours."
            ) from error
        if not secret:
            raise UsageError(f"{options.secret_seed} is empty: write some words into it that nobody guesses.")
    if options.without_isolation:
        print(
            "course: submissions can read and delete what you can, and use the network (--without-isolation).",
            file=sys.stderr,
        )
    limits = Limits(seconds=options.seconds, minutes=options.minutes, memory=int(options.memory * (1 << 30)))
    graded = grade.grade(
        options.folder,
        options.out,
        secret=secret,
        jobs=options.jobs,
        limits=limits,
        isolated=not options.without_isolation,
        hidden=[options.secret_seed] if options.secret_seed else [],
        roster=options.roster,
        new_seed=options.new_seed,
        report=lambda line: print(line, flush=True),
    )
    for sentence in graded.warnings:
        print(f"course: {sentence}", file=sys.stderr)
    for mark in graded.marks:
        if not mark.exercise:
            print(f"{mark.student}, {mark.notebook or 'no file'}: {mark.verdict}, {mark.reason}")
    print(f"{graded.summary()} ({choice.RULE})")
    students = {mark.student for mark in graded.marks}
    print(
        f"{len(students)} students in {graded.seconds:.0f} s: {graded.table}, {graded.table.parent / 'feedback'}"
    )
