"""Environment variables that vary a run: how `course robustness` and continuous integration try a page otherwise.

COURSE_PRECISION      fp32 or bf16: what the precision "auto" becomes.
COURSE_SEED_SHIFT     an integer that is added to the seed of every draw; 0, or none, changes nothing. What a data set
                      consists of stays the same.
ONEDNN_MAX_CPU_ISA    oneDNN's own: the newest instructions that it uses. Below those that multiply bfloat16, a machine
                      counts as one without them.

Functions that obey a variable are wrapped by a decorator from here. Without the variable a decorator does nothing, so a
recorded study does not depend on it: `records.fingerprint` leaves this module out.
"""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from course_lib.errors import UsageError

PRECISION = "COURSE_PRECISION"
SEED_SHIFT = "COURSE_SEED_SHIFT"
ONEDNN = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # the second is its older name
# oneDNN's names for instruction sets that have no product of bfloat16 numbers
WITHOUT_BF16 = {"sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2", "avx512_core", "avx512_core_vnni"}
# read when a process starts, by torch's own kernels and by oneDNN: an ordinary processor on any newer one
PLAIN_INSTRUCTIONS = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}

_draws_are_fixed: ContextVar[bool] = ContextVar("_draws_are_fixed", default=False)


def seed_shift() -> int:
    """What is added to seeds now. Raises UsageError when $COURSE_SEED_SHIFT is no integer."""
    text = os.environ.get(SEED_SHIFT, "").strip()
    if not text or _draws_are_fixed.get():
        return 0
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{SEED_SHIFT} is '{text}': set it to an integer, or unset it.") from None


def shifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function whose first argument is a seed: the shift is added to it.

    A grader's seed is a text; it is no number to shift.
    """

    @functools.wraps(function)
    def wrapper(seed: int | str, *args: Any, **named: Any) -> Any:
        return function(seed + seed_shift() if isinstance(seed, int) else seed, *args, **named)

    return wrapper


@contextmanager
def unshifted() -> Iterator[None]:
    """Decorator and context: draws made inside are part of a data set, so the shift is not added to their seeds."""
    token = _draws_are_fixed.set(True)
    try:
        yield
    finally:
        _draws_are_fixed.reset(token)


def precision_may_be_set(resolve: Callable[..., str]) -> Callable[..., str]:
    """Decorator of `resolve_precision(precision, device, images)`: $COURSE_PRECISION stands for "auto".

    bf16 holds for images, as with "auto": networks of points stay in fp32. Raises UsageError for another value, and
    for bf16 where the device would emulate it; a run can ask for that by name (`--precision bf16`).
    """

    @functools.wraps(resolve)
    def wrapper(precision: str, device: Any, images: bool) -> str:
        wanted = os.environ.get(PRECISION) or "auto"
        if precision != "auto" or wanted == "auto":
            return resolve(precision, device, images)
        if wanted not in ("fp32", "bf16"):
            raise UsageError(f"{PRECISION} is '{wanted}': set it to auto, fp32 or bf16, or unset it.")
        if wanted == "bf16" and images and resolve("auto", device, images) != "bf16":
            raise UsageError(
                f"{PRECISION} is bf16, which this machine emulates, many times slower than fp32: unset it, or ask a "
                f"run for it by name (--precision bf16)."
            )
        return "fp32" if wanted == "fp32" or not images else "bf16"

    return wrapper


def instructions_may_be_hidden(has_native: Callable[[str], bool]) -> Callable[[str], bool]:
    """Decorator of `has_native_bf16(kind)`: False where oneDNN, which multiplies there, may not use the instructions.

    Measured on a processor with avx512_bf16, products of 512 × 512 matrices on one core: 528 GFLOP/s, and 3 with
    ONEDNN_MAX_CPU_ISA=AVX2. ATEN_CPU_CAPABILITY=avx2 alone hides no products (510).
    """

    @functools.wraps(has_native)
    def wrapper(kind: str) -> bool:
        newest = next((os.environ[name] for name in ONEDNN if os.environ.get(name)), "")
        return not (kind == "cpu" and newest.lower() in WITHOUT_BF16) and has_native(kind)

    return wrapper
