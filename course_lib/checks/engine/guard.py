"""What stands between a misbehaving answer and the student's notebook: a clock, fixed randomness, a line number."""

import contextlib
import linecache
import random
import signal
import site
import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

import numpy
import torch

_LIBRARY = str(Path(__file__).resolve().parents[2])
_OTHERS = tuple(
    {*sysconfig.get_paths().values(), *site.getsitepackages(), sys.prefix, sys.base_prefix, "<frozen"}
)


class TooSlow(BaseException):
    """The time is over. Not an Exception, so that `except Exception` in an answer does not swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float, *, processor: bool = False) -> Iterator[None]:
    """Raise TooSlow in the block after `seconds`, and again every half second should something swallow it.

    processor: count what this process computes, and not the clock on the wall; so a grader counts, where many
    processes share a few cores. Only the main thread of a Unix system has this alarm; elsewhere the block runs as long
    as it likes.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    timer, bell = (signal.ITIMER_PROF, signal.SIGPROF) if processor else (signal.ITIMER_REAL, signal.SIGALRM)

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(bell, ring)
    signal.setitimer(timer, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(bell, before)


def too_slow(late: TooSlow, seconds: float) -> str:
    """What a student is told whose answer was cut short after `seconds`."""
    return (
        f"It was still running after {seconds:g} s{own_line(late.__traceback__)}, and was stopped: a loop that never "
        "ends, or far too many steps?"
    )


@contextlib.contextmanager
def fixed_surroundings(number: int) -> Iterator[None]:
    """Seed every global source of randomness, allow gradients, and put all back as it was."""
    python, array, kind, learning = (
        random.getstate(),
        numpy.random.get_state(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
    )
    try:
        with torch.random.fork_rng(devices=[]):
            random.seed(number)
            numpy.random.seed(number % 2**32)
            torch.manual_seed(number)
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
            yield
    finally:
        random.setstate(python)
        numpy.random.set_state(array)
        torch.set_default_dtype(kind)
        torch.set_grad_enabled(learning)


def own_line(trace: TracebackType | None) -> str:
    """The last line of a traceback that the student wrote: " in line 3, `x = y + 1`"; empty where there is none."""
    line = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith((_LIBRARY, *_OTHERS)):
            text = linecache.getline(name, trace.tb_lineno).strip()
            line = f" in line {trace.tb_lineno}" + (f", `{text}`" if text else "")
        trace = trace.tb_next
    return line
