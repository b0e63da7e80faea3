"""`course compare`: several runs side by side."""

import argparse
from pathlib import Path

from course_lib.cli.parser import Commands
from course_lib.errors import CourseError


def add(commands: Commands) -> None:
    compare = commands.command(
        "compare", run_compare, "runs side by side: settings that differ, last values, curves and samples"
    )
    compare.add_argument("of", nargs="+", metavar="RUN", help="run directories, or names from the zoo")
    compare.add_argument(
        "--out", type=Path, metavar="FILE", help="also draw curves and samples: figure.png, .pdf, .svg"
    )
    compare.add_argument("--seed", type=int, default=0, help="of the samples")


def run_compare(options: argparse.Namespace) -> None:
    from course_lib import compare

    runs = [compare.read(name) for name in options.of]
    print(compare.text(runs))
    if options.out:
        try:
            compare.figure(runs, options.out, options.seed)
        except (OSError, ValueError) as error:
            raise CourseError(
                f"cannot write {options.out} ({error}): give --out a .png file in a folder that exists."
            ) from error
        print(options.out)
