"""All that a pickle may call, make or mention, and what stands here instead of it. Nothing else is ever called."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from course_lib.inversion.pretrained.objects import (
    DTYPES,
    Name,
    Object,
    Storage,
    Stored,
    Unreadable,
    parameter,
    persistent,
    shown,
    tensor,
    wholes,
)

# numpy's codes, less the byte order, and those of `struct`
CODES = {
    "f4": (torch.float32, "f"),
    "f8": (torch.float64, "d"),
    "f2": (torch.float16, "e"),
    "i8": (torch.int64, "q"),
    "i4": (torch.int32, "i"),
    "i2": (torch.int16, "h"),
    "i1": (torch.int8, "b"),
    "u1": (torch.uint8, "B"),
    "b1": (torch.bool, "?"),
}


@dataclass(eq=False)
class NumpyType:
    """A kind of number, as numpy writes it: a code such as f4."""

    code: str


def numpy_type(code: Any, *others: Any) -> NumpyType:
    """`numpy.dtype`. Raises Unreadable for arrays of objects, which can hold anything."""
    if not isinstance(code, str) or code.lstrip("<|=") not in CODES:
        raise Unreadable(f"it has arrays of the kind {shown(code)}, and weights are arrays of numbers")
    return NumpyType(code.lstrip("<|="))


def numpy_scalar(kind: Any, data: Any) -> int | float | bool:
    """`numpy.core.multiarray.scalar`."""
    if not isinstance(kind, NumpyType) or not isinstance(data, bytes):
        raise Unreadable("a number in it has no kind")
    try:
        return struct.unpack(f"<{CODES[kind.code][1]}", data)[0]
    except struct.error as error:
        raise Unreadable("a number in it has too few or too many bytes") from error


def numpy_array(kind: Any, *others: Any) -> Stored:
    """`numpy.core.multiarray._reconstruct`: an array whose numbers follow."""
    if kind != Name("numpy.ndarray"):
        raise Unreadable("an array in it is of no known kind")
    return Stored()


def fill(array: Stored, state: Any) -> None:
    """The state of a numpy array: version, shape, kind, order and bytes."""
    if array.storage is not None or not isinstance(state, tuple) or len(state) != 5:
        raise Unreadable("an array in it is told of in a way that numpy does not use")
    _, size, kind, fortran, data = state
    if not isinstance(kind, NumpyType) or not isinstance(data, bytes):
        raise Unreadable("an array in it holds something else than numbers")
    shape, dtype = wholes(size), CODES[kind.code][0]
    count = math.prod(shape)
    if count * dtype.itemsize != len(data):
        raise Unreadable(f"an array of the shape {shape} in it has {len(data):,} bytes")
    array.storage, array.shape = Storage(dtype, count, memoryview(data)), shape
    array.stride = _dense(shape[::-1])[::-1] if fortran else _dense(shape)


def _dense(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of a row-major array."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def encoded(text: Any, encoding: Any) -> bytes:
    """`_codecs.encode` as protocol 2 writes bytes with it, and no other codec."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Unreadable(f"it asks for the codec {shown(encoding)}")
    return text.encode("latin-1")


def collection(items: Any = ()) -> list[Any]:
    """`set`: only the names of buffers come in one, and a list does."""
    if not isinstance(items, (list, tuple)):
        raise Unreadable("a set in it is made of something that is no list")
    return list(items)


def mapping(items: Any = ()) -> dict[Any, Any]:
    """`collections.OrderedDict`, empty or of pairs."""
    if not isinstance(items, (list, tuple)):
        raise Unreadable("a dictionary in it is made of something that is no list")
    found: dict[Any, Any] = {}
    for pair in items:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise Unreadable("a dictionary in it is made of something that is no pair")
        found[key(pair[0])] = pair[1]
    return found


def key(value: Any) -> Any:
    """A key of a dictionary. Raises Unreadable for one that is no word and no number."""
    if value is not None and type(value) not in (str, int, float, bool, bytes):
        raise Unreadable("a dictionary in it has keys that are neither words nor numbers")
    return value


Call = Callable[..., Any]
# what a pickle may call, and what stands here instead of it
CALLS: Mapping[str, Call] = {
    "_codecs.encode": encoded,
    "__builtin__.set": collection,
    "builtins.set": collection,
    "collections.OrderedDict": mapping,
    "numpy.core.multiarray._reconstruct": numpy_array,
    "numpy._core.multiarray._reconstruct": numpy_array,
    "numpy.core.multiarray.scalar": numpy_scalar,
    "numpy._core.multiarray.scalar": numpy_scalar,
    "numpy.dtype": numpy_type,
    "torch.Size": wholes,
    "torch._utils._rebuild_parameter": parameter,
    "torch._utils._rebuild_tensor": tensor,
    "torch._utils._rebuild_tensor_v2": tensor,
    "torch_utils.persistence._reconstruct_persistent_obj": persistent,
}
# classes whose objects it may hold
CLASSES: Mapping[str, Call] = {
    "argparse.Namespace": lambda: Object("argparse.Namespace"),
    "collections.OrderedDict": dict,
    "dnnlib.tflib.network.Network": lambda: Object("dnnlib.tflib.network.Network"),
    "dnnlib.util.EasyDict": dict,
}
# what it may name without ever calling it
MENTIONED = {"numpy.ndarray"} | {f"torch.{kind}Storage" for kind in DTYPES}
MENTIONED |= {str(dtype) for dtype in DTYPES.values()}
