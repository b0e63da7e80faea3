"""Batches of a set that does not fit in memory: one thread reads ahead while the device computes."""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import CourseError


class Stream:
    """`at(step)` gives the bytes and targets of a step; a thread keeps the next `prefetch` steps ready.

    Steps may be asked for in any order. Those that follow one another are ready when they are asked for; a
    jump makes the thread start anew from there. On a GPU the copies run on a stream of their own, from pinned
    memory, beside the computation.

    The thread calls nothing that computes in parallel, a permutation of an epoch included: that would give it a team
    of OpenMP threads of its own, and once there are more threads than cores the computing ones no longer spin at
    their barriers but go to sleep, which cost the training step a third of its speed.
    """

    def __init__(
        self,
        images: np.ndarray,
        targets: Sequence[Tensor | None],
        numbers: Callable[[int], Tensor],
        device: torch.device,
        prefetch: int,
    ):
        self.images, self.targets, self.numbers = images, targets, numbers
        self.device, self.prefetch = device, prefetch
        self.copies = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.changed = threading.Condition()
        # guarded by `changed`; the steps from `wanted` up to `upcoming` are ready or being read
        self.ready: dict[int, tuple | Exception] = {}
        self.planned: dict[int, Tensor] = {}  # which images the next steps see
        self.wanted = self.upcoming = self.restarts = 0
        self.closed = False
        self._plan(0)
        self.thread = threading.Thread(target=self._work, name="course-batches", daemon=True)
        self.thread.start()

    def at(self, step: int) -> tuple[Tensor, list[Tensor | None]]:
        """uint8 (B, C, H, W); then int64 (B,) which images these are, and the rows of each of `targets`; on the device.

        Raises what went wrong with this very step.
        """
        with self.changed:
            if not self.wanted <= step <= self.upcoming:
                self.restarts += 1
                self.ready.clear()
                self.upcoming = step
            self.wanted = step
            for passed in [s for s in self.ready if s < step]:
                del self.ready[passed]
            self._plan(step)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.closed or step in self.ready)
            if self.closed:
                raise CourseError("These batches are closed: make new ones.")
            item = self.ready.pop(step)
            self.wanted = step + 1
            self.changed.notify_all()
        if isinstance(item, Exception):
            raise item
        pixels, targets, copied = item
        if copied is not None:
            computing = torch.cuda.current_stream(self.device)
            computing.wait_event(copied)
            for tensor in (pixels, *targets):
                if tensor is not None:  # memory of one stream that another reads: no reuse before that
                    tensor.record_stream(computing)
        return pixels, targets

    def _plan(self, step: int) -> None:
        """Name the images of the steps that the thread may come to before the next call of `at`."""
        ahead = range(step, step + self.prefetch + 2)
        self.planned = {s: self.planned[s] if s in self.planned else self.numbers(s) for s in ahead}

    def close(self) -> None:
        """End the thread. May be called twice."""
        with self.changed:
            self.closed = True
            self.ready.clear()
            self.changed.notify_all()
        if self.thread is not threading.current_thread():
            self.thread.join()

    def _work(self) -> None:
        if self.copies is not None:
            torch.cuda.set_device(self.device)
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.closed or len(self.ready) < self.prefetch)
                if self.closed:
                    return
                step, restarts = self.upcoming, self.restarts
                numbers = self.planned[step]
                self.upcoming += 1
            item: tuple | Exception
            try:
                item = self._read(numbers)
            except Exception as error:  # kept for whoever asks for this step
                item = error
            with self.changed:
                if restarts == self.restarts and step >= self.wanted and not self.closed:
                    self.ready[step] = item
                    self.changed.notify_all()
            del item  # else this thread would keep a batch alive while it waits

    def _read(self, numbers: Tensor) -> tuple[Tensor, list[Tensor | None], torch.cuda.Event | None]:
        pinned = self.copies is not None
        pixels = torch.empty((len(numbers), *self.images.shape[1:]), dtype=torch.uint8, pin_memory=pinned)
        # "clip" lets numpy write into `out` directly; the numbers are in range by construction
        self.images.take(numbers.numpy(), axis=0, out=pixels.numpy(), mode="clip")
        targets = [numbers, *(None if target is None else target[numbers] for target in self.targets)]
        if not pinned:
            return pixels.to(self.device), [t if t is None else t.to(self.device) for t in targets], None
        with torch.cuda.stream(self.copies):
            # torch keeps a pinned block from reuse until the copies out of it are done
            pixels = pixels.to(self.device, non_blocking=True)
            targets = [t if t is None else t.pin_memory().to(self.device, non_blocking=True) for t in targets]
            copied = torch.cuda.Event()
            copied.record(self.copies)
        return pixels, targets, copied
