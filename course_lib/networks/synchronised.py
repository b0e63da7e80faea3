"""Layers that look at a batch, when the batch is divided among processes: they look at all of it.

`synchronise` changes the layers of a network in place, with their weights, names and state: a network of one process
and one of many have the same checkpoints. In evaluation nothing is exchanged, so that one rank may sample by itself.
"""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.networks import progressive
from course_lib.networks.fading import faded_deviation
from course_lib.networks.layers import MinibatchDeviation, MinibatchDiscrimination, at_least_float32
from course_lib.ranks import Ranks, gathered, ranks


class _BatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation by the mean and the variance of all ranks' rows; any number of derivatives, on any device.

    Of equal shares, the mean is that of the ranks' means, and the variance the mean of theirs and of the squared
    distances of their means from it (Chan, Golub and LeVeque, 1979): one exchange a layer, and no difference of large
    numbers.
    """

    @torch.compiler.disable
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        if not self.training and self.running_mean is not None:
            return super().forward(input)
        x = at_least_float32(input)
        others = [d for d in range(x.ndim) if d != 1]
        with torch.autocast(x.device.type, enabled=False):
            variances, means = gathered(torch.stack(torch.var_mean(x, others, correction=0))).unbind(1)
            mean = means.mean(0)
            variance = (variances + (means - mean).square()).mean(0)
            if self.training and self.track_running_stats:
                self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * len(means))
            scale = (variance + self.eps).rsqrt()
            if self.affine:
                scale = scale * self.weight
            shift = -mean * scale if self.bias is None else self.bias - mean * scale
            shape = (1, -1, *[1] * (x.ndim - 2))
            normalised = x * scale.view(shape) + shift.view(shape)
        return normalised.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics as torch does: the variance of `count` values without its bias."""
        running: Any = (self.running_mean, self.running_var, self.num_batches_tracked)
        running[2].add_(1)
        share = self.momentum if self.momentum is not None else 1 / running[2].double()
        for kept, new in zip(running, (mean, variance * count / max(1, count - 1)), strict=False):
            kept.add_(share * (new.to(kept) - kept))


class BatchNorm1d(_BatchNorm, nn.BatchNorm1d):
    pass


class BatchNorm2d(_BatchNorm, nn.BatchNorm2d):
    pass


class _Gathered(nn.Module):
    """A layer that compares the examples of a batch, given those of all ranks, in the order of the global batch."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        return ranks().rows(super().forward(in_order(gathered(x))))


class Deviation(_Gathered, MinibatchDeviation):
    """Whole groups in a rank's share are groups of the global batch: see `_Comparing`."""

    def forward(self, x: Tensor) -> Tensor:
        return MinibatchDeviation.forward(self, x) if len(x) % self.group == 0 else super().forward(x)


class Discrimination(_Gathered, MinibatchDiscrimination):
    pass


SYNCHRONISED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: BatchNorm1d,
    nn.BatchNorm2d: BatchNorm2d,
    MinibatchDeviation: Deviation,
    MinibatchDiscrimination: Discrimination,
}


def synchronise(network: nn.Module, here: Ranks) -> nn.Module:
    """The network itself, whose layers from now on take the batches of all ranks for one. Alone, nothing changes."""
    if here.world == 1:
        return network
    for module in network.modules():
        if type(module) in SYNCHRONISED:
            module.__class__ = SYNCHRONISED[type(module)]
        if isinstance(module, progressive.Discriminator) and not hasattr(module, "compares_ranks"):
            module.compares_ranks = True
            module.blocks["4"][0].register_forward_pre_hook(_Comparing(module))
    return network


class _Comparing:
    """Before the layer that reads a growing discriminator's minibatch deviation: that of the ranks' images together.

    Where a rank's share holds whole groups, they are those of the global batch already: it has every `world`-th row,
    and the members of a group stand equally far apart.
    """

    def __init__(self, network: progressive.Discriminator):
        self.network = [network]  # in a list: a hook is no module that belongs to a layer

    @torch.compiler.disable
    def __call__(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        (network,), group = self.network, self.network[0].rules.group
        features = inputs[0][:, 1:]
        if not network.training or (group and len(features) % group == 0):
            return None
        whole = in_order(gathered(features))
        kept, fade = network.previous.channels[0], network.fade * network.new_share
        deviation = ranks().rows(faded_deviation(whole, kept, fade, group or len(whole)))
        channel = deviation.view(-1, 1, 1, 1).expand(-1, 1, *features.shape[2:])
        return (torch.cat([channel, features], 1), *inputs[1:])


def in_order(of_ranks: Tensor) -> Tensor:
    """(world, B, ...) -> (world * B, ...), as the global batch has them: row j of rank r is row j * world + r."""
    return of_ranks.transpose(0, 1).flatten(0, 1)
