"""What goes from one process to another: data of a student's as bytes that can run no code, and the course's own.

What a student's process says is JSON and safetensors, for whoever reads it must have nothing to fear. What it is told
comes from the course and is pickled, for a question may hold a network or a function.
"""

import io
import json
import pickle
import struct
from typing import Any

import cloudpickle
import numpy
import torch
from torch import Tensor, nn


class Unreadable(Exception):
    """Bytes that are no data of ours: cut short, damaged, or made of what is not data."""


class Opaque:
    """Stands for an object of the student's that is no data: a function, a network. It cannot be called."""

    def __init__(self, kind: str):
        self.kind = kind

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        raise Unreadable(f"a {self.kind} of the student's is used without the trial")


def write(value: Any) -> tuple[bytes, list[Tensor]]:
    """Plain values, arrays and tensors as bytes: a length, JSON, and safetensors; and the tensors in it, in order.

    Tensors keep values, dtype and whether a gradient flows through them. Anything else becomes `Opaque`.
    """
    from safetensors.torch import save

    tensors: list[Tensor] = []
    text = json.dumps(_pack(value, tensors)).encode()
    plain = {str(n): t.detach().to("cpu", copy=True).contiguous() for n, t in enumerate(tensors)}
    return struct.pack("<Q", len(text)) + text + save(plain), tensors


def read(content: bytes) -> tuple[Any, list[Tensor]]:
    """What `write` was given, with tensors of its own. Raises Unreadable for anything else."""
    from safetensors.torch import load

    try:
        (length,) = struct.unpack_from("<Q", content)
        stored = load(content[8 + length :])
        tensors = [stored[str(n)] for n in range(len(stored))]
        return _unpack(json.loads(content[8 : 8 + length]), tensors), tensors
    except Exception as error:
        raise Unreadable(f"what came back is damaged ({type(error).__name__})") from error


def _pack(node: Any, tensors: list[Tensor]) -> Any:
    if node is None or isinstance(node, (bool, str)):
        return node
    if isinstance(node, numpy.generic):
        return _pack(node.item(), tensors)
    if isinstance(node, (int, float)):
        return node if isinstance(node, float) or abs(node) < 2**63 else {"opaque": "huge number"}
    if node is ...:
        return {"dots": True}
    if isinstance(node, Tensor) and not node.is_complex() and not node.is_sparse:
        tensors.append(node)
        return {"tensor": len(tensors) - 1, "flows": node.requires_grad}
    if isinstance(node, numpy.ndarray) and node.dtype.kind in "biuf":
        return {"array": _pack(torch.from_numpy(numpy.ascontiguousarray(node).copy()), tensors)}
    if isinstance(node, dict):
        return {"dict": [[_pack(k, tensors), _pack(v, tensors)] for k, v in node.items()]}
    if isinstance(node, (list, tuple, set, frozenset)):
        kind = "tuple" if isinstance(node, tuple) else "list"
        return {kind: [_pack(item, tensors) for item in node]}
    return {"opaque": type(node).__name__[:50]}


def _unpack(node: Any, tensors: list[Tensor]) -> Any:
    if not isinstance(node, dict):
        return node
    if "tensor" in node:
        tensor = tensors[node["tensor"]]
        return tensor.requires_grad_() if node["flows"] and tensor.is_floating_point() else tensor
    if "dots" in node:
        return ...
    if "opaque" in node:
        return Opaque(str(node["opaque"]))
    ((kind, inside),) = node.items()
    if kind == "array":
        return _unpack(inside, tensors).numpy()
    if kind == "dict":
        return {_unpack(k, tensors): _unpack(v, tensors) for k, v in inside}
    items = [_unpack(item, tensors) for item in inside]
    return tuple(items) if kind == "tuple" else items


class _Pickler(cloudpickle.Pickler):
    """Puts the tensors that it meets, wherever they are, into a list of their own."""

    def __init__(self, file: io.BytesIO):
        super().__init__(file)
        self.tensors: list[Tensor] = []
        self._numbers: dict[int, int] = {}

    def persistent_id(self, value: Any) -> int | None:
        if not isinstance(value, Tensor):
            return None
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self.tensors)
            self.tensors.append(value)
        return self._numbers[id(value)]


class _Unpickler(pickle.Unpickler):
    tensors: list[Tensor]

    def persistent_load(self, number: int) -> Tensor:
        return self.tensors[number]


def dump(value: Any) -> tuple[bytes, list[Tensor]]:
    """Anything of the course's own as bytes, and the tensors in it, in order: those of networks and closures too."""
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(value)
    plain = [
        (t.detach(), t.requires_grad, isinstance(t, nn.Parameter), t.grad if t.is_leaf else None)
        for t in pickler.tensors
    ]
    return pickle.dumps((file.getvalue(), plain)), pickler.tensors


def load(content: bytes) -> tuple[Any, list[Tensor]]:
    """What `dump` was given, with tensors of its own. Runs what the bytes say: for bytes of the course's own only."""
    inner, plain = pickle.loads(content)
    unpickler = _Unpickler(io.BytesIO(inner))
    unpickler.tensors = [_tensor(*about) for about in plain]
    return unpickler.load(), unpickler.tensors


def _tensor(value: Tensor, flows: bool, parameter: bool, gradient: Tensor | None) -> Tensor:
    tensor = nn.Parameter(value, flows) if parameter else value.requires_grad_(flows)
    tensor.grad = gradient
    return tensor
