"""Pairs of the next step, made in a background thread while the learner trains on those of this one.

A pair depends on (seed, rank, step) alone, so those of step n + 1 can be made at any time. On a CPU a step of a small
network leaves processor time unused: between its operations, in what one thread does for all, and on cores that have no
thread. torch's operations run without Python's lock, so the generator gets that time.
"""

import copy
import dataclasses
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from course_lib.methods.generated_pairs import Pairs, PairStream, evaluation
from course_lib.methods.spaces import Space
from course_lib.seeds import Draw

Key = tuple[Draw, int, str]


class PrefetchedPairs(PairStream):
    """A `PairStream` that can make the pairs of the next step ahead: the same pairs, to the last bit.

    ahead: whether it does so where it may. It may on a CPU, in a run of one process, for a generator that is not
    trained. Codes are drawn at once, in the learner's thread, since what draws them may use the generator (W is drawn
    by its mapping network). The background thread makes their images with a copy of the generator, which nobody else
    uses, so whatever the method does with its own meanwhile (its mode, say) changes no pair. Pairs that were made
    before a weight changed are made anew when they are asked for. `seconds` counts what the learner waited.
    """

    def __init__(self, space: Space, autocast: Callable[[], AbstractContextManager] = nullcontext):
        super().__init__(space, autocast)
        self.ahead = True
        self._thread: ThreadPoolExecutor | None = None
        self._next: tuple[Key, Hashable, Future[Pairs]] | None = None
        self._copied: tuple[Hashable, nn.Module] | None = None

    def at(self, draw: Draw, count: int, purpose: str = "pairs", more: bool = False) -> Pairs:
        """`count` pairs of the step that `draw` belongs to. more: the next step will ask for as many.

        Raises UsageError for fewer than one, and whatever the generator raises, in the step whose pairs it concerns.
        """
        key, began = (draw, count, purpose), time.perf_counter()
        waiting, self._next = self._next, None
        if self.ahead and waiting and waiting[:2] == (key, _version(self.space.decode)):
            pairs = waiting[2].result()
            self.seconds, self.pairs = self.seconds + time.perf_counter() - began, self.pairs + count
        else:  # the first step; one that nobody foresaw; or the generator is another now
            pairs = super().at(draw, count, purpose)
        if more and self.ahead and self.may_prefetch(draw):
            began = time.perf_counter()
            self._start(dataclasses.replace(draw, step=draw.step + 1), count, purpose)
            self.seconds += time.perf_counter() - began
        return pairs

    def may_prefetch(self, draw: Draw) -> bool:
        """Whether pairs made now are those that a step would make later, and are made beside it and not before it."""
        trained = any(p.requires_grad for p in self.space.decode.parameters())
        return torch.device(draw.device).type == "cpu" and draw.world == 1 and not draw.prefix and not trained

    def _start(self, draw: Draw, count: int, purpose: str) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "pairs")
        version = _version(self.space.decode)
        if self._copied is None or self._copied[0] != version:
            self._copied = version, copy.deepcopy(self.space.decode).eval()
        try:
            with torch.no_grad(), evaluation(self.space.decode), self.autocast():
                codes = self.space.draw(count, draw.generator(purpose))
        except Exception:  # raised again by the step that these pairs are of
            return
        space = dataclasses.replace(self.space, decode=self._copied[1], draw=lambda n, chance: codes)
        stream = PairStream(space, self.autocast)
        self._next = (draw, count, purpose), version, self._thread.submit(stream.at, draw, count, purpose)


def _version(network: nn.Module) -> Hashable:
    """Another value after each change of a weight or a buffer: where it lies, and how often it was written to."""
    tensors = [*network.parameters(), *network.buffers()]
    return tuple((t.data_ptr(), t._version) for t in tensors)
