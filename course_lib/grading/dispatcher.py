"""The grader's own side: a judge for each worker, and notebook after notebook to whoever is free."""

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.grading import sandbox
from course_lib.grading.intake.plain import Refused, helper_text, open_plain
from course_lib.grading.judge import Died, Judge
from course_lib.grading.limits import Limits
from course_lib.grading.supervisor import Order, Supervisor

FIRST_JUDGE = 500  # slot of the judges' users, beyond those of the submissions


@dataclass(frozen=True)
class Job:
    """One notebook to be graded. exercises: as the judge lists them, each with its `seed`."""

    name: str
    file: Path
    exercises: Sequence[dict[str, Any]]
    helpers: Sequence[Path] = ()  # Python files that the notebook may import


class Dispatcher:
    """As a context manager: `exercises` (chapter -> list), and `grade`."""

    def __init__(self, *, isolated: bool, hidden: Sequence[Path] = (), limits: Limits | None = None):
        self.isolated, self.limits = isolated, limits or Limits()
        self.view = sandbox.view(hidden, self.limits.disk) if isolated else None
        self.environment = sandbox.environment()
        self._judges: list[Judge] = []
        self._stop = threading.Event()
        self._own = tempfile.TemporaryDirectory(prefix="course-")  # only used where nothing is shut in

    def __enter__(self) -> "Dispatcher":
        self._judges = [self._judge(0)]
        self.exercises = self._judges[0].exercises
        return self

    def __exit__(self, *error: object) -> None:
        for judge in self._judges:
            judge.end()
        self._own.cleanup()

    def grade(
        self, jobs: Sequence[Job], workers: int, done: Callable[[Job, dict[str, dict[str, Any]]], None]
    ) -> None:
        """Grade `jobs`, `workers` at a time; calls `done(job, results)` as each ends, exercise -> result.

        A result: passed, diagnosis, message, seconds.
        """
        workers = max(1, min(workers, len(jobs)))
        while len(self._judges) < workers:
            self._judges.append(self._judge(len(self._judges)))
        free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(workers):
            free.put(slot)

        def work(job: Job) -> dict[str, dict[str, Any]]:
            slot = free.get()
            try:
                return self._grade(job, slot)
            finally:
                free.put(slot)

        with ThreadPoolExecutor(workers) as pool:
            futures = {pool.submit(work, job): job for job in jobs}
            try:
                for future in as_completed(futures):
                    done(futures[future], future.result())
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _grade(self, job: Job, slot: int) -> dict[str, dict[str, Any]]:
        try:
            with os.fdopen(open_plain(job.file, self.limits.notebook), "rb") as file:
                content = file.read(self.limits.notebook)
        except Refused as refused:
            return _same_for_all(job, "unreadable", str(refused))
        helpers = {path.name: text for path in job.helpers if (text := helper_text(path)) is not None}
        order = Order(content, [e for e in job.exercises if e["judged"]], helpers)

        def start() -> subprocess.Popen:
            return self._start("course_lib.grading.runner", slot)

        supervisor = Supervisor(
            order, self.limits, self._judges[slot], start, self._stop, shut_in=self.isolated
        )
        try:
            return supervisor.run()
        except Died:
            self._judges[slot].end()
            self._judges[slot] = self._judge(slot)
            message = "The judge ended while it judged this notebook: grade it by hand."
            return _same_for_all(job, "broken", message) | supervisor.results

    def _judge(self, number: int) -> Judge:
        return Judge(self._start("course_lib.grading.judge", FIRST_JUDGE + number))

    def _start(self, module: str, slot: int) -> subprocess.Popen:
        program = [sys.executable, "-P", "-m", module]
        if self.view is None:
            folder = tempfile.mkdtemp(dir=self._own.name)
            return sandbox.start_open(program, folder, self.environment)
        return sandbox.start(program, self.view, slot, self.environment)


def _same_for_all(job: Job, diagnosis: str, message: str) -> dict[str, dict[str, Any]]:
    result = {"passed": False, "diagnosis": diagnosis, "message": message, "seconds": None}
    return {e["name"]: dict(result) for e in job.exercises if e["judged"]}
