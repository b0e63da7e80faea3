"""The judge: a process in which no student's code ever runs, and in which the checkers do.

It imports torch and the checks once, and takes one exercise after the other, each in a child of its own, for what it
reads comes from a student. It asks for the student's answers through whoever has started it.
"""

import gc
import os
import select
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading import limits as limiting
from course_lib.grading.channel import receive, send
from course_lib.grading.limits import Limits

SPARE = 30.0  # seconds of the processor that a verdict may take
SILENT = 300.0  # seconds on the wall after which a judge that says nothing is given up


class Died(Exception):
    """The judge itself has ended."""


class Judge:
    """The judge, as the grader sees it. exercises: chapter -> what there is to judge."""

    def __init__(self, process: subprocess.Popen):
        self.process = process
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        try:
            self.exercises: dict[str, list[dict[str, Any]]] = self._next()[0]["ready"]
        except Died:
            words = self.end()
            raise CourseError(f"the process that judges answers has died: {words[-500:]}") from None

    def verdict(
        self, exercise: dict[str, Any], answer: bytes, ask: Callable[[bytes], bytes]
    ) -> dict[str, Any]:
        """passed, diagnosis and message. answer: what was handed in, as `data`; ask: carries a question to it.

        Raises Died, and whatever `ask` raises.
        """
        try:
            send(
                self._to,
                answer,
                exercise=exercise["name"],
                seed=exercise["seed"],
                seconds=exercise["seconds"],
            )
            while True:
                about, body = self._next()
                if "verdict" in about:
                    return about["verdict"]
                try:
                    reply = ask(body)
                except BaseException:
                    send(self._to, over=True)
                    while "verdict" not in self._next()[0]:
                        pass
                    raise
                send(self._to, reply)
        except BrokenPipeError as error:
            raise Died from error

    def _next(self) -> tuple[dict[str, Any], bytes]:
        if not select.select([self._from], [], [], SILENT)[0]:
            self.process.kill()
        received = receive(self._from)
        if received is None:
            raise Died
        return received

    def end(self) -> str:
        """End it. Returns its last words."""
        self.process.kill()
        return self.process.communicate()[1].decode(errors="replace").strip()


def main() -> None:
    """Judge what is asked for on standard input until that ends."""
    orders, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    send(replies, ready=_exercises())
    gc.collect()
    gc.freeze()  # what is here stays: no child need copy a page to find that out
    while received := receive(orders):
        about, answer = received
        if "exercise" not in about:  # meant for a child that has just died
            continue
        child = os.fork()
        if not child:
            try:
                send(replies, verdict=_verdict(about, answer, orders, replies))
                os._exit(0)
            finally:
                os._exit(1)
        if os.waitpid(child, 0)[1]:
            message = "What your function returned cannot be judged: it is too large, or no data."
            send(replies, verdict={"passed": False, "diagnosis": "unjudged", "message": message})


def _exercises() -> dict[str, list[dict[str, Any]]]:
    """Chapter -> its exercises, with what the grader must know of them."""
    import numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    from course_lib.checks.api import CHAPTERS, of_chapter
    from course_lib.grading import remote  # noqa: F401

    return {
        chapter: [
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
        for chapter in dict.fromkeys(CHAPTERS.values())
    }


class _Over(BaseException):
    """The grader does not want the verdict any more."""


def _verdict(about: dict[str, Any], answer: bytes, orders: int, replies: int) -> dict[str, Any] | None:
    from course_lib.checks.engine.assess import assess
    from course_lib.grading import data
    from course_lib.grading.remote import RemoteTrial

    def ask(question: bytes) -> bytes:
        send(replies, question)
        received = receive(orders)
        if received is None or "over" in received[0]:
            raise _Over
        return received[1]

    limiting.apply(Limits(), count_processes=False)
    limiting.bound_cpu(about["seconds"] + SPARE)
    try:
        given, _ = data.read(answer)
        return asdict(
            assess(
                about["exercise"],
                given,
                about["seed"],
                seconds=about["seconds"] + SPARE / 2,
                processor=True,
                trial=lambda exercise, seed: RemoteTrial(exercise, seed, ask),
            )
        )
    except data.Unreadable as error:
        return {"passed": False, "diagnosis": "unjudged", "message": f"The check cannot read it: {error}."}
    except _Over:
        return None


if __name__ == "__main__":
    main()
