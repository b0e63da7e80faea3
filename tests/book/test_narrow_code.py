"""Code that a reader of the book or of the exercises sees is at most 72 columns wide: a phone shows it whole."""

import json
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
COLUMNS = 72
NOT_SEEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
FOLDERS = ("book", "exercises", "exercises/masters")
NOTEBOOKS = sorted(path for folder in FOLDERS for path in (PROJECT / folder).glob("*.ipynb"))


def wide_lines(notebook: dict) -> list[str]:
    """Each line of visible code that is too wide, with the id of its cell."""
    return [
        f"{cell['id']}: {line}"
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not NOT_SEEN & set(cell["metadata"].get("tags", []))
        for line in "".join(cell["source"]).splitlines()
        if len(line) > COLUMNS
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_visible_code_is_narrow(path):
    assert wide_lines(json.loads(path.read_text("utf-8"))) == []


def test_a_wide_line_is_seen_where_it_is_shown():
    wide = ["x = 1\n", "y" * (COLUMNS + 1)]
    cells = [
        {"id": name, "cell_type": kind, "metadata": {"tags": tags}, "source": wide}
        for name, kind, tags in (("a", "code", []), ("b", "code", ["hide-input"]), ("c", "markdown", []))
    ]
    assert wide_lines({"cells": cells}) == [f"a: {wide[1]}"]
