"""`course sample`: what a trained network makes, as a picture."""

import argparse
from pathlib import Path

from course_lib.cli.parser import Commands
from course_lib.errors import CourseError, UsageError


def add(commands: Commands) -> None:
    sample = commands.command("sample", run_sample, "draw samples of a run or a zoo entry into a picture")
    sample.add_argument("of", metavar="RUN", help="a run directory, or a name from the zoo")
    sample.add_argument("-n", type=int, default=64, help="how many (default 64)")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--columns", type=int, metavar="N", help="images a row (default: a square grid)")
    sample.add_argument("--weights", choices=["average", "last"], default="average")
    sample.add_argument(
        "--out", type=Path, default=Path("grid.png"), metavar="FILE", help="default: grid.png"
    )


def run_sample(options: argparse.Namespace) -> None:
    from course_lib import recipes, seeds
    from course_lib.figures import samples as pictures

    if options.n < 1 or (options.columns is not None and options.columns < 1):
        raise UsageError("-n and --columns count images: give at least 1.")
    method = recipes.load(options.of, weights=options.weights)
    if hasattr(method, "translate"):
        raise UsageError(
            f"{options.of} translates pictures and draws none: `course translate {options.of} IMAGE...` shows it what "
            f"to translate, or give it `--data NAME`."
        )
    samples = method.sample(method.latents(options.n, seeds.generator(options.seed, purpose="sample")))
    try:
        pictures.save(samples, options.out, options.columns)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"cannot write {options.out} ({error}): give --out a .png file in a folder that exists."
        ) from error
    print(options.out)
