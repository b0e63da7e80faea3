"""`course train` and `course recipes`: the options of a recipe are the fields of its settings, read by tyro."""

import argparse
import contextlib
import dataclasses
import io
import re
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_lib.cli.parser import Commands
from course_lib.errors import UsageError

TIERS = ("smoke", "book", "lab")


def add(commands: Commands) -> None:
    # what stands here shows without a recipe; with one, `options_of` reads the same words and the recipe's settings
    train = commands.command("train", run_train, "train a recipe; resumes --out when it holds that run")
    recipe = train.add_argument(
        "recipe", metavar="RECIPE", help="see `course recipes`; RECIPE --help shows settings"
    )
    recipe.completer = names
    train.add_argument("--tier", choices=TIERS, help="size (default: lab with a GPU, else book)")
    train.add_argument("--out", type=Path, metavar="DIR", help="run directory (default: runs/RECIPE)")
    train.add_argument("--device", metavar="NAME", help="cpu, cuda, ... (default: a GPU where there is one)")
    train.add_argument("--quiet", action="store_true", help="no progress")
    train.add_argument("settings", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    show = commands.command(
        "recipes", run_recipes, "list the recipes, or every setting of one in all its sizes"
    )
    show.add_argument("recipe", nargs="?", metavar="RECIPE", help="one of them").completer = names


def names(**of_argcomplete: Any) -> list[str]:
    """What a shell may complete RECIPE to."""
    from course_lib import recipes

    return list(recipes.RECIPES)


@dataclasses.dataclass(frozen=True)
class Invocation:
    """How the run is carried out, and where."""

    tier: typing.Literal["smoke", "book", "lab"] | None = None  # size; None: lab with a GPU, else book
    out: Path | None = None  # run directory; None: runs/RECIPE
    device: str | None = None  # cpu, cuda, cuda:1, ...; None: a GPU where there is one
    quiet: bool = False  # no progress
    # go on with a run though its pictures are not those that it began with (what a method has learnt of single images,
    # as GLO does, then belongs to others)
    data_changed: bool = False


def named_recipe(words: Sequence[str]) -> str | None:
    """The recipe among the words after `train`: options and their values may come first."""
    from course_lib import recipes

    plain = [word for word in words if not word.startswith("-")]
    names = set(recipes.RECIPES) if plain else set()
    return next((word for word in plain if word in names), plain[0] if plain else None)


def run(words: Sequence[str]) -> None:
    """Carry out `course train WORDS`, of which one is a recipe. Raises UsageError for what cannot be meant."""
    from course_lib import recipes

    name = named_recipe(words)
    recipe = recipes.find(name)
    rest = list(words)
    rest.remove(name)
    invocation, plan = options_of(name, recipe, rest)
    out = invocation.out or Path("runs") / name
    done = recipes.train(
        plan, out, device=invocation.device, quiet=invocation.quiet, data_changed=invocation.data_changed
    )
    print(
        f"{out}: {done.step:,} steps in {done.seconds / 60:.1f} minutes. Next: course sample {out}; course evaluate "
        f"{out}"
    )


def options_of(name: str, recipe: Any, words: Sequence[str]) -> tuple[Invocation, Any]:
    """What the words after a recipe's name say: how to carry it out, and the plan with every setting decided."""
    import tyro

    from course_lib import recipes

    plan = recipes.resolve(name, _tier(words))
    classes = recipes.groups(recipe)
    spread = tyro.conf.OmitArgPrefixes  # --steps, and not --data.steps
    fields: list[Any] = [("invocation", Invocation, dataclasses.field(default=Invocation()))]
    for group, cls in classes.items():
        fields.append((group, cls, dataclasses.field(default=plan.settings[group])))
    settings = dataclasses.make_dataclass("settings", fields)
    settings.__doc__ = f"{recipe.summary[0].upper()}{recipe.summary[1:]}."
    with sentences():
        chosen = tyro.cli(
            settings, prog=f"course train {name}", args=split_tuples(words, classes), config=(spread,)
        )
    decided = {group: getattr(chosen, group) for group in classes}
    return chosen.invocation, dataclasses.replace(plan, settings=decided)


def _tier(words: Sequence[str]) -> str | None:
    """The size that the words ask for, needed before the defaults can be shown."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--tier")
    with contextlib.suppress(argparse.ArgumentError):
        tier = parser.parse_known_args(list(words))[0].tier
        return tier if tier in TIERS else None
    return None


def split_tuples(words: Sequence[str], classes: dict[str, type]) -> list[str]:
    """`--stages 4,8,8` as tyro reads it, `--stages 4 8 8`, for settings that are tuples."""
    tuples = {
        f"--{name.replace('_', '-')}"
        for cls in classes.values()
        for name, kind in typing.get_type_hints(cls).items()
        if typing.get_origin(kind) is tuple
    }
    split: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        split += word.split(",") if before in tuples else [word]
    return split


@contextlib.contextmanager
def sentences() -> typing.Iterator[None]:
    """What tyro says in a box before it ends the program, as a UsageError of one sentence."""
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            yield
    except SystemExit as end:
        if not end.code:  # --help, or a completion
            raise
        raise UsageError(sentence(box.getvalue())) from None


def sentence(box: str) -> str:
    """The first part of a message of tyro's, and the names that it proposes instead."""
    lines = [line.strip("│ ") for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    parts = re.split(r"\n─+\n", "\n".join(lines))
    said = " ".join(parts[0].split()).rstrip(".")
    near = re.findall(r"^(--[\w-]+)", parts[1], re.MULTILINE) if "Perhaps you meant" in box else []
    see = re.search(r"course train \S+ --help", box)
    return f"{said[:1].lower()}{said[1:]}{': did you mean ' + ' or '.join(near) if near else ''}; see `{see[0]}`."


def run_train(options: argparse.Namespace) -> None:
    raise UsageError("RECIPE is missing: `course recipes` lists them.")


def run_recipes(options: argparse.Namespace) -> None:
    from course_lib import recipes

    if options.recipe:
        print(table(options.recipe))
        return
    for name, summary in recipes.RECIPES.summaries().items():
        print(f"{name:22} {summary}")


def table(name: str) -> str:
    """Every setting of a recipe in every size, a line each; `*` marks what the recipe changes of its class."""
    from course_lib import recipes

    recipe = recipes.find(name)
    plans = [recipes.resolve(name, tier) for tier in TIERS]
    rows = [("", *TIERS)]
    for group, cls in recipes.groups(recipe).items():
        rows.append((f"{group}: {cls.__name__} ({cls.__module__})", *[""] * len(TIERS)))
        for field in dataclasses.fields(cls):
            values = [getattr(plan.settings[group], field.name) for plan in plans]
            shown = [f"{value}{'' if value == field.default else ' *'}" for value in values]
            rows.append((f"  {field.name}", *shown))
    rows += [(f"pretrained {role}", *[run] * len(TIERS)) for role, run in recipe.pretrained.items()]
    # a line about a group may be as long as it likes
    width = max(len(first) for first, *rest in rows if any(rest))
    widths = [max(len(row[i]) for row in rows) for i in range(1, len(TIERS) + 1)]
    lines = [
        " ".join(
            [row[0].ljust(width), *(v.rjust(w + 2) for v, w in zip(row[1:], widths, strict=True))]
        ).rstrip()
        for row in rows
    ]
    return "\n".join([f"{name}: {recipe.summary}", *lines])
