"""`course watch` and `course report`: a run live in the terminal, and as one page to keep."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from course_lib.cli.parser import Commands
from course_lib.errors import CourseError, UsageError


def add(commands: Commands) -> None:
    watch = commands.command(
        "watch", run_watch, "follow a run in the terminal: curves, speed, time left, samples"
    )
    watch.add_argument("of", metavar="RUN", help="a run directory")
    watch.add_argument(
        "--every", type=float, default=2.0, metavar="SECONDS", help="look so often (default 2)"
    )
    watch.add_argument("--once", action="store_true", help="show it as it stands, and end")
    watch.add_argument(
        "--pictures",
        action=argparse.BooleanOptionalAction,
        help="the last samples in colours (default: where the terminal has colours)",
    )
    report = commands.command("report", run_report, "one self-contained HTML page of a run")
    report.add_argument("of", metavar="RUN", help="a run directory, or a name from the zoo")
    report.add_argument(
        "--out", type=Path, default=Path("report.html"), metavar="FILE", help="default: report.html"
    )
    report.add_argument(
        "--measures", type=Path, metavar="FILE", help="what `course evaluate RUN --json FILE` wrote"
    )


def run_watch(options: argparse.Namespace) -> None:
    from course_lib.watching import terminal
    from course_lib.watching.reading import read

    if not options.every > 0:
        raise UsageError("--every is a time in seconds: give a number above 0.")
    live = sys.stdout.isatty()
    colours = live and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    pictures = colours if options.pictures is None else options.pictures
    width = shutil.get_terminal_size().columns
    if options.once:
        print("\n".join(terminal.lines(read(options.of), width, pictures)))
        return
    try:
        terminal.watch(options.of, sys.stdout, options.every, width=width, pictures=pictures, live=live)
    except KeyboardInterrupt:  # to stop watching is no fault
        print()


def run_report(options: argparse.Namespace) -> None:
    from course_lib.files import why, write_atomic
    from course_lib.training.checkpoint import RunDirectory
    from course_lib.watching.page import page
    from course_lib.watching.reading import read

    seen = read(options.of)
    file = options.measures or seen.folder / "metrics.json"
    measures = None
    if options.measures or file.exists():
        try:
            measures = dict(json.loads(file.read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise CourseError(
                f"{file} holds no measures ({error}): `course evaluate RUN --json FILE` writes them."
            ) from error
    state = {} if seen.checkpoint is None else RunDirectory(seen.folder).load(seen.checkpoint)
    try:
        write_atomic(options.out, page(seen, measures, state.get("environment")))
    except OSError as error:
        raise CourseError(
            f"cannot write {options.out} because {why(error)}: give --out another file."
        ) from error
    print(options.out)
