"""What the judge asks a student's functions, as bytes: pickled, for a question may hold a network or a function.

This goes one way only, from the course's own process into the sandbox where a student's code runs. Whoever could change
these bytes on the way is in that sandbox already, and nothing is gained by it.
"""

import io
import pickle
from typing import Any

import cloudpickle
from torch import Tensor, nn


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
