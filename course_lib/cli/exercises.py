"""`course exercises`: what there is, and what is made of the masters."""

import argparse
from pathlib import Path

from course_lib.cli import grading
from course_lib.cli.parser import Commands
from course_lib.errors import CourseError


def add(commands: Commands) -> None:
    exercises = commands.family("exercises", "the exercises of the chapters")
    commands.command("list", exercises_list, "every exercise: kind, difficulty, minutes, points", exercises)
    build = commands.command(
        "build", exercises_build, "make starters and pages of the book from the masters", exercises
    )
    build.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="for example 01-gan-game (default: all)"
    )
    check = commands.command(
        "check", exercises_check, "are the committed starters and pages what the masters give?", exercises
    )
    check.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="for example 01-gan-game (default: all)"
    )
    exam = commands.command(
        "exam", exercises_exam, "a sample exam with numbers of its own, and the answers apart", exercises
    )
    exam.add_argument("--seed", type=int, required=True, help="yours alone: the numbers follow from it")
    exam.add_argument("--out", type=Path, default=Path("exam"), metavar="DIR", help="default: exam")
    grading.add(commands, exercises)


def exercises_list(options: argparse.Namespace) -> None:
    from course_lib.checks.api import CHAPTERS, of_chapter
    from course_lib.checks.engine import statements

    for chapter in dict.fromkeys(CHAPTERS.values()):
        for one in of_chapter(chapter):
            print(f"{one.name:34} {statements.facts(one)}")


def exercises_exam(options: argparse.Namespace) -> None:
    from course_lib.grading import exam

    for path in exam.write(options.seed, options.out):
        print(path)


def exercises_build(options: argparse.Namespace) -> None:
    from course_lib.checks.engine import masters

    for path in masters.build(options.chapters):
        print(path)


def exercises_check(options: argparse.Namespace) -> None:
    from course_lib.checks.engine import masters

    wrong = masters.check(options.chapters)
    for sentence in wrong:
        print(sentence)
    if wrong:
        raise CourseError(
            "what was made from the masters is out of date: `course exercises build` makes it again."
        )
    print("starters and pages are what the masters give")
