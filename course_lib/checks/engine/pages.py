"""The page of the book that a master gives: statements as they are, hints and solutions closed until opened."""

import re
from typing import Any
from urllib.parse import unquote

from course_lib.checks.engine import cells as cell_text
from course_lib.checks.engine.catalogue import exercise_named
from course_lib.checks.engine.exercise import Exercise

_LINK = re.compile(r"\]\(\.\./book/([\w-]+\.ipynb)#(?:heading=)?([^)]+)\)")


def page(chapter: str, master: dict[str, Any]) -> str:
    """MyST Markdown. Cells tagged `notebook-only` are left out; checks are too, for nobody can run them there."""
    title, *cells = [
        cell for cell in master["cells"] if "notebook-only" not in cell["metadata"].get("tags", [])
    ]
    groups: list[tuple[str, list[dict[str, Any]]]] = []
    for cell in cells:
        name = cell_text.exercise_of(cell) or (groups[-1][0] if groups else "")
        if not groups or groups[-1][0] != name:
            groups.append((name, []))
        groups[-1][1].append(cell)
    taught = [exercise_named(name) for name, _ in groups if name]
    label = taught[0].prefix if taught else chapter
    # in the order of the pages, which is that of their names
    labels = [of for _, of in sorted({(one.page, one.label) for one in taught})] or [f"ch-{chapter}"]
    *first, last = [f"{{ref}}`{one}`" for one in labels]
    where = f"{', '.join(first)} and {last}" if first else last
    heading, _, opening = title["source"].partition("\n")
    parts = [
        f"(ex-{label})=\n{heading}\n{_linked(opening)}",
        f"These are the exercises of {where}. Do them in the notebook `exercises/{chapter}.ipynb` of the "
        f"project (`make lab` opens it; {{download}}`download it here <../../exercises/{chapter}.ipynb>`): there, "
        "each answer is checked as you write it. Hints and solutions below stay closed until you open them.",
    ]
    for name, group in groups:
        parts += _exercise(exercise_named(name), group) if name else [_plain(cell) for cell in group]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _exercise(exercise: Exercise, cells: list[dict[str, Any]]) -> list[str]:
    parts, solutions = [], []
    for cell in cells:
        role = cell_text.role(cell)
        if role == "answer":
            solutions.append(_code(cell_text.solution(cell)))
        elif role == "text":
            solutions.append(_linked(cell_text.solution(cell)))
        if role in ("", "answer"):
            parts.append(_plain(cell))
    names = ("First hint", "Second hint")
    parts += [_closed(name, hint) for name, hint in zip(names, exercise.hints, strict=False)]
    return [*parts, *([_closed("Solution", "\n\n".join(solutions))] if solutions else [])]


def _plain(cell: dict[str, Any]) -> str:
    source = cell_text.without_solution(cell)
    return _code(source) if cell["cell_type"] == "code" else _linked(source)


def _code(source: str) -> str:
    return f"```python\n{source.strip(chr(10))}\n```"


def _closed(name: str, content: str) -> str:
    return f"::::{{dropdown}} {name}\n{content.strip()}\n::::"


def _linked(source: str) -> str:
    """Links to a heading of a chapter, made for JupyterLab, as links between pages."""

    def turn(link: re.Match[str]) -> str:
        words = re.sub(r"\$[^$]*\$", "", unquote(link[2]))  # as MyST makes it, mathematics left out
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        return f"](../{link[1]}#{slug})"

    return _LINK.sub(turn, source)
