"""`course train` and `course recipes`: the options of a recipe are made from its settings."""

import argparse
import dataclasses
import inspect
import re
import typing
from collections.abc import Sequence
from pathlib import Path

from course_lib.cli.parser import Commands


def add(commands: Commands, arguments: Sequence[str]) -> None:
    train = commands.command("train", run_train, "train a recipe; resumes --out when it holds that run")
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
    commands.command("recipes", run_recipes, "list the recipes")


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


def run_train(options: argparse.Namespace) -> None:
    from course_lib import recipes

    changes = {k.removeprefix("setting_"): v for k, v in vars(options).items() if k.startswith("setting_")}
    plan = recipes.resolve(options.recipe, options.tier, **changes)
    out = options.out or Path("runs") / options.recipe
    run = recipes.train(plan, out, device=options.device, quiet=options.quiet)
    print(
        f"{out}: {run.step:,} steps in {run.seconds / 60:.1f} minutes. Next: course sample {out}; course evaluate {out}"
    )


def run_recipes(options: argparse.Namespace) -> None:
    from course_lib import recipes

    for name, summary in recipes.RECIPES.summaries().items():
        print(f"{name:22} {summary}")
