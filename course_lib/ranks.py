"""Several processes that train one run: which of them this is, sums over all of them, and one draw that all share.

A recipe's `batch` is the global batch. N ranks share it, and a run of N ranks is that of one process with the same
batch up to rounding: rank r has the rows r, r + N, r + 2N, ... of each minibatch and of all that is drawn for it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed
from torch.overrides import TorchFunctionMode

from course_lib import notices
from course_lib.errors import UsageError


@dataclass(frozen=True)
class Ranks:
    """This process's number among `world` that train together; one that trains alone is rank 0 of 1."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this one writes."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """What one rank takes of a global batch. Raises UsageError when it does not divide."""
        if batch % self.world:
            raise UsageError(
                f"a batch of {batch} is the batch of all {self.world} processes together, and does not divide among "
                f"them: give a --batch that is a multiple of {self.world}."
            )
        return batch // self.world

    def rows(self, whole: Tensor, parts: int = 1, dim: int = 0) -> Tensor:
        """This rank's rows, along `dim`, of what belongs to `parts` global minibatches that follow each other."""
        if self.world == 1:
            return whole
        shape = whole.shape
        split = whole.unflatten(dim, (parts, shape[dim] // (parts * self.world), self.world))
        return split.select(dim + 2, self.rank).flatten(dim, dim + 1)


def ranks() -> Ranks:
    """Of the process group that is initialised, if there is one."""
    if distributed.is_available() and distributed.is_initialized():
        return Ranks(distributed.get_rank(), distributed.get_world_size())
    return Ranks()


class _Sum(torch.autograd.Function):
    """Sum over all ranks. Every rank's loss depends on it, so its gradient is the sum of theirs: the same operation,
    which can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # type: ignore[override]
        total = x.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return total(gradient)


def total(x: Tensor) -> Tensor:
    """The sum over all ranks, of the same shape, for any number of derivatives.

    What a rank then differentiates is the sum of all ranks' losses, by its own copy of what it differentiates by. The
    mean of these gradients, which an optimiser takes (`training.distributed`), is that of the mean loss.
    """
    return x if ranks().world == 1 else _Sum.apply(x)


def mean(x: Tensor) -> Tensor:
    """The mean over all ranks, of the same shape, for any number of derivatives."""
    return total(x) / ranks().world


def gathered(x: Tensor) -> Tensor:
    """(...) -> (world, ...), what each rank has, for any number of derivatives."""
    here = ranks()
    if here.world == 1:
        return x[None]
    own = torch.zeros(here.world, *[1] * x.ndim, dtype=x.dtype, device=x.device)
    own[here.rank] = 1
    return total(own * x)


def largest(number: int) -> int:
    """The largest of the ranks' numbers."""
    if ranks().world == 1:
        return number
    every = torch.tensor(number)
    distributed.all_reduce(every, distributed.ReduceOp.MAX)
    return int(every)


class _Copies(torch.autograd.Function):
    """The same number on every rank, whose gradient is the mean of the ranks' gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return mean(gradient)


def copies(x: Tensor) -> Tensor:
    """`x`, which is equal on all ranks, with the mean of their gradients as its gradient: a weight inside of a step."""
    return x if ranks().world == 1 else _Copies.apply(x)


class SharedGenerator(torch.Generator):
    """The same stream on every rank, of which each takes the rows that are its own, along dimension `rows`."""

    here = Ranks()
    rows = 0


def shared_generator(number: int, device: torch.device | str, rank: int, world: int) -> SharedGenerator:
    """Seeded alike on every rank."""
    made = SharedGenerator(device=device)
    made.manual_seed(number)
    made.here = Ranks(rank, world)
    return made


MAKE: set[Any] = {torch.rand, torch.randn, torch.normal}
FILL: set[Any] = {Tensor.normal_, Tensor.uniform_, Tensor.random_, Tensor.exponential_, Tensor.bernoulli_}


class GlobalDraws(TorchFunctionMode):
    """Within the block, what is drawn from a `SharedGenerator` is drawn for the global batch, and cut.

    One place for every method and every law, so that none needs to know of ranks. What another function of torch draws
    (a permutation, say) each rank draws for its own share; a line says so.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        generator = kwargs.get("generator")
        if not isinstance(generator, SharedGenerator):
            return func(*args, **kwargs)
        here, dim = generator.here, generator.rows
        if func in FILL:
            like = args[0]
            shape = _times(like.shape, dim, here.world)
            whole = func(like.new_empty(shape), *args[1:], **kwargs)
            return like.copy_(here.rows(whole, dim=dim))
        if func in MAKE or func is torch.randint:
            before, size, kwargs = _sizes(func, args, kwargs)
            return here.rows(func(*before, _times(size, dim, here.world), **kwargs), dim=dim)
        if func is torch.multinomial:
            given = dict(zip(("input", "num_samples", "replacement"), args, strict=False)) | kwargs
            if given["input"].ndim == 1 and given.get("replacement"):
                count = given["num_samples"] * here.world
                return here.rows(func(**given | {"num_samples": count}), dim=dim)
        name = getattr(func, "__name__", str(func))
        notices.say(
            f"each process draws torch.{name} for its own share of the batch.", once=f"share of {name}"
        )
        own = torch.Generator(generator.device).manual_seed(
            (generator.initial_seed() + here.rank) % (1 << 63)
        )
        return func(*args, **kwargs | {"generator": own})


def _sizes(func: Any, args: Any, kwargs: dict[str, Any]) -> tuple[list[Any], list[int], dict[str, Any]]:
    """What stands before the size, the size, and the words beside it, whichever way they were given."""
    kwargs = dict(kwargs)
    named = kwargs.pop("size", None)
    if func is torch.rand or func is torch.randn:
        size = named if named is not None else args[0] if len(args) == 1 else args
        return [], [size] if isinstance(size, int) else list(size), kwargs
    bounds, size = (list(args), named) if named is not None else (list(args[:-1]), args[-1])
    return bounds, list(size), kwargs


def _times(shape: Any, dim: int, world: int) -> list[int]:
    return [n * world if i == dim else n for i, n in enumerate(shape)]


def global_draws() -> AbstractContextManager[Any]:
    """`GlobalDraws` where several processes train, else nothing."""
    return GlobalDraws() if ranks().world > 1 else nullcontext()
