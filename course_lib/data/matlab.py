"""MATLAB's level 5 files, as far as arrays of numbers go: the format of SVHN.

scipy reads them too, but a damaged file can end the whole process there; nothing here leaves Python and numpy.
Format: "MAT-File Format" (The MathWorks), chapter 1.
"""

import math
import struct
import zlib
from pathlib import Path

import numpy as np

# numbers of the data types in the format, and of the classes of arrays
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
MATRIX, COMPRESSED = 14, 15
HEADER = 128  # bytes: text, version, byte order


def read(path: Path, names: tuple[str, ...], largest: int) -> dict[str, np.ndarray]:
    """The arrays of these names in a file, of at most `largest` bytes each, in MATLAB's (Fortran's) order.

    Others are passed over. Raises ValueError, zlib.error or struct.error for what is no such file, OSError when it
    cannot be read.
    """
    found: dict[str, np.ndarray] = {}
    with open(path, "rb") as file:
        header = file.read(HEADER)
        order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
        if order is None:
            raise ValueError("not a MATLAB file of level 5")
        while (tag := file.read(8)) and not found.keys() >= set(names):
            kind, size = struct.unpack(order + "II", tag)
            if size > largest + 4096:
                raise ValueError(f"an element of {size:,} bytes")
            content: bytes | memoryview = file.read(size)
            if len(content) < size:
                raise ValueError(f"cut short by {size - len(content):,} bytes")
            if kind == COMPRESSED:
                content = _unpacked(bytes(content), largest)
                kind, size = struct.unpack_from(order + "II", content)
                content = memoryview(content)[8:]
                if len(content) != size:
                    raise ValueError(f"{len(content):,} bytes unpacked where {size:,} belong")
            if kind == MATRIX:
                name, array = _matrix(memoryview(content), order, names)
                if name in names and array is not None:
                    found[name] = array
    return found


def _unpacked(content: bytes, largest: int) -> bytes:
    """Bytes of a compressed element, checked against its checksum."""
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(content, largest + 4096)
    if not unpacker.eof:
        raise ValueError("a compressed array that is cut short, or too large")
    return unpacked


def _matrix(content: memoryview, order: str, names: tuple[str, ...]) -> tuple[str, np.ndarray | None]:
    """Name and numbers of an array; None for the numbers when the name is not wanted.

    The parts follow each other: flags (the class in the lowest byte), dimensions, name, real numbers.
    """
    flags, place = _part(content, 0, order)
    dimensions, place = _part(content, place, order)
    label, place = _part(content, place, order)
    name = bytes(label).decode("ascii", "replace")
    if name not in names:
        return name, None
    shape = tuple(dimensions.tolist())
    kind = int(flags[0]) & 0xFF
    if kind not in CLASSES or int(flags[0]) & 0x800:
        raise ValueError(f"{name} is no array of real numbers")
    numbers, _ = _part(content, place, order)  # possibly of a smaller type than the array's
    if min(shape, default=0) < 0 or len(shape) < 2 or math.prod(shape) != len(numbers):
        raise ValueError(f"{name} has {len(numbers):,} numbers for the shape {shape}")
    return name, numbers.astype(CLASSES[kind], copy=False).reshape(shape, order="F")


def _part(content: memoryview, place: int, order: str) -> tuple[np.ndarray, int]:
    """The numbers of the part at `place`, and where the next one begins."""
    kind, size = struct.unpack_from(order + "II", content, place)
    start = place + 8
    if kind >> 16:  # up to four bytes stand within the tag itself
        kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
    after = start + size if start == place + 8 else place + 8
    if kind not in TYPES or start + size > len(content):
        raise ValueError(f"a part of type {kind} and {size:,} bytes, which is not possible here")
    numbers = np.frombuffer(content[start : start + size], order + TYPES[kind])
    return numbers, after + -after % 8
