"""A network of which each example of a batch has weights of its own."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call


def with_own_weights(network: nn.Module, weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """What the network makes of inputs (B, ...), row i by the weights `weights[name][i]`, each (B, *shape).

    Weights that are not named are the network's own, the same for all. Nothing in the network may look at more than
    one row. Gradients flow to `weights` and inputs: those of row i from output i alone.
    """

    def one(own: dict[str, Tensor], row: Tensor) -> Tensor:
        return functional_call(network, own, (row[None],))[0]

    # of weights in channels-last order torch 2.14 computes a wrong gradient here, where the kernel has one pixel
    rows = {name: weight.contiguous() for name, weight in weights.items()}
    return torch.func.vmap(one)(rows, inputs)


def copies(network: nn.Module, count: int, names: list[str]) -> dict[str, Tensor]:
    """`count` copies of each of the named parameters, (count, *shape), as leaves that take gradients."""
    parameters = dict(network.named_parameters())
    found = {}
    for name in names:
        many = parameters[name].detach().expand(count, *parameters[name].shape)
        found[name] = many.clone(memory_format=torch.contiguous_format).requires_grad_(True)
    return found


def convolutions(network: nn.Module) -> dict[str, tuple[int, int]]:
    """Name -> (outputs, inputs) of each convolution's weight but those of one pixel, which only mix colours."""
    return {
        name: (weight.shape[0], weight.shape[1])
        for name, weight in network.named_parameters()
        if weight.ndim == 4 and weight.shape[2] > 1
    }
