"""What a pickle of weights may stand for, as data: numbers that lie somewhere in a file, and objects by their name.

Nothing here is an instance of a class that a file names. Sizes are compared with what the file really holds before
memory is taken for them.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MOST_AXES = 8
DTYPES = {
    "Float": torch.float32,
    "Double": torch.float64,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
}


class Unreadable(Exception):
    """Why a file is not read, as a clause."""


def shown(text: Any) -> str:
    """What a file says, made safe to print: short, and without control characters; of what is no word, its kind."""
    word = ascii(text)[1:-1] if isinstance(text, str) else f"a {type(text).__name__}"
    return word if len(word) <= 80 else f"{word[:77]}..."


@dataclass(frozen=True)
class Name:
    """A class or a function that a pickle names: its name, and not it."""

    name: str


@dataclass(eq=False)
class Object:
    """An object of a class that a pickle names: the name, and what belongs to the object."""

    name: str
    state: dict[Any, Any] | None = None


@dataclass(eq=False)
class Storage:
    """Numbers of one kind in a row. data: their bytes, which some formats give only after the rest."""

    dtype: torch.dtype
    count: int
    data: memoryview | None = None


@dataclass(eq=False)
class Stored:
    """A tensor that lies in a storage and takes no memory until `read`. Without a storage while it is being told of."""

    storage: Storage | None = None
    offset: int = 0
    shape: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def last(self) -> int:
        """Where in the storage its last number lies."""
        return self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))

    def read(self) -> Tensor:
        """The tensor, in memory of its own. Raises Unreadable where the file lacks its numbers."""
        if self.storage is None or self.storage.data is None:
            raise Unreadable("a tensor in it has no numbers")
        if not self.count:
            return torch.empty(self.shape, dtype=self.storage.dtype)
        size = self.storage.dtype.itemsize
        part = self.storage.data[self.offset * size : (self.last + 1) * size]
        whole = torch.frombuffer(bytearray(part), dtype=self.storage.dtype)
        return torch.as_strided(whole, self.shape, self.stride).clone(memory_format=torch.contiguous_format)


def storage_type(name: Name) -> torch.dtype:
    """torch.FloatStorage -> float32. Raises Unreadable for what is no storage."""
    kind = name.name.removeprefix("torch.").removesuffix("Storage")
    if not name.name.endswith("Storage") or kind not in DTYPES:
        raise Unreadable(f"it has numbers of the kind {shown(name.name)}")
    return DTYPES[kind]


def wholes(values: Any) -> tuple[int, ...]:
    """Sizes, offsets or strides. Raises Unreadable for what is none."""
    if not isinstance(values, (tuple, list)) or len(values) > MOST_AXES:
        raise Unreadable("a tensor in it has no shape")
    if any(type(v) is not int or not 0 <= v < 2**62 for v in values):
        raise Unreadable("a tensor in it has sizes that are no counts")
    return tuple(values)


def tensor(storage: Any, offset: Any, size: Any, stride: Any, *others: Any) -> Stored:
    """`torch._utils._rebuild_tensor_v2`. Raises Unreadable for a tensor that is larger than what it lies in."""
    if not isinstance(storage, Storage):
        raise Unreadable("a tensor in it lies in something that is no storage")
    shape, steps, (start,) = wholes(size), wholes(stride), wholes((offset,))
    if len(shape) != len(steps):
        raise Unreadable("a tensor in it has as many strides as it has no sizes")
    made = Stored(storage, start, shape, steps)
    if made.count and (made.count > storage.count or made.last >= storage.count):
        raise Unreadable(
            f"a tensor of the shape {shape} in it is larger than the {storage.count:,} numbers there"
        )
    return made


def parameter(data: Any, *others: Any) -> Stored:
    """`torch._utils._rebuild_parameter`."""
    if not isinstance(data, Stored):
        raise Unreadable("a parameter in it is no tensor")
    return data


def persistent(meta: Any) -> Object:
    """`torch_utils.persistence._reconstruct_persistent_obj`: it carries the source code of its class, which stays
    unread."""
    if not isinstance(meta, dict) or not isinstance(meta.get("class_name"), str):
        raise Unreadable("a persistent object in it names no class")
    if not isinstance(meta.get("state"), dict):
        raise Unreadable(f"the persistent object {shown(meta['class_name'])} in it has no state")
    return Object(meta["class_name"], meta["state"])
