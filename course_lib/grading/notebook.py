"""A notebook's cells as Jupyter runs them: what IPython adds to Python, and which call of a check is the last."""

import ast
import asyncio
import functools
import inspect
import json
import os
import re
import sys
import time
import types
from collections.abc import Callable
from typing import Any

CHECKS = {"check", "require"}
# magics whose text is Python; whatever else a magic does is not done while grading
_OF_PYTHON = {"time", "timeit", "prun", "capture"}
_OPTIONS = re.compile(r"^(?:-[a-zA-Z]+(?:\s*\d+)?(?:\s+|$))*")


def code_cells(content: bytes) -> list[str]:
    """The text of each code cell. Raises ValueError where `content` is no notebook."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text ({error.reason})") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no cells, or is of a format older than 4")
    sources = []
    for cell in notebook["cells"]:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            sources.append("".join(map(str, source)) if isinstance(source, list) else str(source))
    return sources


@functools.cache
def _transformer() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def python(source: str) -> str:
    """A cell as Python, by IPython's own rules: magics, `!command` and `?help` become calls of `get_ipython()`."""
    # "-" a hundred thousand times makes a parser give up in many ways: that is this cell's trouble, when it is run
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        return _transformer().transform_cell(source)
    except Exception:
        return source


def checked_in(source: str) -> list[str]:
    """Names of the exercises that a cell, as Python, checks: calls in its syntax tree, whatever comments say."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and _name(call.func) in CHECKS
    ]


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def write_helpers(helpers: dict[str, str]) -> None:
    """Python files that lay beside the notebook, name -> text: here they lie beside it again."""
    sys.path.insert(0, os.getcwd())
    for name, text in helpers.items():
        with open(os.path.basename(name), "w", encoding="utf-8") as file:
            file.write(text)


def execute(source: str, name: str, namespace: dict[str, Any]) -> None:
    """Run a cell, as Python, in a namespace; `await` may stand at its top level."""
    code = compile(source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, namespace))
    else:
        exec(code, namespace)


class Lines(list):
    """What `x = !command` gives: the lines of its output, of which there are none."""

    n = s = ""


class Shell:
    """Stands for IPython's shell: runs the Python in magics once, and no command of the system."""

    def __init__(self, namespace: dict[str, Any]):
        self.user_ns = namespace

    def run_line_magic(self, name: str, line: str = "", *others: Any) -> Any:
        return self._timed(_OPTIONS.sub("", line)) if name in _OF_PYTHON else None

    def run_cell_magic(self, name: str, line: str = "", cell: str = "") -> Any:
        if name not in _OF_PYTHON:
            return None
        if name == "capture" and line.strip().isidentifier():
            self.user_ns[line.strip()] = types.SimpleNamespace(stdout="", stderr="", outputs=[], show=print)
        return self._timed(cell)

    def _timed(self, source: str) -> Any:
        began = time.perf_counter()
        execute(python(source.strip() + "\n"), "<magic>", self.user_ns)
        seconds = time.perf_counter() - began
        names = dict.fromkeys(("average", "best", "worst"), seconds)
        return types.SimpleNamespace(**names, stdev=0.0, all_runs=[seconds], loops=1, repeat=1)

    def getoutput(self, command: str, *options: Any, **named: Any) -> Lines:
        return Lines()

    def system(self, command: str) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: None
