"""Exponential moving average of weights: what a GAN is sampled with.

The last weights of a game circle; their average lies nearer the centre (Yazici et al., 2019).
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from course_lib.errors import UsageError


class Average:
    """Running averages of some of a method's networks. `decay` is per step; 0 keeps the last weights.

    Raises UsageError for a network with spectral norms: the singular vectors that it keeps belong to its last weights,
    and an average of vectors is none of the averaged weights.
    """

    def __init__(self, networks: nn.ModuleDict, roles: tuple[str, ...], decay: float):
        for role in roles if decay else ():
            if any(parametrize.is_parametrized(module) for module in networks[role].modules()):
                raise UsageError(f"the {role} has spectral norms, which cannot be averaged: add --ema 0.")
        self.decay = decay
        self.networks = {role: copy.deepcopy(networks[role]).requires_grad_(False) for role in roles}

    @torch.no_grad()
    def update(self, networks: nn.ModuleDict, step: int) -> None:
        """Move each average towards the weights after `step` (1-based).

        Early steps count more, so that the random start is forgotten: the decay at step t is at most (t+1)/(t+10).
        Batch normalisation's running statistics are averaged like weights; counters are copied.
        """
        decay = min(self.decay, (step + 1) / (step + 10)) if self.decay else 0.0
        for role, average in self.networks.items():
            ours, theirs = average.state_dict().values(), networks[role].state_dict().values()
            floats = [(a, b) for a, b in zip(ours, theirs, strict=True) if a.is_floating_point()]
            torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1 - decay)
            for a, b in zip(ours, theirs, strict=True):
                if not a.is_floating_point():
                    a.copy_(b)

    @contextmanager
    def applied(self, networks: nn.ModuleDict) -> Iterator[None]:
        """Within the block, `networks` holds the averages."""
        current = {role: networks[role] for role in self.networks}
        networks.update(self.networks)
        try:
            yield
        finally:
            networks.update(current)

    def state_dict(self) -> dict[str, Any]:
        return {role: dict(network.state_dict()) for role, network in self.networks.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for role, network in self.networks.items():
            network.load_state_dict(state[role])
