"""How much memory there is, so that what cannot fit is refused in a sentence before it is tried."""

import os


def physical() -> int:
    """Bytes of memory that this machine has; of a container, at most what it may use."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        with open("/sys/fs/cgroup/memory.max") as file:
            limit = file.read().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdecimal() else total


def gigabytes(count: float) -> str:
    """Bytes as text: "3.2 GB"."""
    return f"{count / 1e9:,.1f} GB"
