"""What a student's code answered, as data: recorded where that code runs, judged where it never was.

The recording trial writes down what came back from each guarded call, and the gradients that the checker asked for.
The replaying trial gives the same checker, in a process that no student's code has touched, what was recorded instead
of calling anything. A forged verdict is then worth nothing: only the answers count.
"""

import json
import struct
from collections.abc import Callable, Collection
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from course_lib.checks.engine.exercise import Exercise
from course_lib.checks.engine.trial import Trial, Wrong


class Unreadable(Exception):
    """A recording that does not fit the checker: cut short, damaged, or made of what is not data."""


class Opaque:
    """Stands for an object of the student's that is no data: a function, a network. It cannot be called."""

    def __init__(self, kind: str):
        self.kind = kind

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        raise Unreadable(f"a {self.kind} of the student's is used without the trial")


class RecordingTrial(Trial):
    """A trial that writes down `calls`."""

    def __init__(self, exercise: Exercise, seed: int):
        super().__init__(exercise, seed)
        self.calls: list[Any] = []

    def guarded(self, answer: Callable, *, may_change: Collection[int] = (), **about: Any) -> Callable:
        """As in `Trial`; what comes back, and what has become of what may change, goes into `calls`."""
        inner = super().guarded(answer, may_change=may_change, **about)

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                result = inner(*arguments, **named)
            except Wrong as wrong:
                self.calls.append({"wrong": [wrong.diagnosis, wrong.message]})
                raise
            given = [value for n, value in enumerate((*arguments, *named.values())) if n in may_change]
            self.calls.append({"result": result, "given": [_state(value) for value in given]})
            return result

        return call

    def gradients(self, output: Any, *inputs: Tensor, **about: Any) -> tuple[Tensor, ...]:
        """As in `Trial`; the gradients go into `calls`."""
        try:
            gradients = super().gradients(output, *inputs, **about)
        except Wrong as wrong:
            self.calls.append({"wrong": [wrong.diagnosis, wrong.message]})
            raise
        self.calls.append({"result": gradients, "given": []})
        return gradients


class ReplayingTrial(Trial):
    """A trial that reads `calls`. Raises Unreadable where the checker asks for more than there is."""

    def __init__(self, exercise: Exercise, seed: int, calls: list[Any]):
        super().__init__(exercise, seed)
        self.calls = list(calls)

    def _next(self, given: list[Any]) -> Any:
        if not self.calls:
            raise Unreadable("the recording ends early")
        entry = self.calls.pop(0)
        if "wrong" in entry:
            diagnosis, message = map(str, entry["wrong"])
            if diagnosis == "passed":  # the student's own code can raise what the trial raises
                raise Unreadable("a mistake is called passed")
            raise Wrong(diagnosis, message)
        for value, state in zip(given, entry["given"], strict=False):
            _restore(value, state)
        return entry["result"]

    def guarded(self, answer: Callable, *, may_change: Collection[int] = (), **about: Any) -> Callable:
        """The recorded answers, one by one, whatever is asked. What may not change stays as the checker made it."""

        def call(*arguments: Any, **named: Any) -> Any:
            given = enumerate((*arguments, *named.values()))
            return self._next([value for n, value in given if n in may_change])

        return call

    def gradients(self, output: Any, *inputs: Tensor, **about: Any) -> tuple[Tensor, ...]:
        """The gradients as recorded, which must have the shapes of `inputs`."""
        gradients = self._next([])
        if not isinstance(gradients, tuple) or [g.shape for g in gradients] != [x.shape for x in inputs]:
            raise Unreadable("the gradients have other shapes than the inputs")
        return gradients


def _state(value: Any) -> Any:
    """What a call may have changed in something given to it; None for what cannot change."""
    if isinstance(value, nn.Module):
        gradients = {name: w.grad for name, w in value.named_parameters() if w.grad is not None}
        return {"state": dict(value.state_dict()), "gradients": gradients, "training": value.training}
    if isinstance(value, Tensor):
        return {"value": value, "gradient": value.grad if value.is_leaf else None}
    return None


def _restore(value: Any, state: Any) -> None:
    if isinstance(value, nn.Module) and state:
        value.load_state_dict(state["state"])
        value.train(bool(state["training"]))
        for name, weight in value.named_parameters():
            weight.grad = state["gradients"].get(name)
    elif isinstance(value, Tensor) and state:
        with torch.no_grad():
            value.copy_(state["value"])
        if value.is_leaf and value.requires_grad:
            value.grad = state["gradient"]


def write(recording: Any) -> bytes:
    """As bytes: a length, JSON, and safetensors. Tensors keep values, dtype and whether a gradient flows."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    text = json.dumps(_pack(recording, tensors)).encode()
    return struct.pack("<Q", len(text)) + text + save(tensors)


def read(content: bytes) -> Any:
    """What `write` wrote. Raises Unreadable for anything else; runs no code that the bytes could name."""
    from safetensors.torch import load

    try:
        (length,) = struct.unpack_from("<Q", content)
        tensors = load(content[8 + length :])
        return _unpack(json.loads(content[8 : 8 + length]), tensors)
    except Exception as error:
        raise Unreadable(f"the recording is damaged ({type(error).__name__})") from error


def _pack(node: Any, tensors: dict[str, Tensor]) -> Any:
    if node is None or isinstance(node, (bool, str)):
        return node
    if isinstance(node, numpy.generic):
        return _pack(node.item(), tensors)
    if isinstance(node, (int, float)):
        return node if abs(node) < 2**63 or isinstance(node, float) else {"opaque": "huge number"}
    if node is ...:
        return {"dots": True}
    if isinstance(node, Tensor) and not node.is_complex() and not node.is_sparse:
        name = str(len(tensors))
        tensors[name] = node.detach().to("cpu", copy=True).contiguous()
        return {"tensor": name, "flows": node.requires_grad}
    if isinstance(node, numpy.ndarray) and node.dtype.kind in "biuf":
        return {"array": _pack(torch.from_numpy(numpy.ascontiguousarray(node).copy()), tensors)}
    if isinstance(node, dict):
        return {"dict": [[_pack(k, tensors), _pack(v, tensors)] for k, v in node.items()]}
    if isinstance(node, (list, tuple, set, frozenset)):
        kind = "tuple" if isinstance(node, tuple) else "list"
        return {kind: [_pack(item, tensors) for item in node]}
    return {"opaque": type(node).__name__[:50]}


def _unpack(node: Any, tensors: dict[str, Tensor]) -> Any:
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
