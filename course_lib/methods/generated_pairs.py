"""Generated pairs without end: a code, and the image that a fixed generator makes of it.

What teaches a network the way back from images to codes needs no data set: each step draws new codes, and no pair comes
twice. Pairs are made on the device when they are needed, and what a step gets depends on (seed, rank, step) alone, so
an interrupted run goes on with the pairs that it would have had.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.methods.spaces import Space


class Pairs(NamedTuple):
    """images: float32 (B, C, H, W), channels last; codes: float32 (B, *shape) of the space. Neither has a gradient."""

    images: Tensor
    codes: Tensor


class PairStream:
    """Pairs of a space's codes, drawn as the generator was trained on them, and of the images that they stand for.

    autocast: the precision of the generator's forward. `seconds` and `pairs` count what was made, for `waiting_share`.
    The generator runs by its running statistics, whatever mode it is in, and is left in that mode.
    """

    def __init__(self, space: Space, autocast: Callable[[], AbstractContextManager] = nullcontext):
        self.space, self.autocast = space, autocast
        self.seconds, self.pairs, self.timed = 0.0, 0, False

    def at(self, draw: seeds.Draw, count: int, purpose: str = "pairs") -> Pairs:
        """`count` pairs of the step that `draw` belongs to. Raises UsageError for fewer than one."""
        if count < 1:
            raise UsageError(f"a step needs at least one pair, not {count}: give a larger batch.")
        began = self._now(draw.device)
        with torch.no_grad(), evaluation(self.space.decode), self.autocast():
            codes = self.space.draw(count, draw.generator(purpose))
            images = self.space.decode(codes)
        images = images.float().contiguous(memory_format=torch.channels_last)
        self.seconds, self.pairs = self.seconds + self._now(draw.device) - began, self.pairs + count
        return Pairs(images, codes.float())

    def _now(self, device: str | torch.device) -> float:
        # a GPU is not waited for unless somebody wants to know
        if self.timed and torch.device(device).type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter()


@contextmanager
def evaluation(network: nn.Module) -> Iterator[None]:
    """Context in which a network runs by its running statistics."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def waiting_share(stream: PairStream, step: Callable[[int], object], steps: int = 20, warm: int = 3) -> float:
    """Share of the time of `steps` training steps in which the learner waits for its pairs, in [0, 1].

    step(number) carries out one step, which takes its pairs from `stream`; the first `warm` are not counted.
    Raises UsageError for fewer than one step.
    """
    if steps < 1 or warm < 0:
        raise UsageError("steps and warm count steps: give at least 1, and at least 0.")
    timed, stream.timed = stream.timed, True
    try:
        for number in range(warm):
            step(number)
        waited, began = stream.seconds, time.perf_counter()
        for number in range(warm, warm + steps):
            step(number)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return (stream.seconds - waited) / (time.perf_counter() - began)
    finally:
        stream.timed = timed
