"""Chapter 0 on a machine without bfloat16 instructions: nothing is emulated, and the page says so."""

import json

import pytest
import torch
from training.products import Products

from course_lib.training import device as devices
from course_lib.training import speed

# the cells that look at the machine, and the one that loads the first network and draws with it
LOOK, DRAW = ("c003", "c005", "c005b", "c006"), ("c010",)


@pytest.fixture
def cells(project):
    book = json.loads((project / "book" / "00-how-to-use.ipynb").read_text(encoding="utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"}


def run(cells, names):
    """The variables after these cells, run one after the other."""
    space = {}
    for name in names:
        exec(compile(cells[name], name, "exec"), space)
    return space


def test_without_the_instructions_nothing_is_multiplied_in_bfloat16(cells, monkeypatch):
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: False)
    with Products() as seen:
        said = run(cells, LOOK + DRAW)["said"]
    assert seen.formats == {torch.float32}
    assert "emulated and is not timed" in said


def test_with_them_the_page_says_how_much_they_bring(cells, monkeypatch):
    monkeypatch.setattr(speed, "products", lambda device: {"fp32": 50.0, "bf16": 200.0})
    assert "4.0 times as many" in run(cells, LOOK)["said"]


def test_the_recorded_gain_is_that_of_the_benchmarks(cells, monkeypatch):
    monkeypatch.setattr(speed, "products", lambda device: {"fp32": 50.0})
    space = run(cells, LOOK)
    assert 2 < min(space["gains"]) <= max(space["gains"]) < 16
