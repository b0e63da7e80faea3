"""What a student's code answered, as data: recorded where that code runs, judged where it never was.

The recording trial writes down what came back from each guarded call, and the gradients that the judge asked for. The
replaying trial gives the same judge, in a process that no student's code has touched, what stands on the tape instead
of calling anything. A forged verdict is then worth nothing: only the answers count.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from course_lib.checks.exercise import Exercise
from course_lib.checks.trial import Trial, Wrong


class Unreadable(Exception):
    """A tape that does not fit the judge: cut short, damaged, or made of what is not data."""


class Thing:
    """Stands for an object of the student's that is no data: a function, a network. It can only be called on tape."""

    def __init__(self, kind: str):
        self.kind = kind

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        raise Unreadable(f"a {self.kind} of the student's is used without the trial")


class RecordingTrial(Trial):
    """A trial that writes `tape`."""

    def __init__(self, exercise: Exercise, seed: int):
        super().__init__(exercise, seed)
        self.tape: list[Any] = []

    def guarded(self, answer: Callable, *, may_change: bool = False, **about: Any) -> Callable:
        """As in `Trial`; what comes back, and what has become of what may change, goes on the tape."""
        inner = super().guarded(answer, may_change=may_change, **about)

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                result = inner(*arguments, **named)
            except Wrong as wrong:
                self.tape.append({"wrong": [wrong.diagnosis, wrong.message]})
                raise
            given = [*arguments, *named.values()] if may_change else []
            self.tape.append({"result": result, "given": [_state(value) for value in given]})
            return result

        return call

    def slope(self, output: Any, *inputs: Tensor, **about: Any) -> tuple[Tensor, ...]:
        """As in `Trial`; the gradients go on the tape."""
        try:
            found = super().slope(output, *inputs, **about)
        except Wrong as wrong:
            self.tape.append({"wrong": [wrong.diagnosis, wrong.message]})
            raise
        self.tape.append({"result": found, "given": []})
        return found


class ReplayingTrial(Trial):
    """A trial that reads `tape`. Raises Unreadable where the judge asks for more than there is."""

    def __init__(self, exercise: Exercise, seed: int, tape: list[Any]):
        super().__init__(exercise, seed)
        self.tape = list(tape)

    def _next(self, given: list[Any]) -> Any:
        if not self.tape:
            raise Unreadable("the tape ends early")
        line = self.tape.pop(0)
        if "wrong" in line:
            diagnosis, message = map(str, line["wrong"])
            if diagnosis == "passed":  # the student's own code can raise what the trial raises
                raise Unreadable("a mistake is called passed")
            raise Wrong(diagnosis, message)
        for value, state in zip(given, line["given"], strict=False):
            _restore(value, state)
        return line["result"]

    def guarded(self, answer: Callable, *, may_change: bool = False, **about: Any) -> Callable:
        """The answers on the tape, one by one, whatever is asked. What may not change stays as the judge made it."""

        def call(*arguments: Any, **named: Any) -> Any:
            return self._next([*arguments, *named.values()] if may_change else [])

        return call

    def slope(self, output: Any, *inputs: Tensor, **about: Any) -> tuple[Tensor, ...]:
        """The gradients on the tape, which must have the shapes of `inputs`."""
        found = self._next([])
        if not isinstance(found, tuple) or [g.shape for g in found] != [x.shape for x in inputs]:
            raise Unreadable("the gradients have other shapes than the inputs")
        return found


def _state(value: Any) -> Any:
    """What a call may have changed in something given to it; None for what cannot change."""
    if isinstance(value, nn.Module):
        slopes = {name: w.grad for name, w in value.named_parameters() if w.grad is not None}
        return {"state": dict(value.state_dict()), "slopes": slopes, "training": value.training}
    if isinstance(value, Tensor):
        return {"value": value, "slope": value.grad if value.is_leaf else None}
    return None


def _restore(value: Any, state: Any) -> None:
    if isinstance(value, nn.Module) and state:
        value.load_state_dict(state["state"])
        value.train(bool(state["training"]))
        for name, weight in value.named_parameters():
            weight.grad = state["slopes"].get(name)
    elif isinstance(value, Tensor) and state:
        with torch.no_grad():
            value.copy_(state["value"])
        if value.is_leaf and value.requires_grad:
            value.grad = state["slope"]


def write(tape: Any) -> bytes:
    """A tape as bytes: a length, JSON, and safetensors. Tensors keep values, dtype and whether a gradient flows."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    text = json.dumps(_pack(tape, tensors)).encode()
    return struct.pack("<Q", len(text)) + text + save(tensors)


def read(content: bytes) -> Any:
    """What `write` wrote. Raises Unreadable for anything else; runs no code that the bytes could name."""
    from safetensors.torch import load

    try:
        (length,) = struct.unpack_from("<Q", content)
        tensors = load(content[8 + length :])
        return _unpack(json.loads(content[8 : 8 + length]), tensors)
    except Exception as error:
        raise Unreadable(f"the tape is damaged ({type(error).__name__})") from error


def _pack(node: Any, tensors: dict[str, Tensor]) -> Any:
    if node is None or isinstance(node, (bool, str)):
        return node
    if isinstance(node, numpy.generic):
        return _pack(node.item(), tensors)
    if isinstance(node, (int, float)):
        return node if abs(node) < 2**63 or isinstance(node, float) else {"thing": "huge number"}
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
    return {"thing": type(node).__name__[:50]}


def _unpack(node: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(node, dict):
        return node
    if "tensor" in node:
        found = tensors[node["tensor"]]
        return found.requires_grad_() if node["flows"] and found.is_floating_point() else found
    if "dots" in node:
        return ...
    if "thing" in node:
        return Thing(str(node["thing"]))
    ((kind, inside),) = node.items()
    if kind == "array":
        return _unpack(inside, tensors).numpy()
    if kind == "dict":
        return {_unpack(k, tensors): _unpack(v, tensors) for k, v in inside}
    items = [_unpack(item, tensors) for item in inside]
    return tuple(items) if kind == "tuple" else items
