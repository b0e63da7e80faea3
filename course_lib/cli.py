"""The command `course`: data, training, sampling, measures, the zoo and studies.

Each command's function imports what it needs, so that `course --help` answers at once.
"""

import argparse
import dataclasses
import inspect
import json
import os
import re
import sys
import threading
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError, UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, 1 (failure), 2 (usage) or 130 (interrupted and saved)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    if not debug:
        threading.excepthook = _thread_error
    arguments = [a for a in arguments if a != "--debug"]
    try:
        options = _parser(arguments).parse_args(arguments)
        options.run(options)
        sys.stdout.flush()
        return 0
    except CourseError as error:
        if debug:
            raise
        print(f"course: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        if debug:
            raise
        print("course: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone: what is left goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if debug:
            raise
        print(f"course: the system refuses ({error}): mend that and repeat the command.", file=sys.stderr)
        return 1


def _thread_error(failed: threading.ExceptHookArgs) -> None:
    """TensorBoard writes in a thread of its own: what a full disk is to it, the main thread says in a sentence."""
    if not issubclass(failed.exc_type, OSError):
        threading.__excepthook__(failed)


class _Parser(argparse.ArgumentParser):
    """Errors of usage in one sentence, like all others."""

    def error(self, message: str) -> typing.NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`.")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="course",
        description="Train, sample and measure the networks of this course.",
        allow_abbrev=False,
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str, parent: Any = commands) -> argparse.ArgumentParser:
        made = parent.add_parser(name, help=text, description=text, allow_abbrev=False)
        made.set_defaults(run=run)
        return made

    def family(name: str, text: str) -> Any:
        made = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        return made.add_subparsers(required=True, metavar="ACTION")

    data = family("data", "list, fetch and prepare data sets")
    listing = command("list", data_list, "what there is, where it lies, and how to get what is missing", data)
    listing.add_argument("--json", action="store_true", help="as JSON, for programs")
    fetch = command("fetch", data_fetch, "download data sets into the cache", data)
    fetch.add_argument("names", nargs="*", metavar="NAME")
    fetch.add_argument("--all", action="store_true", help="everything that this course can download")
    prepare = command("prepare", data_prepare, "decode a set once, into the cache", data)
    prepare.add_argument("name", metavar="NAME|FOLDER|ZIP")
    prepare.add_argument("--resolution", type=int, metavar="R", help="pixels (default: the set's own)")
    prepare.add_argument("--skip-damaged", action="store_true", help="leave out images that cannot be read")

    train = command("train", run_train, "train a recipe; resumes --out when it holds that run")
    train.add_argument("recipe", metavar="RECIPE", help="see `course recipes`")
    train.add_argument(
        "--tier", choices=["smoke", "book", "lab"], help="size (default: lab with a GPU, else book)"
    )
    train.add_argument("--out", type=Path, metavar="DIR", help="run directory (default: runs/RECIPE)")
    train.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, cuda:1, ... (default: a GPU where there is one)"
    )
    train.add_argument("--quiet", action="store_true", help="no progress")
    if arguments[:1] == ["train"]:
        _add_settings(train, arguments[1:])
    command("recipes", run_recipes, "list the recipes")

    sample = command("sample", run_sample, "draw samples of a run or a zoo entry into a picture")
    sample.add_argument("of", metavar="RUN", help="a run directory, or a name from the zoo")
    sample.add_argument("-n", type=int, default=64, help="how many (default 64)")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--columns", type=int, metavar="N", help="images a row (default: a square grid)")
    sample.add_argument("--weights", choices=["average", "last"], default="average")
    sample.add_argument(
        "--out", type=Path, default=Path("grid.png"), metavar="FILE", help="default: grid.png"
    )

    evaluate = command("evaluate", run_evaluate, "measure a run or a zoo entry against data")
    evaluate.add_argument("of", metavar="RUN", help="a run directory, or a name from the zoo")
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

    zoo = family("zoo", "trained networks that come with the course")
    command("list", zoo_list, "what there is, and what it measures", zoo)
    command("check", zoo_check, "verify checksums and load every entry", zoo)
    remake = command("train", zoo_train, "train an entry anew and put it into the zoo", zoo)
    remake.add_argument("name", metavar="NAME")
    remake.add_argument(
        "--run", dest="run_dir", type=Path, metavar="DIR", help="where to train (default: runs/zoo-NAME)"
    )

    study = family("study", "longer measurements that chapters read")
    command("list", study_list, "the studies and their questions", study)
    make = command("run", study_run, "make what is missing of a record", study)
    make.add_argument("name", metavar="NAME")
    make.add_argument("--seeds", type=int, default=5)
    make.add_argument("--workers", type=int, default=1, help="processes that share the runs (default 1)")
    make.add_argument("--tier", choices=["smoke", "book", "lab"], default="book")
    make.add_argument("--out", type=Path, metavar="DIR", help="folder of the record (default: records)")
    again = command(
        "confirm", study_confirm, "after a change of code: is every number still the same?", study
    )
    again.add_argument("name", metavar="NAME")
    again.add_argument("--out", type=Path, metavar="DIR", help="folder of the record (default: records)")

    bench = command("bench", run_bench, "time a training step beside a plain loop, in pairs")
    bench.add_argument("names", nargs="*", metavar="NAME", help="benchmarks (default: all)")
    bench.add_argument("--out", type=Path, metavar="FILE", help="default: benchmarks/results/DEVICE.json")
    bench.add_argument("--device", metavar="NAME", help="cpu, cuda, ... (default: a GPU where there is one)")
    bench.add_argument("--quick", action="store_true", help="the same motions on next to no work; no result")
    return parser


def _add_settings(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Give `course train RECIPE` one option for each setting of that recipe, made from its dataclasses."""
    from course_lib import recipes

    words = [word for word in arguments if not word.startswith("-")]
    if not words:
        return
    # options and their values may come first: the recipe is the first word that is one
    recipe = recipes.find(next((word for word in words if word in recipes.RECIPES), words[0]))
    seen: set[str] = set()
    for group, cls in recipes.groups(recipe).items():
        options = parser.add_argument_group(f"settings of the {group}")
        notes = comments(cls)
        types = typing.get_type_hints(cls)
        for field in dataclasses.fields(cls):
            if field.name in seen:
                continue
            seen.add(field.name)
            flag, default = "--" + field.name.replace("_", "-"), recipe.changes.get(field.name, field.default)
            text = f"{notes.get(field.name, '')} (default {default})".replace("%", "%%").strip()
            common = {"dest": f"setting_{field.name}", "default": argparse.SUPPRESS, "help": text}
            if types[field.name] is bool:
                options.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
            else:
                choices = typing.get_args(types[field.name])
                kind = next((t for t in (int, float) if t in (types[field.name], *choices)), str)
                options.add_argument(flag, type=kind, metavar=field.name.upper(), **common)


def comments(cls: type) -> dict[str, str]:
    """What stands behind each field of a settings class, `name: type = default  # this text`."""
    pattern = re.compile(r"^\s+(\w+):.*?\s#\s*(.+)$", re.MULTILINE)
    return dict(pattern.findall(inspect.getsource(cls)))


def data_list(options: argparse.Namespace) -> None:
    from course_lib import data

    rows = data.describe()
    if options.json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
        return
    told = ""
    for row in rows:
        print(f"{row.name}: {row.images} images; files: {row.size}; licence: {row.licence}")
        how = f"    is missing: {row.how}"
        if row.where:
            print(f"    is here: {row.where}")
        elif row.name.partition("/")[0] != told.partition("/")[0]:  # LSUN's rooms are all got in one way
            print(how)
            told = row.name
        else:
            print(f"    is missing: as {told}")
        if row.missing:
            print(f"    but {row.missing}")
        if row.prepared:
            print(f"    prepared at {', '.join(row.prepared)} ({row.prepared_bytes / 1e6:,.1f} MB)")


def data_fetch(options: argparse.Namespace) -> None:
    from course_lib import data, paths

    names = data.downloadable() if options.all else options.names
    if not names:
        raise UsageError("name the data sets to fetch, or give --all; `course data list` shows them.")
    failed = []
    for name in names:
        try:
            print(f"{name}: {data.fetch(name)}", flush=True)
        except UsageError:
            raise
        except CourseError as error:
            if len(names) == 1:
                raise
            failed.append(name)
            print(f"{name}: {error}", flush=True)
    if options.all:
        for name, how in data.by_hand().items():
            print(f"{name}: not to be had by download; {how}.")
        print(
            f"{len(names) - len(failed)} of {len(names)} sets are here. For a machine without a network, copy "
            f"{paths.cache() / 'raw'} there and set COURSE_DATA to the copy."
        )
    if failed:
        raise CourseError(
            f"{len(failed)} of {len(names)} sets could not be fetched, {', '.join(failed)}: each line above says why "
            "and what to do, and a second run continues with these."
        )


def data_prepare(options: argparse.Namespace) -> None:
    from course_lib import data

    for split in ("train", "test"):
        made = data.prepare(options.name, options.resolution, split, skip_damaged=options.skip_damaged)
        print(f"{options.name} {split}: {len(made):,} images of shape {made.shape}, ready to open")


def run_train(options: argparse.Namespace) -> None:
    from course_lib import recipes

    changes = {k.removeprefix("setting_"): v for k, v in vars(options).items() if k.startswith("setting_")}
    plan = recipes.settle(options.recipe, options.tier, **changes)
    out = options.out or Path("runs") / options.recipe
    run = recipes.train(plan, out, device=options.device, quiet=options.quiet)
    print(
        f"{out}: {run.step:,} steps in {run.seconds / 60:.1f} minutes. Next: course sample {out}; course evaluate {out}"
    )


def run_recipes(options: argparse.Namespace) -> None:
    from course_lib import recipes

    for name, recipe in recipes.RECIPES.items():
        print(f"{name:22} {recipe.summary}")


def run_sample(options: argparse.Namespace) -> None:
    from course_lib import recipes, seeds
    from course_lib.figures import samples as pictures

    if options.n < 1 or (options.columns is not None and options.columns < 1):
        raise UsageError("-n and --columns count images: give at least 1.")
    method = recipes.load(options.of, weights=options.weights)
    samples = method.sample(method.latents(options.n, seeds.generator(options.seed, purpose="sample")))
    try:
        pictures.save(samples, options.out, options.columns)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"cannot write {options.out} ({error}): give --out a .png file in a folder that exists."
        ) from error
    print(options.out)


def run_evaluate(options: argparse.Namespace) -> None:
    from course_lib import data, recipes
    from course_lib.evaluation import report
    from course_lib.evaluation.table import table

    if options.samples < 1:
        raise UsageError("--samples counts samples: give at least 1.")
    method = recipes.load(options.of, device=_device(options.device))
    d = method.plan.settings["data"]
    dataset = data.open(options.data or d.data, resolution=d.resolution)
    numbers = report.measure(
        method,
        dataset,
        samples=options.samples,
        seed=options.seed,
        extractor=options.extractor,
        extrapolate=options.extrapolate,
    )
    print(table(numbers, str(options.of)))
    if options.json:
        from course_lib.files import write_atomic

        write_atomic(options.json, json.dumps(numbers, indent=2) + "\n")


def _device(name: str | None) -> Any:
    """The device of that name, or the best there is. Raises UsageError for one that this machine has not."""
    import torch

    from course_lib.training import device

    try:
        chosen = torch.device(name) if name else device.best()
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was compiled for GPUs
        raise UsageError(f"there is no device '{name}' on this machine: use cpu or cuda.") from error
    return chosen


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


def study_list(options: argparse.Namespace) -> None:
    from course_lib import studies

    for name, study in studies.STUDIES.items():
        print(f"{name:18} {study.question} ({len(study.variants)} variants of {study.recipe})")


def study_run(options: argparse.Namespace) -> None:
    from course_lib import studies

    made = studies.run(
        options.name, seeds=options.seeds, workers=options.workers, tier=options.tier, folder=options.out
    )
    for line in made:
        numbers = {k: v for k, v in line["measures"][-1].items() if isinstance(v, (int, float))}
        last = ", ".join(f"{k} {v:.4g}" for k, v in numbers.items())
        print(f"{line['variant']}, seed {line['seed']}: {last} ({line['minutes']} minutes)", flush=True)


def study_confirm(options: argparse.Namespace) -> None:
    from course_lib import studies

    for line in studies.confirm(options.name, folder=options.out):
        print(f"{line['variant']}, seed {line['seed']}: as recorded", flush=True)
    print(f"the record {options.name} stands: today's code gives its numbers")


def run_bench(options: argparse.Namespace) -> None:
    import importlib

    from course_lib import paths

    if not (paths.project() / "benchmarks" / "__init__.py").is_file():
        raise CourseError("the benchmarks are not part of the installed library: run this in a checkout.")
    sys.path.insert(0, str(paths.project()))
    benchmarks = importlib.import_module("benchmarks")
    print(benchmarks.run(options.names, options.out, device=options.device, quick=options.quick))


if __name__ == "__main__":
    sys.exit(main())
