"""Another device, emulated: tensors that say they are elsewhere, compute on the CPU, and refuse to meet its tensors.

Values are there, unlike on the meta device, so that measures can be taken; and what is left on the wrong side shows, as
on a GPU: an operation of both, a network asked about an image of the other, NumPy, a generator of the other device.
"""

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")  # by the name of a device that every build of torch has
aten = torch.ops.aten
# what may see both, as on a GPU: copies, and indices of the CPU
BETWEEN = {aten._to_copy.default, aten.copy_.default, aten.index.Tensor, aten.index_put_.default}
BETWEEN |= {aten.index_put.default, aten._index_put_impl_.default}


class Elsewhere(Tensor):
    """A tensor of the other device; `inner` holds its numbers."""

    @staticmethod
    def __new__(cls, inner: Tensor):
        made = Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), storage_offset=inner.storage_offset(), dtype=inner.dtype,
            layout=inner.layout, device=DEVICE, requires_grad=False,
        )  # fmt: skip
        made.inner = inner
        return made

    def __repr__(self, **_):
        return f"Elsewhere({self.inner})"

    def tolist(self):
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return dispatched(func, args, kwargs or {})


class OfElsewhere(torch.Generator):
    """A generator of the CPU that says it is of the other device. Operations know it by its seed, which is its own."""

    device = property(lambda self: DEVICE)  # type: ignore[assignment]

    def manual_seed(self, seed: int) -> "OfElsewhere":
        super().manual_seed(seed ^ 0x5A5A5A5A5A5A)
        SEEDS.add(self.initial_seed())
        return self


SEEDS: set[int] = set()  # of generators of the other device


def dispatched(func, args, kwargs):
    """An operation, on the numbers of whatever is elsewhere. Raises RuntimeError where two devices meet."""
    given, _ = tree_flatten((args, kwargs))
    there = [x for x in given if isinstance(x, Elsewhere)]
    here = [x for x in given if isinstance(x, Tensor) and not isinstance(x, Elsewhere) and x.ndim]
    if there and here and func not in BETWEEN:
        raise RuntimeError(f"Expected all tensors to be on the same device, and {func} was given two devices")
    to = kwargs.get("device")
    made_there = bool(there) if to is None else torch.device(to) == DEVICE
    for x in given:
        if isinstance(x, torch.Generator) and made_there != (x.initial_seed() in SEEDS):
            raise RuntimeError(
                f"{func} was given a generator of {'the CPU' if made_there else 'the other device'}"
            )
    if to is not None and made_there:
        kwargs = kwargs | {"device": torch.device("cpu")}
    outer = {id(x.inner): x for x in there}
    args, kwargs = tree_map(lambda x: x.inner if isinstance(x, Elsewhere) else x, (args, kwargs))
    out = func(*args, **kwargs)
    if func is aten.copy_.default and not isinstance(given[0], Elsewhere):
        return given[0]

    def wrapped(x):
        if not isinstance(x, Tensor):
            return x
        if id(x) in outer:  # written in place
            return outer[id(x)]
        return Elsewhere(x) if made_there else x

    return tree_map(wrapped, out)


class Device(TorchDispatchMode):
    """Within it tensors are made and moved there."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return dispatched(func, args, kwargs or {})


@contextlib.contextmanager
def made_there() -> Iterator[None]:
    """Within it tensors are made there of numbers too: of torch itself no mode sees that."""

    def making(function):
        def made(*args, device=None, **kwargs):
            if device is None or torch.device(device) != DEVICE:
                return function(*args, device=device, **kwargs)
            return function(*args, device="cpu", **kwargs).to(DEVICE)

        return made

    def new_tensor(self, *args, **kwargs):
        if not isinstance(self, Elsewhere) or kwargs.get("device") is not None:
            return of_like(self, *args, **kwargs)
        return torch.tensor(*args, **{"dtype": self.dtype} | kwargs).to(DEVICE)

    of_like = Tensor.new_tensor
    with (
        mock.patch.object(torch, "tensor", making(torch.tensor)),
        mock.patch.object(torch, "as_tensor", making(torch.as_tensor)),
        mock.patch.object(Tensor, "new_tensor", new_tensor),
    ):
        yield


@contextlib.contextmanager
def moved(*networks: nn.Module) -> Iterator[None]:
    """Within it the parameters and buffers of networks are elsewhere, and what is done to them there is undone."""
    tables = [
        table for network in networks for m in network.modules() for table in (m._parameters, m._buffers)
    ]
    before = [dict(table) for table in tables]
    twins: dict[int, Tensor] = {}  # of weights that two layers share

    def twin(tensor):
        if id(tensor) not in twins:
            there = Elsewhere(tensor.detach().clone())
            twins[id(tensor)] = (
                nn.Parameter(there, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else there
            )
        return twins[id(tensor)]

    for table in tables:
        table.update({name: twin(tensor) for name, tensor in table.items() if tensor is not None})
    try:
        with made_there(), Device():
            yield
    finally:
        for table, old in zip(tables, before, strict=True):
            table.update(old)
