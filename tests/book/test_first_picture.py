"""In every chapter the first picture stands before any code that a reader sees."""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path for path in (PROJECT / "book").glob("[0-9]*.ipynb"))
NOT_SEEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
# what the chapters draw with; a cell that merely defines something is silent whatever it mentions
DRAWS = re.compile(
    r"^(figure\b|fig\b|images\.|widgets\.|plt\.|ax\w*\.|game\.|lab\b|.*\bplt\.(figure|subplots)\()", re.M
)


def code_before_the_picture(notebook: dict) -> list[str]:
    """The cells whose code is seen before the first cell that draws. Raises ValueError where nothing is drawn."""
    seen = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        tags, source = set(cell["metadata"].get("tags", [])), "".join(cell["source"])
        hidden = bool(NOT_SEEN & tags)
        if DRAWS.search(source) and not {"hide-cell", "remove-cell", "remove-output"} & tags:
            return seen if hidden else [*seen, cell["id"]]
        if not hidden:
            seen.append(cell["id"])
    raise ValueError("no cell draws")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_visible_code_stands_before_the_first_picture(path):
    assert code_before_the_picture(json.loads(path.read_text("utf-8"))) == []


def test_visible_code_before_a_picture_is_found():
    def cell(name, source, *tags):
        return {"id": name, "cell_type": "code", "metadata": {"tags": list(tags)}, "source": [source]}

    drawing = cell("c", "images.rows(x);", "hide-input")
    assert code_before_the_picture({"cells": [cell("a", "x = 1"), drawing]}) == ["a"]
    assert code_before_the_picture({"cells": [cell("a", "x = 1", "hide-input"), drawing]}) == []
    assert code_before_the_picture({"cells": [cell("a", "images.rows(x);")]}) == ["a"]
    with pytest.raises(ValueError):
        code_before_the_picture({"cells": [cell("a", "x = 1")]})
