"""Several processes that train one run: the one place where gradients are averaged, and what they agree on.

Rank 0 has the run directory. The others hear from it what it read there, and all stop at the same step.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed
from torch.optim.optimizer import register_optimizer_step_pre_hook

from course_lib import notices
from course_lib.errors import CourseError, Elsewhere, UsageError
from course_lib.ranks import Ranks, ranks
from course_lib.training.log import NotFinite
from course_lib.training.stopping import Interrupted, Requeue

GIVEN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun says to each process


@contextmanager
def process_group(patience: timedelta | None = None) -> Iterator[Ranks]:
    """The group of the processes that torchrun, or a scheduler, has started for one run; alone where it is one process.

    patience: how long one may wait for another that lives (default: as torch has it, half an hour). One that has ended
    is noticed at once, except at the start, when nobody knows who will come.

    Raises UsageError when their variables are incomplete or there are more processes than GPUs, and CourseError where
    not all come, and in those that are left when one of them has ended.
    """
    if int(os.environ.get("WORLD_SIZE", "1") or 1) == 1 or distributed.is_initialized():
        yield ranks()
        return
    if missing := [name for name in GIVEN if not os.environ.get(name)]:
        raise UsageError(
            f"WORLD_SIZE says that several processes train together, and {missing[0]} is not set: start them with "
            f"torchrun, or unset WORLD_SIZE."
        )
    _take_device(int(os.environ.get("LOCAL_RANK", "0")))
    gpus = torch.cuda.is_available() and distributed.is_nccl_available()
    backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
    try:
        waits: dict[str, Any] = {} if patience is None else {"timeout": patience}
        store, rank, world = next(iter(distributed.rendezvous("env://", **waits)))
        # torchrun keeps one store over its restarts: what processes of an earlier start wrote there is not for these
        start = f"start {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"
        store = distributed.PrefixStore(start, store)
        distributed.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=patience)
    except RuntimeError as error:
        if not _of_the_group(error):
            raise
        raise CourseError(
            f"the {os.environ['WORLD_SIZE']} processes of this run have not found each other "
            f"({str(error).splitlines()[0][:120].rstrip('.')}): see which of them did not start or has ended, and "
            f"repeat the command."
        ) from error
    here = ranks()
    notices.mute(not here.first)
    try:
        yield here
    except (Interrupted, NotFinite, UsageError) as error:  # what all ranks find alike, the first one says
        if here.first:
            raise
        raise Elsewhere.after(error) from error
    except RuntimeError as error:  # of torch: gloo's and NCCL's errors are no other kind
        if not _of_the_group(error):
            raise
        raise CourseError(
            f"process {here.rank} of {here.world} has lost the others ({str(error).splitlines()[0][:120]}): the one "
            f"that ended first says why, and the same command goes on from the last checkpoint."
        ) from error
    finally:
        notices.mute(False)
        distributed.destroy_process_group()


def _take_device(local: int) -> None:
    if torch.cuda.is_available():
        if local >= torch.cuda.device_count():
            raise UsageError(
                f"this machine has {torch.cuda.device_count()} GPUs, and process {local} counted from 0 has none: "
                f"start as many processes as there are GPUs."
            )
        torch.cuda.set_device(local)


def _of_the_group(error: RuntimeError) -> bool:
    words = ("gloo", "nccl", "connection", "timed out", "store", "peer")
    return isinstance(error, distributed.DistError) or any(word in str(error).lower() for word in words)


@contextmanager
def averaged_gradients(optimizers: Iterable[object], world: int) -> Iterator[None]:
    """Within the block, a step of one of these optimisers uses the mean of all ranks' gradients.

    One hook on every optimiser's step, so that no method needs to know of ranks: penalties, several backward passes
    and networks that change all end in the gradients that the optimiser is about to use. They are sent as one vector
    for each type of number. A rank whose parameter has no gradient counts as zero.
    """
    if world == 1:
        yield
        return
    ours = {id(optimizer) for optimizer in optimizers}

    def average(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
        if id(optimizer) in ours:
            average_over_ranks([p for group in optimizer.param_groups for p in group["params"]], world)

    handle = register_optimizer_step_pre_hook(average)
    try:
        yield
    finally:
        handle.remove()


@torch.no_grad()
def average_over_ranks(parameters: list[torch.nn.Parameter], world: int) -> None:
    """Replace each gradient by its mean over all ranks. One that no rank has stays None, so that its optimiser leaves
    the parameter and its moments alone, as in one process."""
    lacking = [p for p in parameters if p.grad is None and p.requires_grad]
    for p in lacking:
        p.grad = torch.zeros_like(p)
    by_type: dict[torch.dtype, list[torch.nn.Parameter]] = {}
    for p in parameters:
        if p.grad is not None:
            by_type.setdefault(p.grad.dtype, []).append(p)
    missing = {id(p) for p in lacking}
    for those in by_type.values():
        gradients = [p.grad for p in those if p.grad is not None]
        had = torch.tensor([float(id(p) not in missing) for p in those]).to(gradients[0])
        together = torch.cat([*(g.flatten() for g in gradients), had])
        distributed.all_reduce(together)
        had = together[-len(those) :].clone()
        together /= world
        for gradient, mean in zip(
            gradients, together.split([*(g.numel() for g in gradients), len(those)]), strict=False
        ):
            gradient.copy_(mean.view(gradient.shape))
        if missing:  # to ask for numbers is to wait for the device: only where a loss leaves weights out
            for p, ranks_with in zip(those, had.tolist(), strict=True):
                if ranks_with == 0:
                    p.grad = None


class Votes:
    """How all ranks come to stop after the same step, without a wait in any.

    What a rank asks for at a step is sent while the next one is computed, and every rank obeys the sum one step later.
    """

    KINDS: tuple[type[Interrupted] | None, ...] = (None, Requeue, Interrupted)  # the last one prevails

    def __init__(self, here: Ranks):
        self.here = here
        self._sent: tuple[Any, Tensor] | None = None

    def __call__(self, kind: type[Interrupted] | None) -> type[Interrupted] | None:
        """Ask for `kind`; what is to be done now."""
        if self.here.world == 1:
            return kind
        decided = self.result()
        vote = torch.tensor(self.KINDS.index(kind))
        self._sent = (distributed.all_reduce(vote, distributed.ReduceOp.MAX, async_op=True), vote)
        return decided

    def result(self) -> type[Interrupted] | None:
        """What was sent last, waited for."""
        if self._sent is None:
            return None
        work, vote = self._sent
        self._sent = None
        work.wait()
        return self.KINDS[int(vote)]
