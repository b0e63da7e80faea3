"""When a run stops before its end: asked by a person, by a cluster, or by the clock. It saves itself first."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course_lib.errors import CourseError


class Interrupted(CourseError):
    """The run was asked to stop (Ctrl-C, SIGTERM) and saved itself first."""

    exit_code = 130


class Requeue(Interrupted):
    """Its time on this machine is over (SIGUSR1, max_minutes): it saved itself and wants to be started again.

    75 is EX_TEMPFAIL of <sysexits.h>: a failure that trying again mends.
    """

    exit_code = 75


# asked between two steps: how the run must stop now, or None
Question = Callable[[], type[Interrupted] | None]


def nobody_asks() -> None:
    """The answer where nobody may ask a run to stop."""


def queue_again(stop: type[Interrupted]) -> str:
    """What the sentence of a stop says of its exit code, where a cluster reads it."""
    return f" (exit code {stop.exit_code}: queue it again)" if stop is Requeue else ""


@contextmanager
def deferred_stops(max_minutes: float = 0.0) -> Iterator[Question]:
    """Turn Ctrl-C, SIGTERM, SIGUSR1 and the end of `max_minutes` (0: no limit) into a question that the loop asks
    between steps. A second Ctrl-C stops without saving, once a file that is being written is whole. Signals reach the
    main thread alone."""
    asked: list[type[Interrupted]] = []
    end = time.monotonic() + 60 * max_minutes if max_minutes else float("inf")

    def question() -> type[Interrupted] | None:
        if asked:
            return Interrupted if Interrupted in asked else Requeue
        return Requeue if time.monotonic() >= end else None

    if threading.current_thread() is not threading.main_thread():
        yield question
        return

    def stop(signum: int, frame: object) -> None:
        asked.append(Interrupted)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def requeue(signum: int, frame: object) -> None:
        asked.append(Requeue)

    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGUSR1: requeue}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield question
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
