"""The process in which a student's code runs: cell after cell in one namespace, each answer asked in a child.

It tells the supervisor, in short lines, what it is about to do, so that the supervisor knows what to blame when it
never comes back. Nothing that is said here decides about an answer: the judge does, in another process, which asks for
what the student's functions return.
"""

import base64
import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field
from typing import Any

from course_lib.grading import limits as limiting
from course_lib.grading import notebook
from course_lib.grading.channel import receive
from course_lib.grading.leftovers import Leftovers
from course_lib.grading.limits import Limits
from course_lib.grading.student import MISSING, Counter, Student, TooMuchOutput, brief

LINE = 4000  # bytes of words in one line to the supervisor


@dataclass(frozen=True)
class Task:
    """What is to be done with one notebook."""

    exercises: list[dict[str, Any]]  # name, answer, seconds; no seed
    limits: Limits
    shut_in: bool  # all other processes in sight are the student's
    skip: dict[int, str] = field(default_factory=dict)  # cells that must not be run again -> why
    done: list[str] = field(default_factory=list)  # exercises that have their result
    # name -> text of the Python files beside the notebook
    helpers: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """The supervisor, as this process sees it: two pipes. An answer's child inherits them."""

    def __init__(self, questions: int, replies: int):
        self.questions, self.replies = questions, replies

    def say(self, body: bytes = b"", **line: Any) -> None:
        """One line, however long; what somebody else has written before it, without an end, does not spoil it."""
        text = json.dumps(line)
        if len(text) >= LINE:
            line = {k: v[:500] if isinstance(v, str) else v for k, v in line.items()}
        line |= {"body": base64.b64encode(body).decode()} if body else {}
        content = memoryview(b"\n" + json.dumps(line).encode() + b"\n")
        while content:
            content = content[os.write(self.replies, content) :]

    def question(self) -> bytes | None:
        """The judge's next question to the answer; None where it has no more."""
        received = receive(self.questions)
        return None if received is None or "over" in received[0] else received[1]


def main() -> None:
    """Take one task from standard input, and run it."""
    supervisor = Supervisor(os.dup(0), os.dup(1))
    about, content = receive(supervisor.questions) or ({}, b"")
    limits = Limits(**about.pop("limits"))
    skip = {int(number): why for number, why in about.pop("skip").items()}
    task = Task(limits=limits, skip=skip, **about)
    _import_all([exercise["name"] for exercise in task.exercises])
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if not task.shut_in:
        _no_network()
    limiting.apply(limits, count_processes=task.shut_in)
    supervisor.say(ready=True)
    run(content, task, supervisor)


def _import_all(exercises: list[str]) -> None:
    """What answers need, before the clock runs."""
    import numpy
    import torch

    torch.set_num_threads(1)
    numpy.random.seed(0)
    from course_lib.checks.engine import catalogue
    from course_lib.grading import remote  # noqa: F401

    for name in exercises:
        catalogue.exercise_named(name)  # imports its chapter


def _no_network() -> None:
    """Where nothing is shut in: a hint to honest code, no protection from any other."""
    import socket

    def refuse(*arguments: Any, **named: Any) -> Any:
        raise OSError("there is no network while exercises are graded")

    socket.socket.connect = socket.socket.connect_ex = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse


def run(content: bytes, task: Task, supervisor: Supervisor) -> None:
    """Run the notebook `content` and offer the answers of `task`. Returns when all that can be is done."""
    try:
        cells = [notebook.python(source) for source in notebook.code_cells(content)]
    except (ValueError, RecursionError, MemoryError) as error:
        supervisor.say(unreadable=f"The file is not a notebook: {str(error)[:300]}.")
        return
    by_name = {e["name"]: e for e in task.exercises}
    waiting = [e for e in by_name if e not in task.done]
    notebook.write_helpers(task.helpers)
    student = Student()
    last = {name: number for number, source in enumerate(cells) for name in notebook.checked_in(source)}
    troubles: list[str] = []  # what has stopped cells since the last check
    for number, source in enumerate(cells):
        if not waiting:
            break
        student.cell = number
        if number in task.skip:
            troubles.append(task.skip[number])
        else:
            supervisor.say(cell=number)
            if trouble := student.run(source, task.limits):
                troubles.append(trouble)
        here = [name for name in by_name if last.get(name) == number]
        for name in here:
            if name in waiting:
                waiting.remove(name)
                _offer(by_name[name], student.answer(by_name[name]), troubles, task, supervisor)
        if here:
            troubles = []
    student.cell = -1
    for name in waiting:  # its check is not there, or not to be seen: the answer may be
        _offer(by_name[name], student.answer(by_name[name]), troubles, task, supervisor)
    supervisor.say(end=True)


def _offer(
    exercise: dict[str, Any], given: Any, troubles: list[str], task: Task, supervisor: Supervisor
) -> None:
    """Let one answer be asked in a child process, so that whatever it does to itself ends there."""
    name = exercise["name"]
    if given is MISSING:
        reason = troubles[0] if troubles else f"There is no `{exercise['answer']}` in this notebook."
        supervisor.say(missing=name, message=reason)
        return
    supervisor.say(asking=name)
    folders = {os.getcwd(), *(["/tmp", "/dev/shm"] if task.shut_in else [])}
    leftovers = Leftovers(sorted(folders), alone=task.shut_in)
    child = os.fork()
    if not child:
        try:
            limiting.bound_cpu(exercise["seconds"] + task.limits.seconds)
            _answer(exercise, given, task, supervisor)
            os._exit(0)
        except BaseException as error:
            with contextlib.suppress(BaseException):
                supervisor.say(died=name, message=f"Asking it stopped with {brief(error)}")
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    leftovers.clear()
    supervisor.say(died=name, message=_death(status))  # after an answer that is over this changes nothing


def _answer(exercise: dict[str, Any], given: Any, task: Task, supervisor: Supervisor) -> None:
    """Answer the judge's questions until there are no more."""
    from course_lib.checks.engine import guard
    from course_lib.checks.engine.assess import PUBLIC_SEED
    from course_lib.grading import data
    from course_lib.grading.remote import Answerer, mistake

    output, left = Counter(task.limits.printed), exercise["seconds"]
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        guard.fixed_surroundings(PUBLIC_SEED),
    ):
        answerer = Answerer(exercise["name"], given)
        supervisor.say(data.write(given)[0], given=exercise["name"])
        while (question := supervisor.question()) is not None:
            began, compiler = time.process_time(), guard.compiler_is_imported()
            try:
                with guard.time_limit(max(left, 0.01), processor=True):
                    reply = answerer(question)
            except guard.TooSlow as late:
                reply = mistake("too-slow", guard.too_slow(late, exercise["seconds"]))
            except TooMuchOutput:
                words = f"It printed more than {task.limits.printed:,} characters and was stopped."
                reply = mistake("printed", words)
            except MemoryError:
                reply = mistake("impossible", "It asks for more memory than there is.")
            if compiler or not guard.compiler_is_imported():  # its import is not the answer's time
                left -= time.process_time() - began
            supervisor.say(reply, returned=exercise["name"])


def _death(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"Your code ended its whole process (exit code {os.waitstatus_to_exitcode(status)})."
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "Your code used up its time."
    with contextlib.suppress(ValueError):
        return f"Your code brought its process down ({signal.Signals(number).name})."
    return f"Your code brought its process down (signal {number})."


if __name__ == "__main__":
    main()
