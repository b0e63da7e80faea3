"""What a submission may use, and how the system is told so."""

import contextlib
import os
from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Of one submission. Seconds are of the clock on the wall unless said otherwise."""

    seconds: float = 30.0  # for one answer, beyond what its exercise asks for
    cell_seconds: float = 60.0  # for one of the student's cells
    minutes: float = 10.0  # for the whole notebook
    # bytes, all its processes together, beyond what the libraries themselves hold
    memory: int = 2048 * MEGABYTE
    processes: int = 64  # threads count too
    file: int = 32 * MEGABYTE  # of one file
    disk: int = 64 * MEGABYTE  # of its throw-away folder
    open_files: int = 256
    printed: int = MEGABYTE  # characters that one cell or one answer may print
    notebook: int = 20 * MEGABYTE  # the file handed in


def data_bytes() -> int:
    """Writable private memory that this process has mapped (0 where /proc does not say)."""
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def apply(limits: Limits, *, count_processes: bool) -> None:
    """Bind this process and its children to `limits`; there is no way back.

    count_processes: the limit is per user, so it is only set where the submission has a user of its own.
    """
    import resource

    def most(kind: int, value: int) -> None:
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(kind, (value, value))

    most(resource.RLIMIT_CORE, 0)
    most(resource.RLIMIT_FSIZE, limits.file)
    most(resource.RLIMIT_NOFILE, limits.open_files)
    most(resource.RLIMIT_CPU, int(limits.minutes * 60) + 1)
    # not RLIMIT_AS: torch maps far more than it uses. This one counts what can be written
    if already := data_bytes():
        most(resource.RLIMIT_DATA, already + limits.memory)
    if count_processes:
        most(resource.RLIMIT_NPROC, limits.processes)
    # should the machine run out of memory all the same, the student's process goes first
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    with contextlib.suppress(OSError):
        os.nice(10)


def bound_cpu(seconds: float) -> None:
    """This process may compute for so long (of the processor's time)."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    value = int(seconds) + 1
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (value, value))
