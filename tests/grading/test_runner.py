"""Cells as they are run: what only IPython understands, and what is no notebook."""

import json

import pytest

from course_lib.grading import runner
from course_lib.grading.clock import Clock


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("x = 10 % 3\nprint(f'{x!r}')", "x = 10 % 3\nprint(f'{x!r}')"),
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls -l\n    y = 1", "if True:\n    pass\n    y = 1"),
        ("torch.sum?\n?torch", "pass\npass"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%bash\nrm -rf /", "pass\npass\n"),
        ("def f(:\n    pass", "def f(:\n    pass"),
        ("-" * 200_000 + "1", "-" * 200_000 + "1"),
    ],
)
def test_magic_becomes_pass(cell, plain):
    assert runner.plain(cell) == plain


def test_only_code_cells_are_taken_whatever_their_form():
    cells = [{"cell_type": "code", "source": ["a\n", "b"]}, {"cell_type": "markdown", "source": "c"}, 3, None]
    assert runner.code_cells(json.dumps({"cells": [*cells, {"cell_type": "code"}]}).encode()) == ["a\nb", ""]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}", b'{"cells": 1}', b'{"worksheets": []}'])
def test_what_is_no_notebook_is_said(content):
    with pytest.raises(ValueError):
        runner.code_cells(content)


def test_a_machine_that_sleeps_costs_nobody_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Clock(longest=0.2)
    for passed in (0.1, 1000.0, 0.1):
        now[0] += passed
        clock.look()
    assert clock.seconds == pytest.approx(0.4)
    now[0] += 0.1
    assert clock.look(used=0.01, busy=True) == pytest.approx(0.41)  # it waited for a core
    now[0] += 0.1
    assert clock.look(used=0.01, busy=False) == pytest.approx(0.51)  # it sleeps of its own will
