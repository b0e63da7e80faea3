"""Masters, the only source of the exercises, and the starters that are made of them.

A master is a source notebook in nbgrader's format (schema 3): the answer stands between `### BEGIN SOLUTION` and
`### END SOLUTION`, what a grader runs in secret between `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS`.
"""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_lib import files, paths
from course_lib.checks.engine import cells as cell_text
from course_lib.checks.engine import pages, statements
from course_lib.checks.engine.catalogue import of_chapter
from course_lib.errors import CourseError, UsageError


def folder() -> Path:
    return paths.exercises()


def chapters(chosen: Sequence[str] = ()) -> list[str]:
    """The chapters that have a master, or those of them that are `chosen`. Raises UsageError for one that has none."""
    known = sorted(path.stem for path in (folder() / "masters").glob("*.ipynb"))
    if not known:
        raise CourseError("there are no masters in exercises/masters: run this in a checkout of the course.")
    for name in chosen:
        if name not in known:
            raise UsageError(f"No master is called '{name}': choose from {', '.join(known)}.")
    return list(chosen) or known


def read(chapter: str) -> dict[str, Any]:
    """The master of a chapter; the text of each cell is one string, `cell["source"]`."""
    notebook = json.loads((folder() / "masters" / f"{chapter}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def starter(master: dict[str, Any]) -> dict[str, Any]:
    """The notebook that students get: answers and hidden tests cut, no outputs."""
    notebook = copy.deepcopy(master)
    for cell in notebook["cells"]:
        cell["source"] = cell_text.without_solution(cell)
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return notebook


def text(notebook: dict[str, Any]) -> str:
    """A notebook as it lies on the disk: lines as lists, one space of indentation, like Jupyter's own."""
    on_disk = copy.deepcopy(notebook)
    for cell in on_disk["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    return json.dumps(on_disk, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def problems(chapter: str) -> list[str]:
    """What is wrong with a master, each as a sentence: what it says must agree with the list of exercises."""
    master, wrong = read(chapter), []
    exercises = of_chapter(chapter)
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in master["cells"]}
    for number, exercise in enumerate(exercises, 1):
        statement = cells.get(f"{exercise.name}-statement", {"source": ""})
        if not statement["source"].startswith(statements.header(exercise, number) + "\n"):
            wrong.append(
                f"{chapter}: the statement of {exercise.name} must begin with its header, number {number}."
            )
        for suffix, points, needed in (
            ("-check", exercise.points, exercise.checker is not None),
            ("-text", exercise.written, exercise.written > 0),
        ):
            cell = cells.get(exercise.name + suffix)
            if (cell is not None) != needed:
                wrong.append(
                    f"{chapter}: {exercise.name}{suffix} is {'missing' if needed else 'there for nothing'}."
                )
            elif cell and cell["metadata"]["nbgrader"].get("points") != points:
                wrong.append(f"{chapter}: {exercise.name}{suffix} must carry {points} points.")
        if exercise.checker is not None:
            call = f'check("{exercise.name}", {exercise.answer})'
            if call not in cells.get(f"{exercise.name}-check", {"source": ""})["source"]:
                wrong.append(f"{chapter}: the check cell of {exercise.name} must call {call}.")
            answer = cells.get(exercise.name)
            if answer is None or not cell_text.has_solution(answer):
                wrong.append(f"{chapter}: {exercise.name} has no answer cell with a solution.")
    for cell in master["cells"]:
        if cell["cell_type"] == "code" and cell_text.role(cell) != "answer" and cell_text.has_solution(cell):
            wrong.append(
                f"{chapter}: the solution in cell {cell['id']} stands in a cell that is not an answer's."
            )
    return wrong


def products(chapter: str) -> dict[Path, str]:
    """The files that a master gives, with their contents. Raises CourseError where the master is wrong."""
    wrong = problems(chapter)
    if wrong:
        raise CourseError(" ".join(wrong))
    master = read(chapter)
    return {
        folder() / f"{chapter}.ipynb": text(starter(master)),
        paths.project() / "book" / "exercises" / f"{chapter}.md": pages.page(chapter, master),
    }


def build(chosen: Sequence[str] = ()) -> list[Path]:
    """Write starters and pages; returns those that changed. Raises CourseError outside of a checkout."""
    paths.checkout("making starters and pages of the masters")
    changed = []
    for chapter in chapters(chosen):
        for path, content in products(chapter).items():
            if not path.exists() or path.read_text("utf-8") != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write_atomic(path, content)
                changed.append(path)
    return changed


def check(chosen: Sequence[str] = ()) -> list[str]:
    """A sentence for each file that is missing or is not what its master gives. Raises CourseError outside of a
    checkout."""
    paths.checkout("comparing starters and pages with the masters")
    wrong = []
    for chapter in chapters(chosen):
        for path, content in products(chapter).items():
            name = path.relative_to(paths.project())
            if not path.exists():
                wrong.append(f"{name} is missing")
            elif path.read_text("utf-8") != content:
                wrong.append(f"{name} is not what the master gives")
    return wrong
