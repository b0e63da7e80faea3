"""Spectral normalisation of a whole network (Miyato et al., 2018)."""

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


def spectrally_normed(network: nn.Module) -> nn.Module:
    """Divide the weight of every linear and convolutional layer by its largest singular value, as training finds it.

    The weight of a convolution counts as the matrix of (maps out, maps in x taps). The singular value is estimated by
    one power iteration in each forward pass of training, from below, and lags behind weights that move: the norm of a
    layer is near 1, and not at most 1. `evaluation.lipschitz.upper_bound` computes what it is. Returns the network,
    which is changed in place.
    """
    for module in list(network.modules()):
        if isinstance(module, (nn.Linear, nn.modules.conv._ConvNd)):
            spectral_norm(module)
    return network
