"""How long the gradients are that optimisers step by, looked at when a row of metrics is due and at no other step."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm
from torch.optim.optimizer import register_optimizer_step_pre_hook

from course_lib.training.history import GRADIENT_NORM


class GradientNorms:
    """Euclidean norm of each player's gradient, all its weights together, as its optimiser is about to use it: after
    clipping, and the mean of all ranks'."""

    def __init__(self) -> None:
        self.due = False  # whether this step is looked at
        self._norms: dict[str, Tensor] = {}

    @contextmanager
    def of(self, optimizers: Mapping[str, object]) -> Iterator[None]:
        """Within the block, steps of these optimisers are seen while `due`. Of several steps the last one counts."""
        players = {id(optimizer): role for role, optimizer in optimizers.items()}

        @torch.no_grad()
        def see(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
            if not self.due or id(optimizer) not in players:
                return
            gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
            if present := [g for g in gradients if g is not None]:
                self._norms[players[id(optimizer)]] = get_total_norm(present)  # stays on the device

        handle = register_optimizer_step_pre_hook(see)
        try:
            yield
        finally:
            handle.remove()

    def read(self) -> dict[str, float]:
        """Norms of the step that was looked at, by player; one copy from the device for all of them."""
        norms, self._norms = self._norms, {}
        if not norms:
            return {}
        values = torch.stack([norm.float() for norm in norms.values()]).tolist()
        return dict(zip(norms, values, strict=True))


def in_row(norms: Mapping[str, float]) -> dict[str, float]:
    """Norms by player as a row of metrics has them: those that are finite, for a row holds numbers."""
    return {f"{player}/{GRADIENT_NORM}": norm for player, norm in norms.items() if math.isfinite(norm)}
