"""`course zoo`: the trained networks that come with the course."""

import argparse
import json
from pathlib import Path

from course_lib.cli.parser import Commands


def add(commands: Commands) -> None:
    zoo = commands.family("zoo", "trained networks that come with the course")
    commands.command("list", zoo_list, "what there is, and what it measures", zoo)
    commands.command("check", zoo_check, "verify checksums and load every entry", zoo)
    remake = commands.command("train", zoo_train, "train an entry anew and put it into the zoo", zoo)
    remake.add_argument("name", metavar="NAME")
    remake.add_argument(
        "--run", dest="run_dir", type=Path, metavar="DIR", help="where to train (default: runs/zoo-NAME)"
    )
    again = commands.command("measure", zoo_measure, "measure an entry anew, without training", zoo)
    again.add_argument("name", metavar="NAME")
    again.add_argument(
        "--own-samples",
        type=int,
        default=0,
        metavar="N",
        help="of a DCGAN, also reconstructed (default none)",
    )


def zoo_list(options: argparse.Namespace) -> None:
    from course_lib import zoo
    from course_lib.evaluation.table import brief

    for name, entry in zoo.manifest().items():
        print(
            f"{name}: {brief(entry['measures'])} ({entry['steps']:,} steps, {entry['minutes']} minutes; "
            f"{entry['command']})"
        )


def zoo_check(options: argparse.Namespace) -> None:
    from course_lib import zoo

    for name in zoo.check():
        print(f"{name}: ok")


def zoo_train(options: argparse.Namespace) -> None:
    from course_lib import zoo

    entry = zoo.train(options.name, options.run_dir or Path("runs") / f"zoo-{options.name}")
    print(json.dumps(entry, indent=2))


def zoo_measure(options: argparse.Namespace) -> None:
    from course_lib import zoo

    print(json.dumps(zoo.measure_again(options.name, own_samples=options.own_samples), indent=2))
