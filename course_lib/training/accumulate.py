"""A batch that does not fit in memory, in several parts one after the other, with the step of the whole batch.

Every part is what a rank would have (`course_lib.ranks`): its rows of each minibatch and of each draw. The parts run
the method's own step, each in a thread, and one at a time: a part runs until one of its optimisers is about to move,
and then the next one does. When the last has come there, the optimiser moves once, by the mean of all gradients. By
then each part has gone back through its own graph, so that memory holds one part's at a time.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.protocol import Method
from course_lib.ranks import GlobalDraws, Ranks


def part_of(batch: Batch, here: Ranks, minibatches: int) -> Batch:
    """The rows of a batch, and of what is drawn for it, that one of `here.world` parts has."""
    columns = {name: getattr(batch, name) for name in ("x", "labels", "factors", "index", "target")}
    rows: dict[str, Any] = {
        name: c if c is None else here.rows(c, minibatches) for name, c in columns.items()
    }
    outer = batch.draw  # with several processes, this one's share is divided further
    rank, world = outer.rank * (outer.world > 1), outer.world
    draw = replace(outer, rank=rank + world * here.rank, world=world * here.world)
    return replace(batch, draw=draw, **rows)


class Accumulator:
    """`step(batch)` of a method in `parts` parts, for methods that `methods.across_ranks.check_parts` lets through."""

    def __init__(self, method: Method, parts: int):
        self.method, self.parts = method, parts
        self.turn = 0
        self.changed = threading.Condition()
        self.failed: BaseException | None = None
        self.sums: list[dict[nn.Parameter, Tensor]] = []
        # gradients of a part that waits
        self.own: list[dict[nn.Parameter, Tensor]] = [{} for _ in range(parts)]
        self.rows: list[tuple[Any, ...]] = []
        self.metrics: list[dict[str, Tensor]] = []

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the method on the whole batch; metrics are the means of the parts'."""
        self.turn, self.failed, self.metrics = 0, None, []
        optimizers = self.method.optimizers.values()
        kept = [optimizer.step for optimizer in optimizers]
        for optimizer in optimizers:
            optimizer.step = self._moving(optimizer, optimizer.step)
        device = torch.cuda.current_device() if batch.x.is_cuda else None
        threads = [
            threading.Thread(target=self._run, args=(i, part_of(batch, Ranks(i, self.parts), self.method.minibatches),
                                                     device))
            for i in range(self.parts)
        ]  # fmt: skip
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            for optimizer, step in zip(optimizers, kept, strict=True):
                optimizer.step = step
        if self.failed:
            raise self.failed
        return {name: torch.stack([m[name] for m in self.metrics]).mean(0) for name in self.metrics[0]}

    def _run(self, number: int, batch: Batch, device: int | None) -> None:
        threading.current_thread().part = number  # type: ignore[attr-defined]
        if device is not None:
            torch.cuda.set_device(device)
        try:
            self._wait(number)
            with GlobalDraws():
                metrics = self.method.step(batch)
            self.metrics.append(metrics)
            self._pass(number)
        except BaseException as error:  # the others must not wait for this one
            with self.changed:
                self.failed = self.failed or error
                self.changed.notify_all()

    def _moving(self, optimizer: Any, step: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for an optimiser's `step` while the parts run."""

        def move(*arguments: Any) -> None:
            number = threading.current_thread().part  # type: ignore[attr-defined]
            if arguments:  # of rows of a table: the gradients come with their numbers
                self.rows.append(arguments)
                if number == self.parts - 1:
                    index, gradients = zip(*self.rows, strict=True)
                    self.rows = []
                    step(torch.cat(index), torch.cat(gradients) / self.parts)
            else:
                parameters = [p for group in optimizer.param_groups for p in group["params"]]
                self._add(parameters, first=number == 0)
                if number == self.parts - 1:
                    for p, total in self.sums.pop().items():
                        p.grad = total / self.parts
                    step()
            self._keep(number)
            self._pass(number)
            self._wait(number)
            for p, gradient in self.own[number].items():
                p.grad = gradient

        return move

    def _add(self, parameters: list[nn.Parameter], first: bool) -> None:
        if first:
            self.sums.append({})
        sums = self.sums[-1]
        for p in parameters:
            if p.grad is not None:
                sums[p] = sums[p] + p.grad if p in sums else p.grad
                p.grad = None

    def _keep(self, number: int) -> None:
        """Set this part's other gradients aside, for the next part begins with none of its own."""
        self.own[number] = {}
        for p in self.method.networks.parameters():
            if p.grad is not None:
                self.own[number][p], p.grad = p.grad, None

    def _pass(self, number: int) -> None:
        with self.changed:
            self.turn = (number + 1) % self.parts
            self.changed.notify_all()

    def _wait(self, number: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.turn == number or self.failed is not None)
        if self.failed is not None:
            raise RuntimeError("another part has failed") from self.failed
