"""Where self-attention looks: the weights of each layer for given inputs, and how far they reach."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib.networks.attention import SelfAttention


class Reach(NamedTuple):
    """Means over images and places: what `distances` found."""

    # distance between a place and those it takes from, in pixels of the map, by how much it takes
    mean: float
    even: float  # the same of a place that takes from all alike
    other: float  # share taken from the other half, left or right, of the map


@torch.no_grad()
def attention_maps(network: nn.Module, inputs: Tensor) -> Iterator[tuple[SelfAttention, Tensor]]:
    """Each attention layer of a network in evaluation mode, with its weights (B, H, W, H/2, W/2) for these inputs.

    A weight says how much a place of the map takes from a pooled place, of which each covers 2 x 2 places. Maps are
    square. Yields nothing for a network without attention.
    """
    seen: list[tuple[SelfAttention, Tensor]] = []
    layers = [module for module in network.modules() if isinstance(module, SelfAttention)]
    handles = [
        layer.register_forward_pre_hook(lambda module, given: seen.append((module, given[0])))
        for layer in layers
    ]
    training = network.training
    try:
        network.eval()(inputs)
    finally:
        network.train(training)
        for handle in handles:
            handle.remove()
    for layer, x in seen:
        mode = layer.training
        layer.eval()  # a power iteration would change the layer
        weights = layer.weights(x).unflatten(2, (x.shape[2] // 2, -1)).unflatten(1, x.shape[2:])
        layer.train(mode)
        yield layer, weights


def distances(weights: Tensor) -> Reach:
    """Of weights (B, H, W, H/2, W/2). The distance is from the middle of a place to the middle of a pooled one."""
    height, width, pooled_height, pooled_width = weights.shape[1:]
    rows, columns = (torch.arange(n, dtype=weights.dtype) + 0.5 for n in (height, width))
    pooled_rows, pooled_columns = (
        2 * torch.arange(n, dtype=weights.dtype) + 1 for n in (pooled_height, pooled_width)
    )
    down = rows[:, None, None, None] - pooled_rows[:, None]
    across = columns[:, None, None] - pooled_columns
    apart = (down.square() + across.square()).sqrt()  # (H, W, H/2, W/2)
    far = (columns[:, None] < width / 2) != (pooled_columns < width / 2)  # (W, W/2)
    mass = weights.mean(0)
    places = height * width
    return Reach(
        (mass * apart).sum().item() / places,
        apart.mean().item(),
        (mass * far[:, None]).sum().item() / places,
    )
