"""Spectral normalisation of a whole network (Miyato et al., 2018)."""

from dataclasses import dataclass
from typing import Literal

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from course_lib.data.spec import DataSpec
from course_lib.networks.mlp import GaussianPair


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


@dataclass(frozen=True)
class NormedCriticPair(GaussianPair):
    """A generator that makes one Gaussian, and a critic whose layers may be spectrally normed."""

    critic_norm: Literal["none", "spectral"] = "none"  # none or spectral

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for points. Raises ValueError for a norm that does not exist."""
        if self.critic_norm not in ("none", "spectral"):
            raise ValueError(f"critic_norm must be none or spectral, not {self.critic_norm}")
        players = super().build(data)
        if self.critic_norm == "spectral":
            players["discriminator"] = spectrally_normed(players["discriminator"])
        return players
