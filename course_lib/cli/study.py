"""`course study`: the longer measurements that chapters read."""

import argparse
from pathlib import Path

from course_lib.cli.parser import Commands


def add(commands: Commands) -> None:
    study = commands.family("study", "longer measurements that chapters read")
    commands.command("list", study_list, "the studies and their questions", study)
    make = commands.command("run", study_run, "make what is missing of a record", study)
    make.add_argument("name", metavar="NAME")
    make.add_argument("--seeds", type=int, default=5)
    make.add_argument("--workers", type=int, default=1, help="processes that share the runs (default 1)")
    make.add_argument("--tier", choices=["smoke", "book", "lab"], default="book")
    make.add_argument("--out", type=Path, metavar="DIR", help="folder of the record (default: records)")
    again = commands.command(
        "confirm", study_confirm, "after a change of code: is every number still the same?", study
    )
    again.add_argument("name", metavar="NAME")
    again.add_argument("--out", type=Path, metavar="DIR", help="folder of the record (default: records)")


def study_list(options: argparse.Namespace) -> None:
    from course_lib import studies

    for name, study in studies.STUDIES.items():
        print(f"{name:18} {study.question} ({len(study.variants)} variants of {study.recipe})")


def study_run(options: argparse.Namespace) -> None:
    from course_lib import records, studies

    made = studies.run(
        options.name, seeds=options.seeds, workers=options.workers, tier=options.tier, folder=options.out
    )
    for line in made:
        numbers = {k: v for k, v in line["measures"][-1].items() if isinstance(v, (int, float))}
        last = ", ".join(f"{k} {v:.4g}" for k, v in numbers.items())
        print(
            f"{line['variant']}, seed {line['seed']}: {last} ({records.duration(line['minutes'])})",
            flush=True,
        )


def study_confirm(options: argparse.Namespace) -> None:
    from course_lib import studies

    elsewhere = ""
    for run in studies.confirm(options.name, folder=options.out):
        elsewhere = run.elsewhere or elsewhere
        verdict = "within what its seeds explain" if run.elsewhere else "as recorded"
        print(f"{run.line['variant']}, seed {run.line['seed']}: {verdict}", flush=True)
    if elsewhere:
        print(
            f"this is another machine ({elsewhere}): nothing here speaks against the record {options.name}, but only "
            f"equal numbers, on a machine of its kind, say that it is of today's code; it was left as it is"
        )
    else:
        print(f"the record {options.name} stands: today's code gives its numbers")
