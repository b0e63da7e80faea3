"""What a step computes, moves and would send to other processes: counted while it is carried out."""

import contextlib
import functools
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch import distributed
from torch._subclasses.fake_tensor import FakeTensor
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from course_lib.methods.across_ranks import adapt
from course_lib.methods.prefetched_pairs import PrefetchedPairs
from course_lib.networks.synchronised import synchronise
from course_lib.ranks import ranks


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
    """The bytes of each message that one of `world` processes would send in these steps: `gradients`, which are sent
    before an optimiser's step, and `others`, what layers and methods add up or gather in between.

    The others of the group are not there: what would come from them is zero.
    """

    def __init__(self, world: int) -> None:
        self.world = world
        self.gradients: list[int] = []
        self.others: list[int] = []

    def __enter__(self) -> "Messages":
        def gradients(optimizer: Any, *_: Any) -> None:
            # a vector for each type of number, and in it a flag for each parameter
            sizes = Counter[torch.dtype]()
            for p in (p for group in optimizer.param_groups for p in group["params"]):
                if p.grad is not None or p.requires_grad:
                    sizes[p.dtype] += (p.numel() + 1) * p.element_size()
            self.gradients += sizes.values()

        def all_reduce(tensor: torch.Tensor, *_: Any, **__: Any) -> None:
            self.others.append(tensor.numel() * tensor.element_size())

        group = {"is_initialized": lambda: True, "get_rank": lambda: 0, "get_world_size": lambda: self.world}
        self._open = contextlib.ExitStack()
        self._open.enter_context(mock.patch.multiple(distributed, all_reduce=all_reduce, **group))
        self._open.callback(register_optimizer_step_pre_hook(gradients).remove)
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.close()


WORLDS = 2, 4


def sent(step: Callable[[], Any]) -> dict[str, float]:
    """What one of several processes would send in a step, each with a batch as large as this process's own.

    "summed" are bytes whose number is the same for any number N of processes, as gradients; of what is "gathered", N
    times as many are sent, for each process has a place of its own in a message. Before, the method must have been made
    one of several (`shared`).
    """
    messages = []
    for world in WORLDS:
        with Messages(world) as those:
            step()
        messages.append(those)
    few, many = (m.others for m in messages)
    if len(few) != len(many):
        raise AssertionError(f"{len(few)} messages of two processes, and {len(many)} of four")
    gathered = [(b - a) / (WORLDS[1] - WORLDS[0]) for a, b in zip(few, many, strict=True)]
    return {
        "summed_bytes_per_step": sum(messages[0].gradients) + sum(few) - WORLDS[0] * sum(gathered),
        "gathered_bytes_per_step": sum(gathered),
        "messages_per_step": len(messages[0].gradients) + len(few),
    }


def shared(method: Any) -> None:
    """Make a method one of several processes' that train together. It is of no use to one process afterwards."""
    with Messages(WORLDS[-1]):
        adapt(method, ranks())
        for network in method.networks.values():
            synchronise(network, ranks())


def counts(method: Any, batches: Any, first: int) -> dict[str, float]:
    """What a step computes, moves and would send, on average over a round of steps. The method is `shared` then."""
    if isinstance(stream := getattr(method, "stream", None), PrefetchedPairs):
        stream.ahead = False  # what another thread computes is not seen here
    steps, total = lazy_steps(method, first), Counter[str]()
    for step, weight in steps:
        with Traffic() as traffic:
            method.step(batches.at(step))
        add(total, traffic.found(), weight)
    shared(method)
    for step, weight in steps:
        add(total, sent(functools.partial(method.step, batches.at(step))), weight)
    return dict(total)


def add(total: Any, found: dict[str, float], weight: float) -> None:
    """To each number of `total`, that of `found` times `weight`."""
    for key, value in found.items():
        total[key] = total.get(key, 0.0) + value * weight


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
