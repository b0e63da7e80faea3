"""The grader's own side: starts the fork server, hands it notebook after notebook, collects what supervisors report."""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError
from course_lib.grading import isolation
from course_lib.grading.clock import Clock
from course_lib.grading.forkserver import receive, send
from course_lib.grading.limits import Limits

LARGEST_HELPER = 1 << 18  # bytes of one Python file
SPARE = 60.0  # seconds after which a submission that should long have ended is ended from outside
# what a submission's processes know of the environment
PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "COURSE_DATA",
    "COURSE_CACHE",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "TMPDIR",
)


@dataclass(frozen=True)
class Job:
    """One notebook to be graded. exercises: as the fork server lists them, each with its `seed`."""

    name: str
    file: Path
    exercises: Sequence[dict[str, Any]]
    helpers: Sequence[Path] = ()  # Python files that the notebook may import


@dataclass
class _Running:
    job: Job
    pid: int
    slot: int
    ends: float
    buffer: bytes = b""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: str = ""
    ended: bool = False


class Refused(Exception):
    """A file that is not even opened, and why."""


class Dispatcher:
    """The warm process, as a context manager: `exercises` (chapter -> list), and `grade`."""

    def __init__(self, *, isolated: bool, hidden: Sequence[Path] = (), limits: Limits | None = None):
        self.isolated, self.limits = isolated, limits or Limits()
        self.shown = shown() if isolated else []
        # what does not lie inside something shown is not there in the first place
        hidden = [str(Path(h).resolve()) for h in hidden]
        self.hidden = [h for h in hidden if any(h.startswith(s.rstrip("/") + "/") for s in self.shown)]

    def __enter__(self) -> "Dispatcher":
        ours, theirs = socket.socketpair()
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {k: v for k, v in os.environ.items() if k in PASSED_ON} | dict.fromkeys(threads, "1")
        environment |= {"HOME": isolation.View.HOME, "COURSE_TIER": "smoke", "MPLBACKEND": "Agg"}
        environment |= {"COURSE_CACHE": str(paths.cache()), "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {"PYTHONPATH": str(paths.project()), "CUDA_VISIBLE_DEVICES": ""}
        if self.isolated:
            environment |= {"TMPDIR": isolation.View.HOME, "MPLCONFIGDIR": isolation.View.HOME}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "course_lib.grading.forkserver", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        answer = receive(ours)
        if answer is None:
            self._process.wait()
            raise CourseError(
                "the process that imports the checks has died; its words stand above: mend what they name."
            )
        self.exercises: dict[str, list[dict[str, Any]]] = answer[0]["ready"]
        return self

    def __exit__(self, *error: object) -> None:
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()

    def grade(
        self, jobs: Sequence[Job], workers: int, done: Callable[[Job, dict[str, dict[str, Any]]], None]
    ) -> None:
        """Grade `jobs`, `workers` at a time; calls `done(job, results)` as each ends, exercise -> result.

        A result: diagnosis, message, passed, apart (judged outside the student's process), seconds.
        """
        waiting, running, clock = list(reversed(jobs)), {}, Clock(longest=2.0)
        with selectors.DefaultSelector() as selector:
            while waiting or running:
                while waiting and len(running) < workers:
                    job = waiting.pop()
                    try:
                        channel, one = self._start(job, {r.slot for r in running.values()}, clock.look())
                    except Refused as refused:
                        done(job, _same_for_all(job, "unreadable", str(refused)))
                        continue
                    running[channel] = one
                    selector.register(channel, selectors.EVENT_READ)
                for key, _ in selector.select(1.0):
                    one = running[key.fd]
                    if not _take_report(key.fd, one):
                        continue
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    del running[key.fd]
                    done(one.job, _complete(one))
                now = clock.look()
                for one in running.values():
                    if now > one.ends:
                        one.broken = one.broken or "it had to be ended from outside"
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(one.pid, signal.SIGKILL)
                        one.ends += SPARE

    def _start(self, job: Job, taken: set[int], now: float) -> tuple[int, _Running]:
        notebook = open_plain(job.file, self.limits.notebook)
        slot = next(n for n in range(len(taken) + 1) if n not in taken)
        reader, writer = os.pipe()
        order = {
            "slot": slot,
            "isolated": self.isolated,
            "limits": asdict(self.limits),
            "shown": self.shown,
            "hidden": self.hidden,
            "helpers": {path.name: text for path in job.helpers if (text := helper_text(path)) is not None},
            "exercises": [
                {k: e.get(k) for k in ("name", "answer", "seconds", "seed", "together")}
                for e in job.exercises
                if e["judged"]
            ],
        }
        try:
            send(self._control, order, (notebook, writer))
            answer = receive(self._control)
        except OSError:
            answer = None
        finally:
            os.close(notebook)
            os.close(writer)
        if answer is None:
            os.close(reader)
            raise CourseError(
                "the process from which submissions are started has died: give the command again."
            )
        os.set_blocking(reader, False)
        limit = now + 60 * self.limits.minutes + SPARE
        limit += sum(e["seconds"] + SPARE for e in job.exercises)
        return reader, _Running(job, answer[0]["pid"], slot, limit)


def open_plain(path: Path, most: int) -> int:
    """Open a file for reading. Raises Refused for links, pipes, folders and what is too large; never waits."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"The file cannot be opened ({error.strerror}); a link is not followed.") from error
    about = os.fstat(handle)
    if not os.path.stat.S_ISREG(about.st_mode):
        os.close(handle)
        raise Refused("This is no plain file.")
    if about.st_size > most:
        os.close(handle)
        raise Refused(
            f"The file has {about.st_size / 1e6:,.0f} MB; more than {most / 1e6:,.0f} MB is not read: "
            "clear the outputs and hand it in again."
        )
    return handle


def helper_text(path: Path) -> str | None:
    """A Python file beside a notebook; None where it is no plain file of text, or a large one."""
    try:
        with os.fdopen(open_plain(path, LARGEST_HELPER), "rb") as file:
            return file.read().decode("utf-8-sig")
    except (Refused, UnicodeDecodeError):
        return None


def shown() -> list[str]:
    """Folders and files that a submission may read: the interpreter, its libraries, the course's code and data."""
    project, home = paths.project(), Path.home()
    system = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime"]
    system += ["/etc/fonts", "/etc/alternatives", "/sys/devices/system/cpu"]
    # a virtual environment is reached by the name it was given, which may be a link
    prefixes = [
        str(p)
        for given in (sys.prefix, sys.base_prefix)
        for p in (os.path.abspath(given), os.path.realpath(given))
    ]
    packages = [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]
    own = [project / name for name in ("course_lib", "zoo", "records", "pyproject.toml")]
    existing = {
        os.path.realpath(p)
        for p in [*packages, *own, *paths.data_folders(), paths.cache()]
        if os.path.exists(p)
    }
    above = {str(p) for folder in (project, home) for p in (folder, *folder.parents)}
    return [*system, *sorted((existing | set(prefixes)) - above)]


def _take_report(channel: int, one: _Running) -> bool:
    """Read what a supervisor reports. Returns whether it has ended."""
    try:
        content = os.read(channel, 1 << 16)
    except BlockingIOError:
        return False
    *lines, one.buffer = (one.buffer + content).split(b"\n")
    for line in lines:
        report = json.loads(line)
        if "exercise" in report:
            one.results[report["exercise"]] = report
        one.broken = report.get("broken", one.broken)
        one.ended = one.ended or "end" in report
    return not content


def _complete(one: _Running) -> dict[str, dict[str, Any]]:
    why = one.broken or ("" if one.ended else "the process that watched it died")
    message = f"The grader could not finish this notebook ({why}): grade it by hand."
    return _same_for_all(one.job, "broken", message) | one.results


def _same_for_all(job: Job, diagnosis: str, message: str) -> dict[str, dict[str, Any]]:
    return {
        e["name"]: {
            "passed": False,
            "diagnosis": diagnosis,
            "message": message,
            "seconds": None,
            "apart": True,
        }
        for e in job.exercises
        if e["judged"]
    }
