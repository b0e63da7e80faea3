"""The IDX format, in which MNIST and its relatives come: a big-endian header, then the bytes of one array."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError

LARGEST = 1 << 30  # bytes; a damaged header must not make us reserve the machine's memory


def read(path: Path, dimensions: int) -> np.ndarray:
    """The array of bytes in an IDX file, packed by gzip when its name ends in `.gz`.

    Returns uint8 with `dimensions` axes: (N, H, W) for images, (N,) for labels.
    Raises CourseError that names the file when it is not IDX, is cut short, or fails gzip's checksum.
    Format: http://yann.lecun.com/exdb/mnist/ (the section on file formats).
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            header = file.read(4 + 4 * dimensions)
            # two zero bytes, 8 for unsigned bytes, the number of axes
            if header[:4] != bytes([0, 0, 8, dimensions]) or len(header) < 4 + 4 * dimensions:
                raise _damaged(path, f"it does not begin like an IDX file of {dimensions} axes")
            shape = np.frombuffer(header, ">u4", offset=4).tolist()
            size = math.prod(shape)
            if size > LARGEST:
                raise _damaged(path, f"its header promises {size:,} bytes")
            # reading to the end is also what makes gzip compare its checksum
            content = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, str(error).rstrip(".")) from error
    if len(content) != size:
        excess = "more" if len(content) > size else f"{size - len(content):,} fewer"
        raise _damaged(path, f"it holds {excess} bytes than the {size:,} that its header promises")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _damaged(path: Path, reason: str) -> CourseError:
    return CourseError(f"{path} is damaged ({reason}): delete it and get the data again.")
