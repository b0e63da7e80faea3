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
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from course_lib.grading import limits as limiting
from course_lib.grading import replay, runner
from course_lib.grading.clock import LOOK
from course_lib.grading.processes import Processes
from course_lib.grading.runner import Task

LONGEST = 1 << 16  # bytes without a newline that are still a line


@dataclass
class Activity:
    """What the student's process is doing, by its own account."""

    since: float  # on the submission's clock
    what: str | int | None = None  # an exercise's name, a cell's number, or nothing yet


class Supervisor:
    """One submission. alone: this process is 1 of a PID namespace, so that all others in it are the student's."""

    def __init__(self, content: bytes, task: Task, report: Callable[[dict[str, Any]], None], *, alone: bool):
        self.content, self.task, self.report = content, task, report
        self.processes = Processes(alone=alone)
        self.results: dict[str, dict[str, Any]] = {}
        self.recordings: dict[str, bytes] = {}  # of what the student's process claims to be right
        self.skip: dict[int, str] = {}
        self.ends = 60 * task.limits.minutes  # on the wall

    def run(self) -> None:
        """Run until each exercise has its result, and report each."""
        names = [e["name"] for e in self.task.exercises]
        trouble = ""
        for _ in range(2 * len(names) + 3):
            trouble = self._attempt()
            if not trouble or len(self.results) == len(names) or self.processes.wall.seconds > self.ends:
                break
        for name in names:
            if name not in self.results:
                self._conclude(name, "stopped", trouble or "The notebook ended before this exercise.")
        self._report_all()
        self.report({"end": True})

    def _conclude(self, name: str, diagnosis: str, message: str, seconds: float | None = None) -> None:
        """The student's process has had its say about this exercise; what comes later does not count."""
        result = {"exercise": name, "diagnosis": diagnosis, "message": message[:1500], "seconds": seconds}
        self.results.setdefault(name, result)

    def _report_all(self) -> None:
        """Only what the student's process claims to be right is judged again, from its recording."""
        claimed = [e for e in self.task.exercises if e["name"] in self.recordings]
        decided = replay.verdicts(claimed, self.recordings, self.task.limits, self.processes)
        for exercise in self.task.exercises:
            result = self.results[exercise["name"]] | {"passed": False, "apart": True}
            if verdict := decided.get(exercise["name"]):
                if not verdict["passed"] and exercise.get("together"):
                    result |= {"passed": True, "apart": False}
                else:
                    result |= {key: verdict[key] for key in ("passed", "diagnosis", "message")}
            elif result["diagnosis"] == "passed":  # said without the claim: nonsense
                result["diagnosis"] = "died"
            self.report(result)

    def _attempt(self) -> str:
        """Run the notebook once. Returns why it has to be run again, empty where it came to its end."""
        ours, theirs = socket.socketpair()
        reader, writer = ours.detach(), theirs.detach()
        task = replace(self.task, skip=dict(self.skip), done=list(self.results))
        child = os.fork()
        if not child:
            try:
                os.close(reader)
                enclose(task, writer, alone=self.processes.alone)
                runner.run(self.content, task, writer)
            finally:
                os._exit(0)
        os.close(writer)
        self.processes.child, ended = child, False
        activity = Activity(self.processes.clock.seconds)
        try:
            trouble, ended = self._listen(reader, activity)
        finally:
            os.close(reader)
            self.processes.end_all()
        if ended:
            return ""
        self._blame(activity, trouble)
        self._clear()
        return trouble

    def _blame(self, activity: Activity, trouble: str) -> None:
        if isinstance(activity.what, str):
            self._conclude(activity.what, "stopped", trouble)
        elif isinstance(activity.what, int) and activity.what not in self.skip:
            self.skip[activity.what] = f"Cell {activity.what + 1} was stopped: {trouble}"
        else:  # nothing to leave out: do not try again
            self.ends = 0.0

    def _listen(self, reader: int, activity: Activity) -> tuple[str, bool]:
        """Until the student's process has ended, or must. Returns the trouble, and whether all went well."""
        buffer, limits = b"", self.task.limits
        seconds = {e["name"]: e["seconds"] + limits.seconds for e in self.task.exercises}
        while True:
            ready, _, _ = select.select([reader], [], [], LOOK)
            if ready:
                try:
                    content = os.read(reader, LONGEST)
                except ConnectionResetError:  # it left without reading what we said
                    content = b""
                if not content:
                    return "The process that ran the notebook died.", False
                *lines, buffer = (buffer + content).split(b"\n")
                for line in lines:
                    if self._take(line, activity, reader):
                        return "", True
                if len(buffer) > LONGEST:
                    return "It wrote where it must not.", False
            elif self.processes.child_has_ended():
                # a process that it has left behind holds the pipe open
                return "The process that ran the notebook died.", False
            memory = self.processes.measure()
            allowed = seconds.get(activity.what, limits.cell_seconds)
            if self.processes.clock.seconds - activity.since > allowed:
                return f"It was still running after {allowed:g} s.", False
            if self.processes.wall.seconds > self.ends:
                return f"The notebook was still running after {limits.minutes:g} minutes.", False
            if memory > limits.memory:
                return f"It used more than {limits.memory / (1 << 30):.3g} GiB of memory.", False

    def _take(self, line: bytes, activity: Activity, reader: int) -> bool:
        """Take one line of the student's process for what it is: a claim. Returns whether it was the last."""
        try:
            claim = json.loads(line)
            if "cell" in claim:
                activity.what, activity.since = int(claim["cell"]), self.processes.clock.seconds
            elif "grading" in claim:
                activity.what, activity.since = str(claim["grading"]), self.processes.clock.seconds
                self.processes.remember()
                _allow_to_go_on(reader)
            elif "unreadable" in claim:
                for exercise in self.task.exercises:
                    self._conclude(exercise["name"], "unreadable", str(claim["unreadable"]))
                return True
            elif "answer" in claim:
                self._take_answer(claim)
            elif "taken" in claim:
                self.processes.end_strays()
                _allow_to_go_on(reader)
            return "end" in claim
        except (ValueError, TypeError, OverflowError, RecursionError):
            return False

    def _take_answer(self, claim: dict[str, Any]) -> None:
        name = claim["answer"]
        if name not in {e["name"] for e in self.task.exercises} - self.results.keys():
            return
        seconds = claim.get("seconds")
        seconds = float(seconds) if isinstance(seconds, int | float) else None
        if claim.get("passed") is True:
            self.recordings[name] = self._recording(name)
        diagnosis = str(claim.get("diagnosis"))[:60]
        diagnosis = "died" if diagnosis == "broken" else diagnosis  # only the grader says that it failed
        self._conclude(name, diagnosis, str(claim.get("message")), seconds)

    def _recording(self, name: str) -> bytes:
        """What the student's process has recorded: a plain file, no link or pipe that it may have put there."""
        try:
            handle = os.open(
                os.path.join(self.task.folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            )
            with os.fdopen(handle, "rb") as file:
                return file.read(self.task.limits.file) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        except OSError:
            return b""

    def _clear(self) -> None:
        """The next attempt finds its folders as empty as the first."""
        folders = {os.getcwd(), *(["/tmp", "/dev/shm"] if self.processes.alone else [])}
        for folder in (f for f in folders if os.access(f, os.W_OK)):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)


def _allow_to_go_on(channel: int) -> None:
    """The student's process waits for one byte."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(channel)) as answer:
        answer.send(b".", socket.MSG_DONTWAIT)


def enclose(task: Task, channel: int, *, alone: bool) -> None:
    """Make this child the student's: no file open but the channel, no privilege, bound to its limits."""
    from course_lib.grading import isolation

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.closerange(3, channel)
    os.closerange(channel + 1, 4096)
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

    def refuse(*arguments: Any, **named: Any) -> Any:
        raise OSError("there is no network while exercises are graded")

    socket.socket.connect = socket.socket.connect_ex = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
