"""Players that see a batch as a whole: a discriminator with a minibatch layer, a generator with virtual batch norm."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from course_lib.data.spec import DataSpec
from course_lib.networks import dcgan, mlp
from course_lib.networks.layers import (
    MinibatchDeviation,
    MinibatchDiscrimination,
    VirtualBatch,
    VirtualBatchNorm,
)
from course_lib.settings import Count, Slope

MINIBATCH = ("none", "discrimination", "deviation")


class BatchAwareDiscriminator(nn.Module):
    """(B, ...) -> (B,) logits: a discriminator's hidden layers, a minibatch layer, and one linear layer.

    discriminator: from `networks.mlp` or `networks.dcgan`; its last layer is replaced by one that is drawn from the
    same law and is spectrally normed if that was. `example` (2, ...) says what it takes. minibatch: "discrimination"
    (Salimans et al., 2016), "deviation" (Karras et al., 2018) or "none". `features` are what feature matching
    compares. Raises ValueError for a minibatch layer that does not exist.
    """

    def __init__(
        self,
        discriminator: nn.Module,
        example: Tensor,
        minibatch: Literal["none", "discrimination", "deviation"] = "none",
    ):
        super().__init__()
        if minibatch not in MINIBATCH:
            raise ValueError(f"minibatch must be {', '.join(MINIBATCH)}, not {minibatch}")
        self.trunk = discriminator.layers[:-1]
        with torch.no_grad():
            width = self.trunk.eval()(example).flatten(1).shape[1]
        self.trunk.train()
        if minibatch == "discrimination":
            self.company: nn.Module = MinibatchDiscrimination(width)
            width += self.company.kernels
        elif minibatch == "deviation":
            self.company = MinibatchDeviation()
            width += 1
        else:
            self.company = nn.Identity()
        self.head = _linear_like(discriminator.layers[-1], width)

    def features(self, x: Tensor) -> Tensor:
        """(B, F): the last hidden layer, which sees each example alone."""
        return self.trunk(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.company(self.features(x))).squeeze(1)


def _linear_like(last: nn.Module, inputs: int) -> nn.Linear:
    """A linear layer with one output, initialised as `last` was, and spectrally normed if it is."""
    layer = nn.Linear(inputs, 1)  # with torch's initialisation, which `networks.mlp` leaves its last layer
    if isinstance(last, nn.Conv2d):
        dcgan.initialise(layer)
    return spectral_norm(layer) if parametrize.is_parametrized(last, "weight") else layer


def virtual_generator(
    latent: int, dim: int, width: int, depth: int, slope: float = 0.2, reference: int = 64
) -> VirtualBatch:
    """`mlp.Generator` with virtual batch normalisation before each of its activations.

    The reference batch, `reference` draws of z from N(0, I), comes from torch's global generator, like the weights.
    """
    plain = mlp.Generator(latent, dim, width, depth, slope)
    layers: list[nn.Module] = []
    for layer in plain.layers[:-1]:
        layers.append(layer)
        if isinstance(layer, nn.Linear):
            layers.append(VirtualBatchNorm(layer.out_features, reference))
    return VirtualBatch(nn.Sequential(*layers, plain.layers[-1]), torch.randn(reference, latent))


@dataclass(frozen=True)
class BatchAwareMLPPair(mlp.MLPPair):
    """Two perceptrons; the discriminator may compare the samples of a batch, the generator may normalise by one."""

    slope: Slope = 0.2  # of LeakyReLU, in both players; 0 is ReLU
    minibatch: str = "none"  # layer before D's last one: none, discrimination or deviation
    generator_norm: str = "none"  # none, or virtual: virtual batch normalisation
    reference: Count = 64  # latents in its reference batch

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for points. Raises ValueError for a norm that does not exist."""
        sizes = (self.latent, data.dim, self.width, self.depth, self.slope)
        generator: nn.Module = mlp.Generator(*sizes)
        discriminator = mlp.Discriminator(data.dim, self.width, self.depth, self.slope)
        if self.generator_norm == "virtual":
            generator = virtual_generator(*sizes, self.reference)
        elif self.generator_norm != "none":
            raise ValueError(f"generator_norm must be none or virtual, not {self.generator_norm}")
        example = torch.zeros(2, *data.shape)
        return {
            "generator": generator,
            "discriminator": BatchAwareDiscriminator(discriminator, example, self.minibatch),
        }


@dataclass(frozen=True)
class BatchAwareDCGANPair(dcgan.DCGANPair):
    """The DCGAN pair, whose discriminator may compare the images of a batch."""

    minibatch: str = "none"  # layer before D's last one: none, discrimination or deviation

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images."""
        players = super().build(data)
        example = torch.zeros(2, *data.shape)
        discriminator = BatchAwareDiscriminator(players["discriminator"], example, self.minibatch)
        return players | {"discriminator": discriminator}
