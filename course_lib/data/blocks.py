"""Cheap checksums of a prepared set, block by block: a flipped bit or a hole is noticed before, or while, it is used.

A set of moderate size is looked through when it is first opened in a process. A large one is looked through by a
thread, at a fifth of a processor's time, while batches of it are drawn.
"""

import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from course_lib.errors import CourseError

BLOCK = 4 << 20  # bytes
# bytes that are looked through before a set is handed over: some tenths of a second at most
AT_ONCE = 128 << 20
SHARE = 0.2  # of a processor's time that the thread takes


def checksums(array: np.ndarray) -> list[int]:
    """CRC-32 of each block of an array's bytes."""
    return [zlib.crc32(block) for block in _blocks(array)]


def first_damage(array: np.ndarray, stated: Sequence[int]) -> int | None:
    """The first byte of the first block that is not as stated; None when all are."""
    for number, block in enumerate(_blocks(array)):
        if number >= len(stated) or zlib.crc32(block) != stated[number]:
            return number * BLOCK
    return None


class Watch:
    """Looks through the images of a large set once, beside the training that `start` belongs to."""

    def __init__(self, name: str, images: np.ndarray, stated: Sequence[int]):
        self.name, self.images, self.stated = name, images, stated
        self.damage: int | None = None
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, at the first call."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._work, name="course-blocks", daemon=True)
            self.thread.start()

    def check(self) -> None:
        """Raises CourseError when damage has been found so far."""
        if self.damage is not None:
            raise CourseError(
                f"the prepared images of {self.name} are damaged at byte {self.damage:,}: `course data check` prepares "
                f"them again; go on from a checkpoint that is older than the damage, or train anew."
            )

    def _work(self) -> None:
        for number, block in enumerate(_blocks(self.images)):
            start = time.thread_time()
            if number >= len(self.stated) or zlib.crc32(block) != self.stated[number]:
                self.damage = number * BLOCK
                return
            time.sleep((time.thread_time() - start) * (1 / SHARE - 1))


def damaged_parts(arrays: Mapping[str, np.ndarray | None], stated: Mapping[str, Sequence[int]]) -> list[str]:
    """Names of the arrays that are not as stated. What an older version stated nothing of counts as whole."""
    return [
        name
        for name, array in arrays.items()
        if array is not None and name in stated and first_damage(array, stated[name]) is not None
    ]


def _blocks(array: np.ndarray) -> Iterator[memoryview]:
    if array.size:
        content = np.ascontiguousarray(array).data.cast("B")
        for first in range(0, len(content), BLOCK):
            yield content[first : first + BLOCK]
