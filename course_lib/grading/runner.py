"""The process in which a student's code runs: cell after cell in one namespace, each answer recorded in a child.

It tells the supervisor, in short lines, what it is about to do, so that the supervisor knows what to blame when it
never comes back. Nothing it says is believed about the worth of an answer: that is judged elsewhere, from the
recording.
"""

import builtins
import contextlib
import io
import json
import linecache
import os
import signal
import sys
import time
import types
from dataclasses import asdict, dataclass, field
from typing import Any

from course_lib.grading import limits as limiting
from course_lib.grading import notebook
from course_lib.grading.limits import Limits

MISSING = object()  # an answer that is not there
LINE = 4000  # bytes of one line to the supervisor: a pipe takes so much in one piece


@dataclass(frozen=True)
class Task:
    """What is to be done with one notebook."""

    exercises: list[dict[str, Any]]  # name, answer, seconds, seed
    limits: Limits
    folder: str  # where recordings go
    skip: dict[int, str] = field(default_factory=dict)  # cells that must not be run again -> why
    done: list[str] = field(default_factory=list)  # exercises that have their result
    helpers: dict[str, str] = field(
        default_factory=dict
    )  # name -> text of the Python files beside the notebook


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
        with contextlib.suppress(ImportError):  # `from IPython import get_ipython` finds the same
            import IPython

            IPython.get_ipython = self.namespace["get_ipython"]
        sys.modules["__main__"] = module

    def _keep(self, name: Any = "", answer: Any = ..., *others: Any, **named: Any) -> None:
        self._checked[str(name)] = (self.cell, answer)

    def answer(self, exercise: dict[str, Any]) -> Any:
        """What the check in this cell was given; where none was reached, what has the answer's name, or an earlier one.

        MISSING where there is nothing.
        """
        cell, answer = self._checked.get(exercise["name"], (None, MISSING))
        return answer if cell == self.cell else self.namespace.get(exercise["answer"], answer)


def say(channel: int, **line: Any) -> None:
    """One line to the supervisor, whole or not at all, whoever else writes at the same time."""
    text = json.dumps(line)
    if len(text) >= LINE:
        text = json.dumps({k: v[:500] if isinstance(v, str) else v for k, v in line.items()})
    os.write(channel, text.encode() + b"\n")


def run(content: bytes, task: Task, channel: int) -> None:
    """Run the notebook `content` and record the answers of `task`. Returns when all that can be is done."""
    try:
        cells = [notebook.python(source) for source in notebook.code_cells(content)]
    except (ValueError, RecursionError, MemoryError) as error:
        say(channel, unreadable=f"The file is not a notebook: {str(error)[:300]}.")
        return
    by_name = {e["name"]: e for e in task.exercises}
    waiting = [e for e in by_name if e not in task.done]
    _write_helpers(task.helpers)
    student = Student()
    last = {name: number for number, source in enumerate(cells) for name in notebook.checked_in(source)}
    troubles: list[tuple[int, str]] = []  # cell, what stopped it: since the last check
    for number, source in enumerate(cells):
        if not waiting:
            break
        student.cell = number
        if number in task.skip:
            troubles.append((number, task.skip[number]))
        else:
            say(channel, cell=number)
            trouble = _run_cell(source, number, student.namespace, task.limits)
            if trouble:
                troubles.append((number, trouble))
        here = [name for name in by_name if last.get(name) == number]
        for name in here:
            if name in waiting:
                waiting.remove(name)
                _grade(by_name[name], student.answer(by_name[name]), troubles, task, channel)
        if here:
            troubles = []
    student.cell = -1
    for name in waiting:  # its check is not there, or not to be seen: the answer may be
        _grade(by_name[name], student.answer(by_name[name]), troubles, task, channel)
    say(channel, end=True)


def _write_helpers(helpers: dict[str, str]) -> None:
    """Python files that lay beside the notebook: here they lie beside it again."""
    sys.path.insert(0, os.getcwd())
    for name, text in helpers.items():
        with open(os.path.basename(name), "w", encoding="utf-8") as file:
            file.write(text)


def _run_cell(source: str, number: int, namespace: dict[str, Any], limits: Limits) -> str:
    """Run one cell. Returns what stopped it, as a sentence; empty where nothing did."""
    name = f"<cell {number + 1}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    output = Counter(limits.printed)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            notebook.execute(source, name, namespace)
    except TooMuchOutput:
        return f"Cell {number + 1} printed more than {limits.printed:,} characters and was stopped."
    except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's, too
        return f"Cell {number + 1} stopped with {_brief(error)}"
    finally:
        with contextlib.suppress(Exception):
            sys.modules["matplotlib.pyplot"].close("all")
    return ""


def _brief(error: BaseException) -> str:
    from course_lib.checks.engine.guard import own_line

    words = " ".join(str(error).split())[:300]
    where = own_line(error.__traceback__) if not isinstance(error, SyntaxError) else ""
    return f"{type(error).__name__}{where}{': ' + words if words else ''}."


def _grade(
    exercise: dict[str, Any],
    given: Any,
    troubles: list[tuple[int, str]],
    task: Task,
    channel: int,
) -> None:
    """Record one answer in a child process, so that whatever it does to itself ends there."""
    name = exercise["name"]
    if given is MISSING:
        reason = troubles[0][1] if troubles else f"There is no `{exercise['answer']}` in this notebook."
        say(channel, answer=name, diagnosis="missing", message=reason)
        return
    say(channel, grading=name)
    os.read(channel, 1)  # the supervisor has seen what runs before this answer
    child = os.fork()
    if not child:
        try:
            limiting.bound_cpu(exercise["seconds"] + task.limits.seconds)
            _record(exercise, given, task, channel)
        except BaseException as error:
            with contextlib.suppress(BaseException):
                say(
                    channel, answer=name, diagnosis="died", message=f"Judging it stopped with {_brief(error)}"
                )
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    # after an answer has come this changes nothing
    say(channel, answer=name, diagnosis="died", message=_death(status))
    # the supervisor takes the recording now, ends what the answer has left running, and says so
    say(channel, taken=name)
    os.read(channel, 1)


def _death(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"Your code ended its whole process (exit code {os.waitstatus_to_exitcode(status)})."
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "Your code used up its time."
    with contextlib.suppress(ValueError):
        return f"Your code brought its process down ({signal.Signals(number).name})."
    return f"Your code brought its process down (signal {number})."


def _record(exercise: dict[str, Any], answer: Any, task: Task, channel: int) -> None:
    from course_lib.checks.engine.assess import assess
    from course_lib.grading import cpu_limit, recording

    cpu_limit.install()
    trials: list[recording.RecordingTrial] = []

    def trial(*about: Any) -> recording.RecordingTrial:
        trials.append(recording.RecordingTrial(*about))
        return trials[-1]

    output, began = Counter(task.limits.printed), time.perf_counter()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            verdict = assess(
                exercise["name"], answer, exercise["seed"], seconds=exercise["seconds"], trial=trial
            )
    except TooMuchOutput:
        message = f"It printed more than {task.limits.printed:,} characters and was stopped."
        say(channel, answer=exercise["name"], diagnosis="printed", message=message)
        return
    claim = asdict(verdict) | {"seconds": round(time.perf_counter() - began, 3)}
    if verdict.passed:
        calls = trials[-1].calls if trials else []
        content = recording.write({"answer": answer, "calls": calls})
        with open(os.path.join(task.folder, exercise["name"]), "wb") as file:
            file.write(content)
    say(channel, answer=claim.pop("exercise"), **claim)
