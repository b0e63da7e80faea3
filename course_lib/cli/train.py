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
    train.add_argument(
        "--from", metavar="RUN", help="begin with the weights of a run or a zoo entry: fine-tuning"
    )
    train.add_argument(
        "--recipe",
        metavar="FILE.py",
        help="a file with recipes of your own (RECIPE may be left out if it has one)",
    )
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
    # begin with the weights of another run, or of a zoo entry: fine-tuning
    start: "typing.Annotated[str | None, _called('from')]" = None  # read when tyro is there
    # go on with a run though its pictures are not those that it began with (what a method has learnt of single images,
    # as GLO does, then belongs to others)
    data_changed: bool = False
    # compute the batch in as many parts as the memory of the device asks for: the same steps
    auto_batch: bool = False


def _called(name: str) -> Any:
    """What tells tyro an option's name, where Python keeps it for itself."""
    import tyro

    return tyro.conf.arg(name=name)


def named_recipe(words: Sequence[str]) -> str | None:
    """The recipe among the words after `train`: options and their values may come first."""
    from course_lib import recipes

    plain = [word for word in words if not word.startswith("-")]
    names = set(recipes.RECIPES) if plain else set()
    return next((word for word in plain if word in names), plain[0] if plain else None)


def run(words: Sequence[str]) -> None:
    """Carry out `course train WORDS`, of which one is a recipe. Raises UsageError for what cannot be meant."""
    from course_lib import data, recipes
    from course_lib.training import device as devices
    from course_lib.training.distributed import process_group

    name = named_recipe(words)
    recipe = recipes.find(name)
    rest = list(words)
    rest.remove(name)
    with process_group() as here:
        invocation, plan = options_of(name, recipe, rest)
        plan = dataclasses.replace(plan, start=invocation.start or "")
        out = invocation.out or Path("runs") / name
        quiet = invocation.quiet or not here.first
        if not quiet:
            say_of_folders(plan)
        with contextlib.nullcontext() if quiet else data.without_report():
            done = recipes.train(
                plan,
                out,
                device=devices.named(invocation.device),
                quiet=quiet,
                data_changed=invocation.data_changed,
                auto_batch=invocation.auto_batch,
            )
    if here.first:
        print(
            f"{out}: {done.step:,} steps in {done.seconds / 60:.1f} minutes. Next: course sample {out}; course "
            f"evaluate {out}"
        )


def say_of_folders(plan: Any) -> None:
    """What of folders or zips of one's own is trained on, and what is left out."""
    from course_lib import data, notices

    d = plan.settings["data"]
    for name in dict.fromkeys(name for name in (d.data, d.target) if name):
        for sentence in data.remarks(name, "train"):
            notices.say(sentence)


def options_of(name: str, recipe: Any, words: Sequence[str]) -> tuple[Invocation, Any]:
    """What the words after a recipe's name say: how to carry it out, and the plan with every setting decided."""
    import tyro

    from course_lib import recipes

    plan = recipes.resolve(name, _tier(words))
    classes = recipes.groups(recipe)
    spread = tyro.conf.OmitArgPrefixes  # --steps, and not --data.steps
    fields: list[Any] = [("invocation", Invocation, dataclasses.field(default=Invocation()))]
    shared = _shared({"invocation": Invocation, **classes})
    for group, cls in classes.items():
        # a name that two groups share means the same in both: it is an option once
        asked = _without(cls, plan.settings[group], shared[group]) if shared[group] else plan.settings[group]
        fields.append((group, type(asked), dataclasses.field(default=asked)))
    settings = dataclasses.make_dataclass("settings", fields)
    settings.__doc__ = f"{recipe.summary[0].upper()}{recipe.summary[1:]}."
    with sentences():
        chosen = tyro.cli(
            settings, prog=f"course train {name}", args=split_tuples(words, classes), config=(spread,)
        )
    decided: dict[str, Any] = {}
    for group, cls in classes.items():
        values = {f.name: getattr(getattr(chosen, group), f.name) for f in dataclasses.fields(cls)}
        values |= {name: getattr(decided[first], name) for name, first in shared[group].items()}
        decided[group] = cls(**values)
    return chosen.invocation, dataclasses.replace(plan, settings=decided)


def _shared(classes: dict[str, type]) -> dict[str, dict[str, str]]:
    """Group -> the names of settings that an earlier group has too -> that group.

    Raises UsageError when two settings of one name are of different types: then they cannot mean the same.
    """
    first: dict[str, str] = {}
    shared: dict[str, dict[str, str]] = {group: {} for group in classes}
    hints = {group: typing.get_type_hints(cls) for group, cls in classes.items()}
    for group, cls in classes.items():
        for field in dataclasses.fields(cls):
            before = first.setdefault(field.name, group)
            if before == group:
                continue
            if before == "invocation" or hints[before][field.name] != hints[group][field.name]:
                raise UsageError(
                    f"{cls.__name__} has a setting '{field.name}', and so has {classes[before].__name__}, of another "
                    f"kind: rename yours."
                )
            shared[group][field.name] = before
    return shared


def _without(cls: type, settings: Any, names: Any) -> Any:
    """Settings of a class of which some are no options."""
    import tyro

    hints = typing.get_type_hints(cls, include_extras=True)
    fields = [
        (
            name,
            tyro.conf.Suppress[tyro.conf.Fixed[hints[name]]],
            dataclasses.field(default=getattr(settings, name)),
        )
        for name in names
    ]
    made = dataclasses.make_dataclass(cls.__name__, fields, bases=(cls,), frozen=True)
    return made(**{f.name: getattr(settings, f.name) for f in dataclasses.fields(cls)})


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
    roles = dict.fromkeys(role for plan in plans for role in plan.pretrained)
    rows += [(f"pretrained {role}", *(plan.pretrained.get(role, "") for plan in plans)) for role in roles]
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
