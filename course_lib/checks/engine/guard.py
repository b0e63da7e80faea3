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
_COMPILER = "torch._dynamo"  # imported by torch itself when it is first needed, which takes seconds
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
    as it likes. An import of a library's is never cut short, and its seconds are not the answer's: they are given
    again (`torch.func` and the first optimiser have torch import its compiler).
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    timer, bell = (signal.ITIMER_PROF, signal.SIGPROF) if processor else (signal.ITIMER_REAL, signal.SIGALRM)

    spared, was_importing = _COMPILER in sys.modules, False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal spared, was_importing
        if _imports_a_library(frame):  # half a module would be left behind: wait for its end
            was_importing = True
        elif was_importing or (not spared and _COMPILER in sys.modules):
            spared, was_importing = True, False
            signal.setitimer(timer, seconds, 0.5)
        else:
            raise TooSlow

    before = signal.signal(bell, ring)
    signal.setitimer(timer, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(bell, before)


def compiler_is_imported() -> bool:
    """Has torch imported its compiler?"""
    return _COMPILER in sys.modules


def _imports_a_library(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "_load_unlocked" and frame.f_code.co_filename.startswith(
            "<frozen importlib"
        ):
            origin = getattr(frame.f_locals.get("spec"), "origin", None)
            return isinstance(origin, str) and origin.startswith((_LIBRARY, *_OTHERS))
        frame = frame.f_back
    return False


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
