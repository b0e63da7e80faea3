"""What longer studies measured: JSON lines in `records/`, each with what it takes to judge and to remake it."""

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError


@dataclass(frozen=True)
class Record:
    """The lines of one study.

    Each line: study, variant, recipe, changes, seed, measures (a list of rows, each with its step), hardware,
    minutes, date, and code, the fingerprint of what it ran.
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
        sentence = (
            f"Recorded {self.lines[-1]['date']} on {hardware['device']} ({hardware['threads']} threads, torch "
            f"{hardware['torch']}) in {self.minutes:.0f} minutes; remake it with `course study run {self.name}`."
        )
        if self.stale:
            sentence += " **The code has changed since: these numbers are of the earlier version.**"
        return sentence


def read(name: str) -> Record:
    """The record of a study. Raises CourseError when there is none or a line is damaged."""
    path = paths.records() / f"{name}.jsonl"
    if not path.exists():
        raise CourseError(
            f"there is no record of the study '{name}': make it with `course study run {name}`."
        )
    lines = tuple(read_lines(path))
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

    The code is that of the recipe's method, networks, loop and batches, with what they import from this package.
    """
    from course_lib import recipes

    classes = recipes.groups(recipes.find(recipe))
    roots = [classes["method"].__module__, f"course_lib.networks.{recipes.find(recipe).networks}"]
    pending = [*roots, "course_lib.training.loop", "course_lib.data.batches"]
    digest, seen = hashlib.sha256(), set()
    while pending:
        file = _source(pending.pop())
        if file is None or file in seen:
            continue
        seen.add(file)
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
                pending += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for file in sorted(seen):
        digest.update(_without_prose(ast.parse(file.read_text())).encode())
    return digest.hexdigest()[:16]


def _source(module: str) -> Path | None:
    """The file of a module of this package; None for a name inside one, and for packages' own `__init__`."""
    file = paths.project().joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _without_prose(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body.pop(0)
    return ast.dump(tree)
