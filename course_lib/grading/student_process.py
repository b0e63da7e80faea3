"""The process in which a student's code runs, as seen from outside: told, heard, timed, and ended."""

import base64
import contextlib
import json
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from course_lib.grading import channel, processes
from course_lib.grading.clock import LOOK, Clock
from course_lib.grading.limits import Limits


class Ended(Exception):
    """The student's process is gone, or must go, and this sentence says why."""


class StudentProcess:
    """A `runner` and all that it starts. wall: counts the whole submission. stop: the grader wants no more."""

    def __init__(self, process: subprocess.Popen, limits: Limits, wall: Clock, stop: threading.Event):
        self.process, self.limits, self.wall, self.stop = process, limits, wall, stop
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._buffer, self._lines = b"", list[bytes]()
        self._words: str | None = None
        self._longest = 2 * limits.file  # of one line
        self._born_with = 0
        self.clock = Clock()  # what the student's code could use
        self.since = 0.0  # on that clock: the beginning of what goes on

    def began(self) -> None:
        """From now on it is the student's code that runs."""
        self._born_with = processes.of_tree(self.process.pid).memory
        self.clock = Clock()
        self.since = 0.0

    def tell(self, body: bytes, allowed: float, **about: Any) -> None:
        """Send one message. Raises Ended where it is not taken in time."""
        content = memoryview(channel.message(body, **about))
        while content:
            if select.select([], [self._to], [], LOOK)[1]:
                try:
                    content = content[os.write(self._to, content) :]
                except BrokenPipeError:
                    raise Ended(GONE) from None
            self._watch(allowed)

    def hear(self, wanted: Callable[[dict[str, Any]], bool], allowed: float) -> dict[str, Any]:
        """The next line that is wanted; others are passed over. allowed: seconds since `since`. Raises Ended."""
        while True:
            while self._lines:
                with contextlib.suppress(ValueError, RecursionError):
                    line = json.loads(self._lines.pop(0))
                    if isinstance(line, dict) and wanted(line):
                        return line
            self._read()
            self._watch(allowed)

    def _read(self) -> None:
        if not select.select([self._from], [], [], LOOK)[0]:
            if self.process.poll() is not None:  # a process that it has left behind holds the pipe open
                raise Ended(GONE)
            return
        try:
            content = os.read(self._from, 1 << 20)
        except BlockingIOError:
            return
        if not content:
            raise Ended(GONE)
        *lines, self._buffer = (self._buffer + content).split(b"\n")
        self._lines += [line for line in lines if line]
        if len(self._buffer) > self._longest:
            raise Ended("It wrote where it must not.")

    def _watch(self, allowed: float) -> None:
        """Raises Ended where time or memory is used up."""
        if self.stop.is_set():
            raise Ended("The grader was stopped.")
        self.wall.look()
        used = processes.of_tree(self.process.pid, self._born_with)
        self.clock.look(used.seconds, used.busy)
        if self.clock.seconds - self.since > allowed:
            raise Ended(f"It was still running after {allowed:g} s.")
        if self.wall.seconds > 60 * self.limits.minutes:
            raise Ended(f"The notebook was still running after {self.limits.minutes:g} minutes.")
        if used.memory > self.limits.memory and self._born_with:
            raise Ended(f"It used more than {self.limits.memory / (1 << 30):.3g} GiB of memory.")

    def end(self) -> str:
        """No process of the student's is alive after this (where nothing is shut in: none of its group, or below it).

        Returns what it said about its own start.
        """
        if self._words is None:
            self._words = self._end()
        return self._words

    def _end(self) -> str:
        _, *below = processes.tree(self.process.pid)
        for pid in reversed(below):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if below:  # bubblewrap takes leave of its own child, which nobody else might
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        words = b""
        assert self.process.stderr
        if select.select([self.process.stderr], [], [], 0)[0]:
            words = os.read(self.process.stderr.fileno(), 4000)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        return words.decode(errors="replace").strip()


GONE = "The process that ran the notebook died."


def body(line: dict[str, Any]) -> bytes:
    """The bytes that came with a line; empty where they are none."""
    with contextlib.suppress(ValueError, TypeError):
        return base64.b64decode(line.get("body", ""), validate=True)
    return b""
