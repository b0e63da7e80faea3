"""Batch normalisation folded into the convolution before it, for networks that are only evaluated.

By its running statistics batch normalisation is an affine map of each channel, and so is part of the linear layer
before it: y = γ (Wx + b − μ)/√(σ² + ε) + β has the weights γ W/√(σ² + ε) and the bias β + γ (b − μ)/√(σ² + ε).
"""

import copy
from itertools import pairwise

from torch import nn
from torch.nn.utils import fusion

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def folded(network: nn.Module) -> nn.Module:
    """A copy of a network in evaluation mode that gives the same outputs to rounding, with fewer passes over memory.

    Folds each batch normalisation that directly follows a (transposed) convolution or a linear layer within an
    `nn.Sequential`; an identity takes its place, so that numbers and names of layers stay. Layers with hooks or
    parametrisations, and normalisations without running statistics, are left as they are. The copy trains no more:
    its batch statistics are gone.
    """
    copied = copy.deepcopy(network).eval()
    for module in copied.modules():
        if type(module) is nn.Sequential:
            for (name, layer), (after, norm) in pairwise(module.named_children()):
                if (
                    _foldable(layer)
                    and isinstance(norm, NORMS)
                    and norm.running_mean is not None
                    and _plain(norm)
                ):
                    setattr(module, name, _fold(layer, norm))
                    setattr(module, after, nn.Identity())
    return copied


def _fold(layer: nn.Module, norm: nn.Module) -> nn.Module:
    if isinstance(layer, nn.Linear):
        return fusion.fuse_linear_bn_eval(layer, norm)
    return fusion.fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, TRANSPOSED))


def _foldable(layer: nn.Module) -> bool:
    # a grouped transposed convolution keeps its output channels in an order of its own
    grouped = isinstance(layer, TRANSPOSED) and layer.groups > 1
    return isinstance(layer, (*CONVOLUTIONS, *TRANSPOSED, nn.Linear)) and _plain(layer) and not grouped


def _plain(layer: nn.Module) -> bool:
    hooks = layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks
    return not hooks and not hasattr(layer, "parametrizations")
