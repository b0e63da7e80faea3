"""What a student's cells see of the notebook that they think they run in, and what their checks are given."""

import builtins
import contextlib
import io
import linecache
import sys
import types
from typing import Any

from course_lib.grading import notebook
from course_lib.grading.limits import Limits

MISSING = object()  # an answer that is not there


class TooMuchOutput(BaseException):
    """More is printed than anyone will read."""


class Counter(io.TextIOBase):
    """Standard output of a student's code: counted and thrown away."""

    def __init__(self, most: int):
        self.left = self.most = most

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise TooMuchOutput
        return len(text)

    def writable(self) -> bool:
        return True


class Student:
    """What a student's cells have made: `namespace`, a module `__main__` of their own, and what checks were given.

    A check only keeps what it is given: it is graded, not shown.
    """

    def __init__(self) -> None:
        from course_lib import checks

        self.cell = -1  # that is being run
        self._checked: dict[str, tuple[int, Any]] = {}  # exercise -> cell and answer of its latest check
        for name in checks.__all__:
            setattr(checks, name, self._keep if name in notebook.CHECKS else lambda *a, **k: None)
        module = types.ModuleType("__main__")
        self.namespace = module.__dict__
        shell = notebook.Shell(self.namespace)
        self.namespace.update(display=lambda *a, **k: None, get_ipython=lambda: shell, __builtins__=builtins)
        sys.modules["__main__"] = module

    def _keep(self, name: Any = "", answer: Any = ..., *others: Any, **named: Any) -> None:
        self._checked[str(name)] = (self.cell, answer)

    def answer(self, exercise: dict[str, Any]) -> Any:
        """What the check in this cell was given; where none was reached, what has the answer's name, or an earlier one.

        MISSING where there is nothing.
        """
        cell, answer = self._checked.get(exercise["name"], (None, MISSING))
        return answer if cell == self.cell else self.namespace.get(exercise["answer"], answer)

    def run(self, source: str, limits: Limits) -> str:
        """Run the next cell, as Python. Returns what stopped it, as a sentence; empty where nothing did."""
        number = self.cell + 1
        name = f"<cell {number}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        if "IPython" in source:  # `from IPython import get_ipython` finds the same
            with contextlib.suppress(ImportError):
                import IPython

                IPython.get_ipython = self.namespace["get_ipython"]
        output = Counter(limits.printed)
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                notebook.execute(source, name, self.namespace)
        except TooMuchOutput:
            return f"Cell {number} printed more than {limits.printed:,} characters and was stopped."
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's, too
            return f"Cell {number} stopped with {brief(error)}"
        finally:
            with contextlib.suppress(Exception):
                sys.modules["matplotlib.pyplot"].close("all")
        return ""


def brief(error: BaseException) -> str:
    """An error in a line, with the student's own line where it has one."""
    from course_lib.checks.engine.guard import own_line

    words = " ".join(str(error).split())[:300]
    where = own_line(error.__traceback__) if not isinstance(error, SyntaxError) else ""
    return f"{type(error).__name__}{where}{': ' + words if words else ''}."
