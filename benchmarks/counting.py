"""What a step computes, moves and would send to other processes: counted while it is carried out."""

import contextlib
from collections import Counter
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from course_lib.methods.prefetched_pairs import PrefetchedPairs


class Traffic(TorchDispatchMode):
    """Adds up the operations of products and convolutions, and the bytes that every operation reads and writes.

    Bytes as if each operation read its inputs from memory and wrote its outputs there: what caches and fused kernels
    spare is not known to it, so it is an upper bound. Views are counted as nothing.
    """

    def __init__(self, living: Any = None, profile: Counter[tuple[str, str]] | None = None) -> None:
        """living: told of all tensors that operations give (`benchmarks.costs.Living`). profile: gets the "bytes" and
        "calls" of each operation's name."""
        super().__init__()
        self.operations = self.bytes = self.calls = 0
        self.living, self.profile = living, profile

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default and isinstance(args[0], FakeTensor):
            return (
                False if args[0].dtype == torch.bool else 0
            )  # a question about a number, where there are none
        out = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.operations += formula(*args, **(kwargs or {}), out_val=out)
        if func.is_view or func.namespace != "aten":
            return out
        written = _tensors(out)
        if self.living:
            self.living.see(written)
        moved = sum(t.numel() * t.element_size() for t in [*_tensors(args), *written])
        self.calls += 1
        self.bytes += moved
        if self.profile is not None:
            self.profile[func.__name__, "calls"] += 1
            self.profile[func.__name__, "bytes"] += moved
        return out

    def found(self) -> dict[str, float]:
        return {
            "gflop_per_step": self.operations / 1e9,
            "gigabytes_per_step": self.bytes / 1e9,
            "calls_per_step": self.calls,
        }


def _tensors(tree: Any) -> list[torch.Tensor]:
    if isinstance(tree, torch.Tensor):
        return [tree]
    return [t for part in tree for t in _tensors(part)] if isinstance(tree, (list, tuple)) else []


class Messages(contextlib.AbstractContextManager):
    """What the processes of a group would send in place of these steps: gradients, and statistics of batches."""

    def __init__(self, method: Any):
        self.method, self.bytes, self.count, self.statistics = method, 0, 0, 0

    def __enter__(self) -> "Messages":
        def gradients(optimizer: Any, *_: Any) -> None:
            sizes = [
                p.numel() * p.element_size() for group in optimizer.param_groups for p in group["params"]
            ]
            self.bytes, self.count = self.bytes + sum(sizes), self.count + 1

        def statistics(module: Any, inputs: Any, output: Any) -> None:
            self.statistics += 2 if torch.is_grad_enabled() else 1  # there, and back again

        self.handles = [register_optimizer_step_pre_hook(gradients)]
        for module in self.method.networks.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                self.handles.append(module.register_forward_hook(statistics))
        return self

    def __exit__(self, *error: Any) -> None:
        for handle in self.handles:
            handle.remove()

    def found(self) -> dict[str, float]:
        return {
            "gradient_bytes_per_step": self.bytes,
            "gradient_messages_per_step": self.count,
            "statistics_messages_per_step": self.statistics,
        }


def counts(method: Any, batches: Any, first: int) -> dict[str, float]:
    """What a step computes, moves and would send, on average over a round of steps."""
    if isinstance(stream := getattr(method, "stream", None), PrefetchedPairs):
        stream.ahead = False  # what another thread computes is not seen here
    total: dict[str, float] = {}
    for step, weight in lazy_steps(method, first):
        messages, traffic = Messages(method), Traffic()
        with messages, traffic:
            method.step(batches.at(step))
        for key, value in (traffic.found() | messages.found()).items():
            total[key] = total.get(key, 0.0) + value * weight
    return total


def lazy_steps(method: Any, first: int) -> list[tuple[int, float]]:
    """Steps from `first` on, one of each kind, and the share of all steps that are of its kind.

    What is done lazily belongs to some steps alone.
    """
    round_, kinds = round_of(method), dict[tuple[bool, ...], list[int]]()
    first = -(-first // round_) * round_
    for step in range(first, first + round_):
        kinds.setdefault(tuple(step % n == 0 for n in _lazy(method)), []).append(step)
    return [(steps[0], len(steps) / round_) for steps in kinds.values()]


def _lazy(method: Any) -> list[int]:
    """Every how many steps something is done that other steps leave out."""
    return [getattr(method.settings, name, 1) or 1 for name in ("r1_every", "path_length_every")]


def round_of(method: Any) -> int:
    """Steps after which all of it has been done."""
    return max(_lazy(method))
