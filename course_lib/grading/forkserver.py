"""The process that imports torch and the checks once, and from which every submission's processes are forked.

It is started as a program of its own, with an environment of a few names: what it forks cannot find in its memory what
it never held, neither the instructor's secret seed nor another submission. It reads jobs from a socket (the notebook
and the channel for results come as open files) and answers with the process number.
"""

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import tempfile
from typing import Any

from course_lib.grading import isolation, limits, runner, supervisor
from course_lib.grading.isolation import View

PDEATHSIG = 1


def main() -> None:
    """Serve on the socket whose file number is the first argument, until its other end is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the submissions: their channels tell
    ready = _import_all()
    gc.collect()
    gc.freeze()  # what is here stays: no child need copy a page to find that out
    send(control, {"ready": ready})
    while received := receive(control):
        job, files = received
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # this one waits for its own children
            control.close()
            try:
                _submission(job, *files)
            except BaseException as error:
                with contextlib.suppress(OSError):
                    _report(files[1], {"broken": f"{type(error).__name__}: {error}"})
            finally:
                os._exit(0)
        for file in files:
            os.close(file)
        send(control, {"pid": child})


def send(control: socket.socket, message: dict[str, Any], files: tuple[int, ...] = ()) -> None:
    """One message, and open files with it."""
    content = json.dumps(message).encode() + b"\n"
    sent = socket.send_fds(control, [content], list(files)) if files else 0
    control.sendall(content[sent:])


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next message with its open files; None at the end."""
    content, files = b"", []
    while not content.endswith(b"\n"):
        part, open_files, _, _ = socket.recv_fds(control, 1 << 16, 4)
        if not part:
            return None
        content += part
        files += open_files
    return json.loads(content), files


def _import_all() -> dict[str, list[dict[str, Any]]]:
    """Import what exercises use. Returns chapter -> its exercises."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot
    import numpy
    import torch

    torch.set_num_threads(1)
    numpy.random.seed(0)
    from course_lib import checks, data, networks, objectives, theory  # noqa: F401
    from course_lib.checks.api import CHAPTERS, of_chapter
    from course_lib.grading import cpu_limit, notebook, recording  # noqa: F401

    notebook.python("%warm up")

    # an optimiser's first step imports half of torch, which is seconds for every child that is not born with it
    weight = torch.nn.Parameter(torch.zeros(2))
    weight.grad = torch.zeros(2)
    for optimizer in (torch.optim.SGD([weight], lr=0.1), torch.optim.Adam([weight])):
        optimizer.step()
        optimizer.zero_grad()

    exercises = {}
    for chapter in CHAPTERS.values():
        exercises[chapter] = [
            {
                "name": e.name,
                "title": e.title,
                "answer": e.answer,
                "points": e.points if e.checker else 0,
                "written": e.written,
                "pointer": e.pointer,
                "seconds": e.seconds,
                "judged": e.checker is not None,
            }
            for e in of_chapter(chapter)
        ]
    return exercises


def _report(channel: int, line: dict[str, Any]) -> None:
    content = json.dumps(line).encode() + b"\n"
    while content:
        content = content[os.write(channel, content) :]


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _submission(job: dict[str, Any], notebook: int, channel: int) -> None:
    """In a process of its own: shut it in, then be its supervisor."""
    _end_with_parent()
    with os.fdopen(notebook, "rb") as file:
        content = file.read(job["limits"]["notebook"] + 1)
    bounds = limits.Limits(**job["limits"])
    view = View(tuple(job["shown"]), tuple(job["hidden"]), bounds.disk) if job["isolated"] else None
    if view is None:
        with tempfile.TemporaryDirectory(prefix="course-") as own:
            if inner := os.fork():
                os.waitpid(inner, 0)
                return
            _end_with_parent()
            os.chdir(own)
            os.environ["HOME"] = own
            _supervise(job, content, bounds, os.path.join(own, ".answers"), channel)
    isolation.enter(view, job["slot"])
    if inner := os.fork():
        os.waitpid(inner, 0)
        return
    isolation.settle(view)
    os.chdir(View.HOME)
    _supervise(job, content, bounds, View.ANSWERS, channel)


def _supervise(job: dict[str, Any], content: bytes, bounds: limits.Limits, folder: str, channel: int) -> None:
    """The supervisor's whole life; never returns."""
    try:
        os.makedirs(folder, exist_ok=True)
        task = runner.Task(job["exercises"], bounds, folder, helpers=job["helpers"])
        alone = bool(job["isolated"])
        supervisor.Supervisor(content, task, lambda line: _report(channel, line), alone=alone).run()
    except BaseException as error:
        with contextlib.suppress(OSError):
            _report(channel, {"broken": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
