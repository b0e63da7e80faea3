"""Decoding in threads, into one file of bytes."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from course_lib.data.images import Damaged, Raw
from course_lib.errors import CourseError

CHUNK = 256  # images decoded between two reports of progress
SHARE = 64  # of them that a thread takes at a time: drawn faces share what Python costs
NAMED = 5  # damaged pictures that an error names; it counts the others
Progress = Callable[[int, int], None]


def write_images(path: Path, raw: Raw, resolution: int, skip_damaged: bool, progress, name: str):
    """Stream the images to `path`. Returns the numbers of those kept, and how many were skipped.

    Raises CourseError, once all pictures were tried, that counts and names the damaged ones; with `skip_damaged` only
    when there is no other. OSError when the disk is full.
    """
    shape = (raw.count, raw.channels, resolution, resolution)
    kept: list[int] = []
    damaged: list[CourseError] = []
    # plain writes, not a memory map: a full disk is then an error that can be told, not a bus error
    with open(path, "wb") as file, _progress(progress, raw.count, name) as report:
        start = _header(file, shape)
        for first, rows in _rendered(raw, resolution):
            for number, row in enumerate(rows, first):
                if isinstance(row, CourseError):
                    damaged.append(row)
                elif skip_damaged or not damaged:  # else the rest is read only to find what is damaged
                    file.write(np.ascontiguousarray(row).data)
                    kept.append(number)
            report(first + len(rows), raw.count)
        if damaged and (not skip_damaged or not kept):
            raise told(damaged, raw.count, name)
        file.seek(0)
        if _header(file, (len(kept), *shape[1:])) != start:
            raise AssertionError("numpy's header changed its length")
        file.flush()
        os.fsync(file.fileno())
    return kept, raw.count - len(kept)


def told(damaged: list[CourseError], count: int, name: str) -> CourseError:
    """One sentence that counts the damaged pictures of a set of `count`, and names the first ones with the reason."""
    first = [f"{d.picture} ({d.reason})" if isinstance(d, Damaged) else str(d) for d in damaged[:NAMED]]
    more = f" and {len(damaged) - NAMED:,} more" if len(damaged) > NAMED else ""
    cure = "replace or remove them"
    if len(damaged) < count:
        cure += ", or leave them out with skip_damaged=True (on the command line --skip-damaged)"
    return CourseError(
        f"{len(damaged):,} of {count:,} pictures of {name} cannot be read: {', '.join(first)}{more}: {cure}."
    )


def _header(file, shape: tuple[int, ...]) -> int:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.tell()


def _rendered(raw: Raw, resolution: int) -> Iterator[tuple[int, list]]:
    """(number of the first, images) chunk by chunk; Pillow decodes without Python's lock, so threads help."""
    workers = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's on odd metadata; what matters is raised as an error
        for first in range(0, raw.count, CHUNK):
            numbers = range(first, min(first + CHUNK, raw.count))
            shares = [numbers[i : i + SHARE] for i in range(0, len(numbers), SHARE)]
            yield (
                first,
                [row for rows in pool.map(lambda s: raw.render(s, resolution), shares) for row in rows],
            )


@contextlib.contextmanager
def _progress(own: Progress | None, total: int, name: str):
    if own or not sys.stderr.isatty():
        yield own or (lambda done, total: None)
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=f"preparing {Path(name).name}", unit=" images") as bar:
        yield lambda done, total: bar.update(done - bar.n)
