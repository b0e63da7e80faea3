"""Cells as Jupyter runs them, calls of checks, and what is no notebook."""

import json

import pytest

from course_lib.grading import notebook


def run(*cells):
    namespace = {}
    namespace["get_ipython"] = lambda: shell
    shell = notebook.Shell(namespace)
    for cell in cells:
        notebook.execute(notebook.python(cell), "<cell>", namespace)
    return namespace


@pytest.mark.parametrize(
    "cell",
    [
        "x = 10 % 3",
        "x = !ls\nx = len(x) + 1",
        "t = %timeit -n 10 -o 1 + 1\nx = int(t.best < 1)",
        "%timeit -n2 -r 3 x = 1",
        "!pip install \\\n    torch\nx = 1",
        "import asyncio\nawait asyncio.sleep(0)\nx = 1",
        "%matplotlib inline\nx = 1",
        "if True:\n    !ls -l\n    x = 1",
        "import math\nmath.pi?\n?math\nx = 1",
        "%%time\nx = 1",
        "%%capture said\nx = 1 if 2 > 1 else said.stdout",
        "%%timeit\nx = 1",
        "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
        "get_ipython().ast_node_interactivity = 'all'\nx = 1",
        "async def f():\n    return 1\nx = await f()",
        "%time x = 1",
    ],
)
def test_what_ipython_adds_to_python_is_run(cell):
    assert run(cell)["x"] == 1


@pytest.mark.parametrize(
    "cell", ["%%sql\nselect x", "%%bash\nrm -rf /", "%%writefile y.py\nx = 1", "!rm -rf /"]
)
def test_other_languages_and_the_system_are_left_alone(cell):
    assert "x" not in run(cell)


@pytest.mark.parametrize("cell", ["def f(:\n    pass", "x = \0", "-" * 200_000 + "1"])
def test_what_no_parser_takes_is_the_cells_own_trouble(cell):
    assert notebook.checked_in(notebook.python(cell)) == []


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('check("game-value", value_on_grid)', ["game-value"]),
        ("check('a', 1)\nchecks.check('b', 2)\nrequire('c', 3)", ["a", "b", "c"]),
        ('# check("game-value", x) says no\nx = 1', []),
        ("print('check(\"game-value\", x)')", []),
        ("if ready:\n    check('a', f)", ["a"]),
        ("hint('a'); check(name, f); check()", []),
        ("def f(:", []),
    ],
)
def test_calls_of_checks_are_found_in_the_syntax(cell, names):
    assert notebook.checked_in(cell) == names


def test_only_code_cells_are_taken_whatever_their_form():
    cells = [{"cell_type": "code", "source": ["a\n", "b"]}, {"cell_type": "markdown", "source": "c"}, 3, None]
    content = json.dumps({"cells": [*cells, {"cell_type": "code"}]})
    assert notebook.code_cells(content.encode()) == ["a\nb", ""]
    assert notebook.code_cells(content.encode("utf-8-sig")) == ["a\nb", ""], "a byte order mark in front"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}", b'{"cells": 1}', b'{"worksheets": []}'])
def test_what_is_no_notebook_is_said(content):
    with pytest.raises(ValueError):
        notebook.code_cells(content)
