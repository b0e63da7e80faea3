"""One submission: its notebook is run, its answers are asked for, and each exercise has its verdict in the end.

The supervisor stands outside of the sandbox in which the student's code runs. When a cell or an answer does not come
back (an endless loop, too much memory, a dead process), the sandbox is ended with all that is in it, and the notebook
is run again in a new one without the culprit, so that the rest counts.
"""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.clock import Clock
from course_lib.grading.judge import Died, Judge
from course_lib.grading.limits import Limits
from course_lib.grading.student_process import GONE, Ended, StudentProcess, body

_WORDS = {"cell", "asking", "missing", "unreadable", "end"}
STARTING = 300.0  # seconds in which a process must have imported torch, on a busy machine


@dataclass(frozen=True)
class Order:
    """What a submission consists of. exercises: name, answer, seconds and seed of each that is judged."""

    content: bytes
    exercises: list[dict[str, Any]]
    helpers: dict[str, str]


class Supervisor:
    """start: starts a `runner`. stop: the grader wants no more. shut_in: the runner is in a sandbox of its own."""

    def __init__(
        self,
        order: Order,
        limits: Limits,
        judge: Judge,
        start: Callable[[], subprocess.Popen],
        stop: threading.Event,
        *,
        shut_in: bool,
    ):
        self.order, self.limits, self.judge, self.shut_in = order, limits, judge, shut_in
        self.start, self.stop = start, stop
        self.by_name = {e["name"]: e for e in order.exercises}
        self.results: dict[str, dict[str, Any]] = {}
        self.skip: dict[int, str] = {}
        self.wall = Clock(longest=2.0)
        self.doing: str | int | None = None  # an exercise's name, a cell's number, or nothing yet

    def run(self) -> dict[str, dict[str, Any]]:
        """Run until each exercise has its result: passed, diagnosis, message, seconds. Raises Died, of the judge."""
        trouble = ""
        for _ in range(2 * len(self.by_name) + 3):
            self.doing = None
            try:
                self._attempt()
                trouble = ""
                break
            except Ended as ended:
                trouble = str(ended)
            if not self._blame(trouble) or len(self.results) == len(self.by_name):
                break
        for name in self.by_name:
            self._conclude(name, "stopped", trouble or "The notebook ended before this exercise.")
        return self.results

    def _blame(self, trouble: str) -> bool:
        """Find out what must be left out from now on. Returns whether it is worth another attempt."""
        if self.wall.seconds > 60 * self.limits.minutes or self.stop.is_set():
            return False
        if isinstance(self.doing, str):
            self._conclude(self.doing, "stopped", trouble)
        elif isinstance(self.doing, int) and self.doing not in self.skip:
            self.skip[self.doing] = f"Cell {self.doing + 1} was stopped: {trouble}"
        else:
            return False
        return True

    def _conclude(
        self, name: str, diagnosis: str, message: str, passed: bool = False, seconds: Any = None
    ) -> None:
        """What comes later about an exercise does not count."""
        result = {
            "passed": passed,
            "diagnosis": diagnosis[:60],
            "message": message[:1500],
            "seconds": seconds,
        }
        self.results.setdefault(name, result)

    def _attempt(self) -> None:
        """Run the notebook once, to its end. Raises Ended."""
        student = StudentProcess(self.start(), self.limits, self.wall, self.stop)
        try:
            self._hand_over(student)
            self._listen(student)
        finally:
            student.end()

    def _hand_over(self, student: StudentProcess) -> None:
        exercises = [{k: e[k] for k in ("name", "answer", "seconds")} for e in self.order.exercises]
        about = {"exercises": exercises, "limits": asdict(self.limits), "shut_in": self.shut_in}
        about |= {"skip": self.skip, "done": list(self.results), "helpers": self.order.helpers}
        try:
            student.tell(self.order.content, STARTING, **about)
            student.hear(lambda line: "ready" in line, STARTING)
        except Ended as ended:
            if str(ended) != GONE:
                raise
            words = student.end()[-500:]
            raise CourseError(f"the process for a notebook does not start: {words}") from ended
        student.began()

    def _listen(self, student: StudentProcess) -> None:
        while True:
            line = student.hear(lambda line: not _WORDS.isdisjoint(line), self.limits.cell_seconds)
            if "cell" in line:
                number = line["cell"]
                if isinstance(number, int) and (not isinstance(self.doing, int) or number > self.doing):
                    self.doing, student.since = number, student.clock.seconds
            elif "asking" in line and line["asking"] in self.by_name:
                self._judge(student, line["asking"])
            elif "missing" in line and line["missing"] in self.by_name:
                self._conclude(line["missing"], "missing", str(line.get("message")))
            elif "unreadable" in line:
                for name in self.by_name:
                    self._conclude(name, "unreadable", str(line["unreadable"]))
                return
            elif "end" in line:
                return

    def _judge(self, student: StudentProcess, name: str) -> None:
        """One answer, to its verdict. Raises Ended where the sandbox has to be left."""
        exercise, cell = self.by_name[name], self.doing
        allowed = exercise["seconds"] + self.limits.seconds
        self.doing, student.since, began = name, student.clock.seconds, time.monotonic()

        def hear(word: str) -> bytes:
            line = student.hear(lambda line: name in (line.get(word), line.get("died")), allowed)
            if line.get(word) != name:
                raise _AnswerDied(str(line.get("message")))
            return body(line)

        def ask(question: bytes) -> bytes:
            student.tell(question, allowed)
            return hear("returned")

        try:
            given = hear("given")
            if name in self.results:
                return
            verdict = self.judge.verdict(exercise, given, ask)
            seconds = round(time.monotonic() - began, 3)
            self._conclude(name, verdict["diagnosis"], verdict["message"], verdict["passed"], seconds)
            student.tell(b"", allowed, over=True)
            hear("died")
        except _AnswerDied as died:
            self._conclude(name, "died", str(died))
        except Died:
            self._conclude(name, "broken", "The judge ended while it judged this answer: grade it by hand.")
            raise
        self.doing, student.since = cell, student.clock.seconds


class _AnswerDied(Exception):
    """An answer has ended its process; the notebook's goes on."""
