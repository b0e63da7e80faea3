"""Several processes that train one run: which of them this is, and the one place where gradients are averaged.

A recipe's `batch` is the global batch: N ranks share it, each with data and latents of its own, and after averaging
every rank takes the same step, that of one process with the whole batch up to rounding. (Batch normalisation sees its
rank's share alone.)
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed
from torch.optim.optimizer import register_optimizer_step_pre_hook

from course_lib.errors import UsageError


@dataclass(frozen=True)
class Ranks:
    """This process's number among `world` that train together; one that trains alone is rank 0 of 1."""

    rank: int = 0
    world: int = 1

    def share(self, batch: int) -> int:
        """What one rank takes of a global batch. Raises UsageError when it does not divide."""
        if batch % self.world:
            raise UsageError(
                f"a batch of {batch} is the batch of all {self.world} processes together, and does not divide among "
                f"them: give a --batch that is a multiple of {self.world}."
            )
        return batch // self.world


def ranks() -> Ranks:
    """Of the process group that is initialised, if there is one."""
    if distributed.is_available() and distributed.is_initialized():
        return Ranks(distributed.get_rank(), distributed.get_world_size())
    return Ranks()


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
    """Replace each gradient by its mean over all ranks."""
    for p in parameters:
        if p.requires_grad and p.grad is None:
            p.grad = torch.zeros_like(p)
    by_type: dict[torch.dtype, list[torch.Tensor]] = {}
    for p in parameters:
        if p.grad is not None:
            by_type.setdefault(p.grad.dtype, []).append(p.grad)
    for gradients in by_type.values():
        together = torch.cat([g.flatten() for g in gradients])
        distributed.all_reduce(together)
        together /= world
        for gradient, mean in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view(gradient.shape))
