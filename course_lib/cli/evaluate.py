"""`course evaluate`: what a trained network makes, as numbers."""

import argparse
import json
from pathlib import Path
from typing import Any

from course_lib.cli.parser import Commands
from course_lib.errors import UsageError


def add(commands: Commands) -> None:
    evaluate = commands.command("evaluate", run_evaluate, "measure a run or a zoo entry against data")
    evaluate.add_argument(
        "of", nargs="+", metavar="RUN", help="a run directory, or a name from the zoo; several with --table"
    )
    evaluate.add_argument(
        "--data", metavar="NAME", help="data to compare with (default: what it was trained on)"
    )
    evaluate.add_argument("--samples", type=int, default=10_000, metavar="N")
    evaluate.add_argument("--seed", type=int, default=0)
    evaluate.add_argument(
        "--extractor",
        metavar="NAME",
        help="what sees the images (default: what suits the data; inception for FID)",
    )
    evaluate.add_argument(
        "--extrapolate", action="store_true", help="also the Fréchet distance for endlessly many samples"
    )
    evaluate.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, cuda:1, ... (default: a GPU where there is one)"
    )
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    evaluate.add_argument(
        "--table", choices=["glo"], help="glo: Table 1 of the GLO paper, reconstruction by each of these runs"
    )
    table = evaluate.add_argument_group("with --table glo")
    table.add_argument("--images", type=int, default=512, metavar="N", help="of each split (default 512)")
    table.add_argument(
        "--search-steps", type=int, default=300, metavar="N", help="on each code (default 300)"
    )
    table.add_argument(
        "--own-samples", type=int, default=0, metavar="N", help="of DCGANs, also reconstructed (default none)"
    )


def run_evaluate(options: argparse.Namespace) -> None:
    from course_lib.cli.sharers import sharers

    if options.samples < 1:
        raise UsageError("--samples counts samples: give at least 1.")
    with sharers() as here:
        evaluate(options, here)


def evaluate(options: argparse.Namespace, here: Any) -> None:
    """Measure what the options name, on each of the processes `here`; the first one says it."""
    from course_lib import data, notices, recipes, sharing
    from course_lib.evaluation import report
    from course_lib.evaluation.table import table
    from course_lib.training import device as devices

    if options.table:
        from course_lib.cli.tables import reconstruction_table

        if here.world > 1:
            raise UsageError("a table is made by one process: start it without torchrun.")
        return reconstruction_table(options, devices.named(options.device))
    if len(options.of) > 1:
        raise UsageError("several runs stand in one table: add --table glo, or name one run.")
    (of,) = options.of
    method = sharing.together(lambda: recipes.load(of, device=devices.named(options.device)))
    d = method.plan.settings["data"]
    remarks = sharing.together(lambda: data.remarks(options.data or d.data, "train"))
    if here.first:
        for sentence in remarks:
            notices.say(sentence)
    with data.without_report():
        dataset = sharing.in_turn(lambda: data.open(options.data or d.data, resolution=d.resolution))
    numbers = sharing.together(
        lambda: report.measure(
            method,
            dataset,
            samples=options.samples,
            seed=options.seed,
            extractor=options.extractor,
            extrapolate=options.extrapolate,
        )
    )
    if not here.first:
        return
    print(table(numbers, str(of)))
    if options.json:
        from course_lib.files import write_atomic

        write_atomic(options.json, json.dumps(numbers, indent=2) + "\n")
