"""Optimisers of several players, and what becomes of an optimiser's state when its network grows."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def adam(
    networks: nn.ModuleDict, rates: Mapping[str, float], beta1: float, beta2: float
) -> dict[str, torch.optim.Optimizer]:
    """Adam (Kingma and Ba, 2015) for each role that has a rate."""
    return {
        role: torch.optim.Adam(networks[role].parameters(), rate, (beta1, beta2), fused=True)
        for role, rate in rates.items()
    }


def set_rates(
    optimizers: Mapping[str, torch.optim.Optimizer], rates: Mapping[str, float], factor: float
) -> None:
    """Each role's learning rate, `factor` times that of `rates`."""
    for role, rate in rates.items():
        for group in optimizers[role].param_groups:
            group["lr"] = rate * factor


def follow(
    optimizer: torch.optim.Optimizer, before: Mapping[str, nn.Parameter], after: Mapping[str, nn.Parameter]
) -> None:
    """Make `optimizer`, which trains the parameters `before`, train those `after` instead, both by name.

    What it knows of a weight that stays is kept. Of a weight that has grown, the old state fills the leading corner,
    as the old weight does, and zeros the rest: what Adam knows of a weight before its first gradient. All parameters
    get the settings of the first group, in the order of `after`, so that a saved state fits a network built anew.
    """
    settings = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    old_state = {name: optimizer.state.pop(p) for name, p in before.items() if p in optimizer.state}
    optimizer.state.clear()
    optimizer.param_groups.clear()
    optimizer.add_param_group({"params": list(after.values()), **settings})
    for name, parameter in after.items():
        if name in old_state:
            shape = before[name].shape
            optimizer.state[parameter] = {
                key: _grown(value, shape, parameter) if isinstance(value, Tensor) else value
                for key, value in old_state[name].items()
            }


def _grown(value: Tensor, old_shape: torch.Size, parameter: nn.Parameter) -> Tensor:
    """A moment of the old shape in the leading corner of zeros; a counter as it is."""
    if value.shape != old_shape or value.shape == parameter.shape:
        return value
    grown = torch.zeros_like(parameter, dtype=value.dtype)
    grown[tuple(slice(0, n) for n in old_shape)] = value
    return grown
