"""What longer studies measured: JSON lines in `records/`, each with what it takes to judge and to remake it."""

import ast
import dataclasses
import functools
import hashlib
import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError

# What decides how a run is carried out, and changes more often than what it computes. Each says by a number of its own,
# NUMERICS, which results it gives; whoever changes a result raises it. The code of all other modules counts as it is.
ENGINE = (
    "course_lib.seeds",
    "course_lib.training.loop",
    "course_lib.training.ema",
    "course_lib.training.device",
    "course_lib.data.batches",
)
# what a recipe's code imports and what cannot change a number that it trains to
BESIDE = {
    "course_lib.errors",
    "course_lib.files",
    "course_lib.memory",
    "course_lib.notices",
    "course_lib.paths",
    "course_lib.ranks",
    "course_lib.settings",
    "course_lib.variables",
    "course_lib.data.images",
    "course_lib.data.spec",
}


@dataclass(frozen=True)
class Record:
    """The lines of one study.

    Each line: study, variant, recipe, changes, seed, measures (a list of rows, each with its step), hardware,
    minutes, date, and code, the fingerprint of what it ran, or (with the date `confirmed`) of later code that gives
    the same numbers.
    """

    name: str
    lines: tuple[dict[str, Any], ...]
    current_code: dict[str, str]  # fingerprint today, by recipe

    @property
    def variants(self) -> list[str]:
        """In the order of the file."""
        return list(dict.fromkeys(line["variant"] for line in self.lines))

    @property
    def minutes(self) -> float:
        """Wall time of all runs together."""
        return sum(line["minutes"] for line in self.lines)

    @property
    def stale(self) -> bool:
        """Whether the code has changed since some line was written."""
        return any(line["code"] != self.current_code[line["recipe"]] for line in self.lines)

    def series(self, variant: str, measure: str) -> tuple[list[int], list[list[float]]]:
        """Steps, and for each seed the values of one measure at these steps."""
        chosen = [line["measures"] for line in self.lines if line["variant"] == variant]
        steps = [row["step"] for row in chosen[0] if measure in row]
        return steps, [[row[measure] for row in rows if measure in row] for rows in chosen]

    def final(self, variant: str, measure: str) -> list[float]:
        """The last value of one measure, for each seed."""
        return [values[-1] for values in self.series(variant, measure)[1]]

    def notice(self) -> str:
        """One sentence for the page: when, where and how long; and, when the code has changed since, that it has."""
        hardware = self.lines[-1]["hardware"]
        threads = "1 thread" if hardware["threads"] == 1 else f"{hardware['threads']} threads"
        sentence = (
            f"Recorded {self.lines[-1]['date']} on {hardware['device']} ({threads} a run, torch "
            f"{hardware['torch']}) in {duration(self.minutes)} of training; remake it with "
            f"`course study run {self.name}`."
        )
        if self.stale:
            sentence += " **The code has changed since: these numbers are of the earlier version.**"
        return sentence


def duration(minutes: float) -> str:
    """A length of time as a reader wants to know it: "40 seconds", and "5 minutes" from two minutes on."""
    if minutes >= 2:
        return f"{minutes:.0f} minutes"
    seconds = round(60 * minutes)
    return "less than a second" if not seconds else f"{seconds} second{'s' * (seconds != 1)}"


def read(name: str, folder: Path | None = None) -> Record:
    """The record of a study, in `records/` or another folder.

    Raises CourseError when there is none or a line is damaged.
    """
    path = place(name, folder)
    if not path.exists():
        raise CourseError(
            f"there is no record of the study '{name}': make it with `course study run {name}`."
        )
    lines = tuple(read_lines(path))
    if not lines:
        raise CourseError(f"the record {path} is empty: make it with `course study run {name}`.")
    return Record(name, lines, {r: fingerprint(r) for r in {line["recipe"] for line in lines}})


def place(name: str, folder: Path | None = None) -> Path:
    """Where a record is read: in `folder`, or where new ones are written, or else among those that come with the
    course."""
    own = (folder or paths.own_records()) / f"{name}.jsonl"
    return own if folder or own.exists() else paths.records() / own.name


def read_lines(path: Path) -> Iterable[dict[str, Any]]:
    """Complete lines of a record. Raises CourseError for one that is no JSON."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise CourseError(
                f"line {number} of {path} is damaged: delete it and run the study again."
            ) from error


def fingerprint(recipe: str) -> str:
    """Hash of what a recipe's result depends on; comments, docstrings and layout do not count.

    The code of the modules in which its method and its networks stand, with what they import from this package; the
    numbers by which the loop, the batches, the averages and the device's precision say that their results are the same
    (`ENGINE`); and the recipe's own settings, as far as they differ from their classes' defaults, so that a new setting
    that nobody uses yet changes nothing. The same on every version of Python.
    """
    from course_lib import recipes

    described = recipes.find(recipe)
    plan = recipes.resolve(recipe, "book")
    settings = {group: _changed(values) for group, values in plan.settings.items()}
    pending = [described.method.__module__, described.networks.__module__]
    if plan.settings["data"].data.startswith("toy/"):
        pending.append("course_lib.data.toy")
    digest = hashlib.sha256(json.dumps([settings, dict(plan.pretrained)], sort_keys=True).encode())
    digest.update(json.dumps({module: numerics(module) for module in ENGINE}).encode())
    seen: set[Path] = set()
    while pending:
        module = pending.pop()
        file = _source(module)
        if file is None or file in seen or module in BESIDE or module in ENGINE:
            continue
        seen.add(file)
        pending += _imported(file.read_text("utf-8"), described.method.__module__.partition(".")[0])
    for file in sorted(seen):
        digest.update(code_of(file).encode())
    return digest.hexdigest()[:16]


def _changed(settings: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not as its class has them."""
    return {
        field.name: value
        for field in dataclasses.fields(settings)
        if (value := getattr(settings, field.name)) != field.default
    }


def numerics(module: str) -> int:
    """The number NUMERICS of a module of the engine, from its source."""
    file = _source(module)
    for node in ast.parse(file.read_text()).body if file else []:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "NUMERICS" for target in node.targets):
            return int(ast.literal_eval(node.value))
    raise LookupError(f"{module} says by no NUMERICS which results it gives")


def code_of(file: Path) -> str:
    """What a Python file computes, as text: its syntax tree without docstrings, comments and layout."""
    return _code_in(file.read_text("utf-8"))


# many recipes stand on the same files: each is taken apart once
@functools.cache
def _code_in(source: str) -> str:
    return _code(ast.parse(source))


@functools.cache
def _imported(source: str, own: str) -> tuple[str, ...]:
    """Modules of this package and of the package `own` that a source text imports, with the names in them, which may
    be modules too."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("course_lib", own):
            found += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def _source(module: str) -> Path | None:
    """The file of a module; None for a name inside one, and for packages' own `__init__`."""
    if not module.startswith("course_lib"):  # a lab's own, wherever Python finds it
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            return None
        return Path(spec.origin) if spec and spec.origin and not spec.submodule_search_locations else None
    file = paths.project().joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _code(node: Any) -> str:
    """A syntax tree as text, less docstrings, annotations and empty fields (each version of Python has others)."""
    if isinstance(node, list):
        return f"[{','.join(map(_code, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {
        name: value
        for name, value in ast.iter_fields(node)
        if value not in (None, []) and name not in ("annotation", "returns")
    }
    body = fields.get("body")
    if isinstance(body, list) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        fields["body"] = body[1:]
    return f"{type(node).__name__}({','.join(f'{name}={_code(value)}' for name, value in fields.items())})"
