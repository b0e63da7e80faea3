"""Exponential moving average of weights: what a GAN is sampled with.

The last weights of a game circle; their average lies nearer the centre (Yazici et al., 2019).
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import _SpectralNorm

from course_lib.methods.protocol import Method

# raise it when the same weights give another average: records of studies then know that they are of an earlier version
NUMERICS = 1


class Average:
    """Running averages of some of a method's networks. `decay` is per step; 0 keeps the last weights.

    Networks with spectral norms are averaged as BigGAN does it: the raw weights, and not the quotients. The singular
    vectors that go with them belong to no one step; they are computed anew, exactly, whenever the average is used.
    Make it when the method's stage is known: an average is of the networks as they are then.
    """

    def __init__(self, method: Method, decay: float):
        self.decay, self.stage = decay, method.stage
        self.networks = {
            role: copy.deepcopy(method.networks[role]).requires_grad_(False) for role in method.averaged
        }
        self._copied = {role: _copied(network) for role, network in self.networks.items()}

    @torch.no_grad()
    def update(self, method: Method, step: int) -> None:
        """Move each average towards the weights after `step` (1-based); change its networks as the method's changed.

        Early steps count more, so that the random start is forgotten: the decay at step t is at most (t+1)/(t+10).
        Batch normalisation's running statistics are averaged like weights; counters and singular vectors are copied,
        and so are the buffers that a module names in `copied_buffers`.
        """
        if method.stage != self.stage:
            self._enter(method)
        decay = min(self.decay, (step + 1) / (step + 10)) if self.decay else 0.0
        for role, average in self.networks.items():
            ours, theirs = average.state_dict(), method.networks[role].state_dict()
            mixed = [n for n, a in ours.items() if a.is_floating_point() and n not in self._copied[role]]
            torch._foreach_lerp_([ours[n] for n in mixed], [theirs[n] for n in mixed], 1 - decay)
            for name in ours.keys() - set(mixed):
                ours[name].copy_(theirs[name])

    def _enter(self, method: Method) -> None:
        grown = method.resize(nn.ModuleDict(self.networks), method.stage)
        for role, network in grown.items():
            like = method.networks[role]
            network.to(next(like.parameters()).device)
            self.networks[role] = network.requires_grad_(False).train(like.training)
            self._copied[role] = _copied(network)
        self.stage = method.stage

    @contextmanager
    def applied(self, networks: nn.ModuleDict) -> Iterator[None]:
        """Within the block, `networks` holds the averages."""
        current = {role: networks[role] for role in self.networks}
        self._normalise()
        networks.update(self.networks)
        try:
            yield
        finally:
            networks.update(current)

    def state_dict(self) -> dict[str, Any]:
        self._normalise()
        return {role: dict(network.state_dict()) for role, network in self.networks.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for role, network in self.networks.items():
            network.load_state_dict(state[role])

    def _normalise(self) -> None:
        for network in self.networks.values():
            normalise(network)


@torch.no_grad()
def normalise(network: nn.Module) -> None:
    """Give each spectral norm of a network the first pair of singular vectors of the weight that it has now."""
    for weight, norm in _spectral_norms(network):
        if weight.ndim > 1:  # of a vector the norm is its length, without vectors
            matrix = norm._reshape_weight_to_matrix(weight)
            u, _, vh = torch.linalg.svd(matrix.double(), full_matrices=False)
            norm._u.copy_(u[:, 0])
            norm._v.copy_(vh[0])


def _spectral_norms(network: nn.Module) -> Iterator[tuple[Tensor, _SpectralNorm]]:
    """Each raw weight of a network that is divided by its norm, and what divides it."""
    for layer in network.modules():
        if parametrize.is_parametrized(layer, "weight"):
            of_layer: Any = layer.parametrizations
            parts: Any = of_layer.weight
            for part in parts:
                if isinstance(part, _SpectralNorm):
                    yield parts.original, part


def _copied(network: nn.Module) -> set[str]:
    """Names in the state of what is no weight: what a spectral norm keeps beside its own, and named buffers."""
    names = set()
    for name, module in network.named_modules():
        beside = ("_u", "_v") if isinstance(module, _SpectralNorm) else ()
        names |= {
            f"{name}.{buffer}".lstrip(".") for buffer in (*beside, *getattr(module, "copied_buffers", ()))
        }
    return names
