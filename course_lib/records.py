"""What longer studies measured: JSON lines in `records/`, each with what it takes to judge and to remake it."""

import ast
import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError

# what says and saves, or acts only where an environment variable asks: in a recorded run it changes no number
BOOKKEEPING = {
    f"course_lib.{name}"
    for name in ("errors", "files", "paths", "variables", "training.checkpoint", "training.log")
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
            f"{hardware['torch']}) in {self.minutes:.0f} minutes of training; remake it with "
            f"`course study run {self.name}`."
        )
        if self.stale:
            sentence += " **The code has changed since: these numbers are of the earlier version.**"
        return sentence


def read(name: str, folder: Path | None = None) -> Record:
    """The record of a study, in `records/` or another folder.

    Raises CourseError when there is none or a line is damaged.
    """
    path = (folder or paths.records()) / f"{name}.jsonl"
    if not path.exists():
        raise CourseError(
            f"there is no record of the study '{name}': make it with `course study run {name}`."
        )
    lines = tuple(read_lines(path))
    if not lines:
        raise CourseError(f"the record {path} is empty: make it with `course study run {name}`.")
    return Record(name, lines, {r: fingerprint(r) for r in {line["recipe"] for line in lines}})


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
    """Hash of the code that a recipe's result depends on; comments, docstrings and layout do not count.

    The code is that of the recipe's method, networks, loop and batches, with what they import from this package
    (less what only says and saves), and the recipe's own settings. The same on every version of Python.
    """
    from course_lib import recipes
    from course_lib.builders import METHODS, NETWORKS

    found = recipes.find(recipe)
    pending = [METHODS[found.method].module, *NETWORKS[found.networks].modules]
    pending += ["course_lib.training.loop", "course_lib.data.batches"]
    plan = recipes.settle(recipe, "book").to_json()
    digest, seen = hashlib.sha256(json.dumps(plan).encode()), set()
    while pending:
        module = pending.pop()
        file = _source(module)
        if file is None or file in seen or module in BOOKKEEPING:
            continue
        seen.add(file)
        pending += _imported(file.read_text("utf-8"))
    for file in sorted(seen):
        digest.update(code_of(file).encode())
    return digest.hexdigest()[:16]


def code_of(file: Path) -> str:
    """What a Python file computes, as text: its syntax tree without docstrings, comments and layout."""
    return _code_in(file.read_text("utf-8"))


# many recipes stand on the same files: each is taken apart once
@functools.cache
def _code_in(source: str) -> str:
    return _code(ast.parse(source))


@functools.cache
def _imported(source: str) -> tuple[str, ...]:
    """Modules of this package that a source text imports, with the names in them, which may be modules too."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def _source(module: str) -> Path | None:
    """The file of a module of this package; None for a name inside one, and for packages' own `__init__`."""
    file = paths.project().joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _code(node: Any) -> str:
    """A syntax tree as text, less docstrings and empty fields (of which each version of Python has others).

    What refers to `course_lib.variables` is left out too: without those variables it does nothing.
    """
    if isinstance(node, list):
        return f"[{','.join(map(_code, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: _less_variables(name, value) for name, value in ast.iter_fields(node)}
    fields = {name: value for name, value in fields.items() if value not in (None, [])}
    body = fields.get("body")
    if isinstance(body, list) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        fields["body"] = body[1:]
    return f"{type(node).__name__}({','.join(f'{name}={_code(value)}' for name, value in fields.items())})"


def _less_variables(name: str, field: Any) -> Any:
    """A field of a syntax tree without imports of `course_lib.variables` and without its decorators."""
    if name == "decorator_list":
        return [node for node in field if not ast.unparse(node).startswith("variables.")]
    if name != "body" or not isinstance(field, list):
        return field
    kept = []
    for node in field:
        if isinstance(node, ast.ImportFrom) and node.module == "course_lib":
            names = [alias for alias in node.names if alias.name != "variables"]
            node = ast.ImportFrom(node.module, names, node.level) if names else None
        kept += [node] if node else []
    return kept
