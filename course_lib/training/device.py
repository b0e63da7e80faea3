"""The machine under a run: its device, the precision that pays there, and settings that make steps fast."""

import ctypes
import functools
import platform
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from course_lib import variables
from course_lib.errors import CourseError, UsageError
from course_lib.ranks import ranks

# raise it when "auto" comes to mean another precision, or a precision another arithmetic
NUMERICS = 1
PRECISIONS = ("auto", "fp32", "bf16")


def best() -> torch.device:
    """A GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def named(name: str | None) -> torch.device:
    """The device of that name, a CPU or an accelerator that torch can use here; without one the best there is.

    Raises UsageError for one that this machine has not, and for a GPU's number where several processes work together:
    all would take that one. Raises CourseError for one that it has and that cannot be used now.
    """
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    counts = {"cpu": 1} | ({accelerator.type: torch.accelerator.device_count()} if accelerator else {})
    known = f"use {' or '.join(counts)}"
    try:
        chosen = best() if name is None else torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"there is no device '{name}': {known}.") from error
    if chosen.index is not None and (world := ranks().world) > 1:
        raise UsageError(
            f"--device {name} would be the device of all {world} processes: give --device {chosen.type}, and each "
            f"takes the one of its own number."
        )
    problem = _problem(chosen)
    why = f" ({problem})" if problem else ""
    if (chosen.index or 0) >= counts.get(chosen.type, 0):  # torch knows many that nothing can be trained on
        raise UsageError(f"there is no device '{chosen}' on this machine{why}: {known}.")
    if problem:
        raise CourseError(
            f"the device '{chosen}' of this machine cannot be used now{why}: wait until it is free, or give --device "
            f"cpu."
        )
    return torch.device("cpu") if chosen.type == "cpu" else chosen


def _problem(device: torch.device) -> str:
    """What torch says when it is to use a device, as a clause; empty where it can."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:  # not compiled for it, no driver, no module
        first = (str(error) or type(error).__name__).splitlines()[0]
        return first.partition(". ")[0].rstrip(".")[:160]
    return ""


@functools.cache
@variables.instructions_may_be_hidden
def has_native_bf16(kind: str) -> bool:
    """Whether a device of this kind ("cpu" or "cuda") multiplies bfloat16 faster than float32."""
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind != "cpu" or sys.platform != "linux":
        return False
    # without one of these instruction sets bfloat16 is emulated, and slower than float32
    flags = set(Path("/proc/cpuinfo").read_text().split())
    return bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})


def check_precision(precision: str) -> None:
    """Raises UsageError for what is no precision."""
    if precision not in PRECISIONS:
        raise UsageError(f"precision must be one of {', '.join(PRECISIONS)}, not '{precision}'.")


@variables.precision_may_be_set
def resolve_precision(precision: str, device: torch.device, images: bool) -> str:
    """ "auto" becomes bf16 for images where the hardware has it, else fp32 (a small MLP gains nothing).

    $COURSE_PRECISION decides in its place: see `course_lib.variables`.
    """
    check_precision(precision)
    if precision == "auto":
        return "bf16" if images and has_native_bf16(device.type) else "fp32"
    return precision


def autocast(precision: str, device: torch.device) -> Callable[[], AbstractContextManager]:
    """What a method wraps its networks' forwards in: bfloat16 arithmetic with float32 weights, or nothing."""
    if precision == "fp32":
        return nullcontext
    return functools.partial(torch.autocast, device.type, dtype=torch.bfloat16)


@functools.cache
def tune_allocator() -> bool:
    """Keep freed buffers in the process on Linux: returning and faulting them back costs a step about 10 %.

    Returns whether anything was set. Settings given in the environment (MALLOC_...) were read earlier and lose.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    trim_threshold, mmap_threshold, one_gib = -1, -3, 1 << 30  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(mmap_threshold, one_gib) and libc.mallopt(trim_threshold, one_gib))


def describe(device: torch.device) -> dict[str, str | int]:
    """What to write beside a measurement: device, threads, the CPU's instructions as torch uses them, and versions."""
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else _processor(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
