"""Work that several processes share: each does a part, and every one has the whole. Or one does it, and tells it.

What is sent are trees of tensors and plain values, as a checkpoint has them: nothing that arrives can be a program.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

from course_lib.errors import CourseError, Elsewhere
from course_lib.files import packed, unpacked
from course_lib.ranks import Ranks, largest, ranks

P = TypeVar("P")
T = TypeVar("T")
_DIVIDING: list[bool] = []


@contextmanager
def dividing() -> Iterator[Ranks]:
    """Within the block, what can be divided among the processes is divided: they all do the same there, in one order.

    Outside of it a process may measure something by itself, as one that trains with others does when it is asked to.
    """
    _DIVIDING.append(True)
    try:
        yield ranks()
    finally:
        _DIVIDING.pop()


def sharers() -> Ranks:
    """This process among those that share the work at hand; alone outside of `dividing`."""
    return ranks() if _DIVIDING else Ranks()


def divided(parts: Sequence[P], work: Callable[[P], T]) -> list[T]:
    """`work` of each part, in order, on every process; part i is done by rank i mod N.

    Tensors come back on the CPU where there are several processes. The parts are the same however many there are, so
    that N processes compute what one does, bit for bit on machines of one kind.
    """
    here = sharers()
    if here.world == 1:
        return [work(part) for part in parts]
    own = together(lambda: [work(part) for part in parts[here.rank :: here.world]])
    found = []
    for number in range(len(parts)):
        turn, source = divmod(number, here.world)
        found.append(_told(own[turn] if source == here.rank else None, source, here))
    return found


def in_shares(work: Callable[[Ranks], T]) -> list[T]:
    """What `work` returns on each process, told which of how many it is, on every process: for sums of whole numbers
    and the like, which are equal however they are divided."""
    world = sharers().world
    return divided([Ranks(rank, world) for rank in range(world)], work)


def together(work: Callable[[], T]) -> T:
    """What `work` returns here. A CourseError of one process ends all of them, and rank 0 says it."""
    here = sharers()
    if here.world == 1:
        return work()
    error: CourseError | None = None
    try:
        result = work()
    except CourseError as raised:
        error = raised
    if not largest(error is not None):
        return result
    own: Any = None if error is None else [str(error), error.exit_code]
    said = [_told(own, source, here) for source in range(here.world)]
    first = next(rank for rank in range(here.world) if said[rank])
    if first == 0 and error is not None and here.first:
        raise error
    text, code = said[first]
    raise _error(f"process {first} of {here.world}: {text}" if first else text, code, here.first)


def in_turn(work: Callable[[], T]) -> T:
    """What `work` returns here: rank 0 does it before the others, who find what it leaves in a cache."""
    kept: list[T] = []
    if sharers().world == 1:
        return work()
    from_first(lambda: kept.append(work()))
    return together(lambda: kept[0] if kept else work())


def from_first(work: Callable[[], T], here: Ranks | None = None) -> T:
    """What `work` returns on rank 0, on every rank: a tree of tensors (on the CPU) and plain values.

    An error of rank 0 ends the others too (`errors.Elsewhere`); rank 0 raises it.
    """
    here = here or ranks()
    if here.world == 1:
        return work()
    if not here.first:
        return _received(0)
    try:
        tree = work()
    except CourseError as error:
        _send({"error": str(error), "code": error.exit_code}, {}, 0)
        raise
    return _told(tree, 0, here)


def _told(tree: T | None, source: int, here: Ranks) -> T:
    """A tree of the rank `source`, on every rank."""
    if here.rank != source:
        return _received(source)
    tensors: dict[str, Tensor] = {}
    _send({"tree": packed(tree, tensors)}, tensors, source)
    return tree  # type: ignore[return-value]


def _send(said: dict[str, Any], tensors: dict[str, Tensor], source: int) -> None:
    said |= {"tensors": [[name, str(t.dtype), list(t.shape)] for name, t in tensors.items()]}
    text = torch.frombuffer(bytearray(json.dumps(said).encode()), dtype=torch.uint8)
    for tensor in (torch.tensor(len(text)), text, *tensors.values()):
        distributed.broadcast(tensor, source)


def _received(source: int) -> Any:
    length = torch.tensor(0)
    distributed.broadcast(length, source)
    text = torch.empty(int(length), dtype=torch.uint8)
    distributed.broadcast(text, source)
    said = json.loads(bytes(text.tolist()))
    tensors = {}
    for name, dtype, shape in said["tensors"]:
        tensors[name] = torch.empty(shape, dtype=getattr(torch, dtype.removeprefix("torch.")))
        distributed.broadcast(tensors[name], source)
    if "error" in said:
        raise _error(said["error"], said["code"], speaks=False)
    return unpacked(said["tree"], tensors)


def _error(text: str, code: int, speaks: bool) -> CourseError:
    """An error of another process, to be said here or not."""
    error = CourseError(text) if speaks else Elsewhere(text)
    error.exit_code = code
    return error
