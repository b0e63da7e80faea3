"""What a student's functions return, as bytes: JSON and safetensors, for whoever reads them has nothing to fear."""

import json
import struct
from typing import Any

import numpy
import torch
from torch import Tensor


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
