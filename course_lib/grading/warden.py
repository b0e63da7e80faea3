"""Process 1 of a submission: starts the student's process, watches it, ends it, starts it again after the culprit.

It runs no student's code itself. When a cell or an answer does not come back (an endless loop, too much memory, a dead
process), all processes inside are ended at once and the notebook is run again without it, so that the rest counts.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from course_lib.grading import judge, runner
from course_lib.grading import limits as limiting
from course_lib.grading.clock import LOOK, Clock
from course_lib.grading.limits import Use
from course_lib.grading.runner import Task

LONGEST = 1 << 16  # bytes without a newline that are still a line


@dataclass
class Watch:
    """What the student's process is doing, by its own account."""

    since: float  # on the warden's clock
    what: str | int | None = None  # an exercise's name, a cell's number, or nothing yet


class Warden:
    """One submission. alone: this process is 1 of a PID namespace, so that all others in it are the student's."""

    def __init__(self, content: bytes, task: Task, report: Callable[[dict[str, Any]], None], *, alone: bool):
        self.content, self.task, self.report, self.alone = content, task, report, alone
        self.results: dict[str, dict[str, Any]] = {}
        self.skip: dict[int, str] = {}
        self.clock, self.wall = Clock(), Clock()
        self.ends = 60 * task.limits.minutes  # on the wall
        self.baseline = limiting.used(os.getpid()).memory
        self.child = 0
        self.before: set[int] = set()  # processes that were there before an answer was called

    def run(self) -> None:
        """Run until each exercise has its result, and report each."""
        names = [e["name"] for e in self.task.exercises]
        for _ in range(2 * len(names) + 3):
            trouble = self._attempt()
            if not trouble or len(self.results) == len(names) or self.wall.seconds > self.ends:
                break
        for name in names:
            if name not in self.results:
                self._settle(name, "stopped", trouble or "The notebook ended before this exercise.")
        judge.judge(self)
        self.report({"end": True})

    def _settle(self, name: str, diagnosis: str, message: str, **more: Any) -> None:
        self.results.setdefault(
            name, {"exercise": name, "diagnosis": diagnosis, "message": message[:1500]} | more
        )

    def _attempt(self) -> str:
        """Run the notebook once. Returns why it has to be run again, empty where it came to its end."""
        ours, theirs = socket.socketpair()
        reader, writer = ours.detach(), theirs.detach()
        task = replace(self.task, skip=dict(self.skip), done=list(self.results))
        child = os.fork()
        if not child:
            try:
                os.close(reader)
                enclose(task, writer, alone=self.alone)
                runner.run(self.content, task, writer)
            finally:
                os._exit(0)
        os.close(writer)
        self.child, watch, ended = child, Watch(self.clock.seconds), False
        try:
            trouble, ended = self._listen(reader, watch)
        finally:
            os.close(reader)
            self.end_all()
        if ended:
            return ""
        self._blame(watch, trouble)
        self._clear()
        return trouble

    def _blame(self, watch: Watch, trouble: str) -> None:
        if isinstance(watch.what, str):
            self._settle(watch.what, "stopped", trouble)
        elif isinstance(watch.what, int) and watch.what not in self.skip:
            self.skip[watch.what] = f"Cell {watch.what + 1} was stopped: {trouble}"
        else:  # nothing to leave out: do not try again
            self.ends = 0.0

    def _listen(self, reader: int, watch: Watch) -> tuple[str, bool]:
        """Until the student's process has ended, or must. Returns the trouble, and whether all went well."""
        buffer, limits = b"", self.task.limits
        seconds = {e["name"]: e["seconds"] + limits.seconds for e in self.task.exercises}
        while True:
            ready, _, _ = select.select([reader], [], [], LOOK)
            if ready:
                try:
                    read = os.read(reader, LONGEST)
                except ConnectionResetError:  # it left without reading what we said
                    read = b""
                if not read:
                    return "The process that ran the notebook died.", False
                *lines, buffer = (buffer + read).split(b"\n")
                for line in lines:
                    if self._heard(line, watch, reader):
                        return "", True
                if len(buffer) > LONGEST:
                    return "It wrote where it must not.", False
            elif os.waitpid(self.child, os.WNOHANG)[0]:
                # a process that it has left behind holds the pipe open
                return "The process that ran the notebook died.", False
            memory = self.look()
            allowed = seconds.get(watch.what, limits.cell_seconds)
            if self.clock.seconds - watch.since > allowed:
                return f"It was still running after {allowed:g} s.", False
            if self.wall.seconds > self.ends:
                return f"The notebook was still running after {limits.minutes:g} minutes.", False
            if memory > limits.memory:
                return f"It used more than {limits.memory / (1 << 30):.3g} GiB of memory.", False

    def _heard(self, line: bytes, watch: Watch, reader: int) -> bool:
        """Take one line of the student's process for what it is: a claim. Returns whether it was the last."""
        try:
            said = json.loads(line)
            if "cell" in said:
                watch.what, watch.since = int(said["cell"]), self.clock.seconds
            elif "grading" in said:
                watch.what, watch.since = str(said["grading"]), self.clock.seconds
                self.before = self._others()
                _answer(reader)
            elif "unreadable" in said:
                for exercise in self.task.exercises:
                    self._settle(exercise["name"], "unreadable", str(said["unreadable"]))
                return True
            elif "answer" in said:
                self._heard_answer(said)
            elif "taken" in said:
                self._end_strays()
                _answer(reader)
            return "end" in said
        except (ValueError, TypeError, OverflowError, RecursionError):
            return False

    def _heard_answer(self, said: dict[str, Any]) -> None:
        if said["answer"] not in {e["name"] for e in self.task.exercises} - self.results.keys():
            return
        seconds = said.get("seconds")
        more = {
            "tape": self._tape(said["answer"]) if said.get("passed") is True else None,
            "seconds": float(seconds) if isinstance(seconds, int | float) else None,
        }
        diagnosis = str(said.get("diagnosis"))[:60]
        diagnosis = "died" if diagnosis == "broken" else diagnosis  # only the grader says that it failed
        self._settle(said["answer"], diagnosis, str(said.get("message")), **more)

    def _tape(self, name: str) -> bytes:
        """What the student's process has recorded: a plain file, no link or pipe that it may have put there."""
        try:
            handle = os.open(
                os.path.join(self.task.folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            )
            with os.fdopen(handle, "rb") as file:
                return file.read(self.task.limits.file) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        except OSError:
            return b""

    def look(self) -> int:
        """Move the clocks on. Returns the bytes that the student's processes use beyond what they were born with."""
        found = self._uses()
        self.wall.look()
        self.clock.look(sum(use.seconds for use in found), any(use.busy for use in found))
        return sum(max(0, use.memory - self.baseline) for use in found)

    def _uses(self) -> list[Use]:
        if not os.path.isdir("/proc/self"):
            return []
        found = [limiting.used(pid) for pid in self._others()]
        return found if self.alone else [use for use in found if use.group == self.child]

    def _others(self) -> set[int]:
        if not os.path.isdir("/proc/self"):
            return set()
        return {int(name) for name in os.listdir("/proc") if name.isdigit()} - {os.getpid()}

    def _end_strays(self) -> None:
        """What an answer has started and left behind must not meet the next one."""
        for _ in range(100 if self.alone else 0):
            strays = self._others() - self.before
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if not strays:
                return
            time.sleep(0.001)

    def end_all(self) -> None:
        """No process of the student's is alive after this (where namespaces are; else none of its group)."""
        if not self.alone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGKILL)
        while True:
            if self.alone:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(-1, signal.SIGKILL)
            try:  # orphans are ours to wait for, too; again and again, should one have been born meanwhile
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    time.sleep(0.001)
            except ChildProcessError:
                return

    def _clear(self) -> None:
        """The next attempt finds its folders as empty as the first."""
        folders = {os.getcwd(), *(["/tmp", "/dev/shm"] if self.alone else [])}
        for folder in (f for f in folders if os.access(f, os.W_OK)):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)


def _answer(channel: int) -> None:
    """The student's process may go on."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(channel)) as answer:
        answer.send(b".", socket.MSG_DONTWAIT)


def enclose(task: Task, channel: int | None, *, alone: bool) -> None:
    """Make this child the student's: no file open but the channel, no privilege, bound to its limits."""
    from course_lib.grading import isolation

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    kept = -1 if channel is None else channel
    os.closerange(3, kept) if kept > 3 else None
    os.closerange(max(3, kept + 1), 4096)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if nothing > 2:
        os.close(nothing)
    sys.stdin = open(os.devnull)  # noqa: SIM115
    if alone:
        isolation.disarm()
    else:
        os.setsid()
        _no_network()
    limiting.apply(task.limits, count_processes=alone)


def _no_network() -> None:
    """Where there is no namespace: a hint to honest code, no protection from any other."""
    import socket

    def refuse(*arguments: Any, **named: Any) -> Any:
        raise OSError("there is no network while exercises are graded")

    socket.socket.connect = socket.socket.connect_ex = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
