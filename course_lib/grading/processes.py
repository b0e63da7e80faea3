"""What a process and all that it has started use of the machine, as seen from outside."""

import contextlib
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """Of one process, or of several together, at a moment."""

    memory: int = 0  # bytes of its own, and of anonymous memory that it shares
    seconds: float = 0.0  # of the processor, so far
    busy: bool = False  # it would go on if it were let: running, waiting for a core or for a disk


def of_tree(pid: int, born_with: int = 0) -> Usage:
    """Of a process and its descendants. born_with: bytes of each that do not count, such as the libraries'.

    Nothing where /proc does not say. In a PID namespace nobody leaves the tree: process 1, who takes in orphans, is in.
    """
    usages = [of_process(one) for one in tree(pid)]
    memory = sum(max(0, usage.memory - born_with) for usage in usages)
    return Usage(memory, sum(u.seconds for u in usages), any(u.busy for u in usages))


def tree(pid: int) -> list[int]:
    """A process, if it is there, and its descendants."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):  # it has ended meanwhile
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children") as children:
                    waiting += map(int, children.read().split())
    return found


def of_process(pid: int) -> Usage:
    """What one process uses; nothing where it has gone, or where /proc does not say."""
    memory = 0
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith(("RssAnon:", "RssShmem:")):
                    memory += int(line.split()[1]) * 1024
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()  # the name before it may hold anything
    except (OSError, ValueError):
        return Usage()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Usage(memory, seconds, fields[0] in "RD")
