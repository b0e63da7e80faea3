"""Fully connected generator and discriminator for data of a few dimensions."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.settings import Count, CountFrom0, Deviation, check


def _perceptron(inputs: int, outputs: int, width: int, depth: int, slope: float) -> nn.Sequential:
    """`depth` hidden layers of `width` units with LeakyReLU between, a linear layer at the end."""
    sizes = [inputs] + [width] * depth
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(fan_in, fan_out), nn.LeakyReLU(slope)]
    layers.append(nn.Linear(sizes[-1], outputs))
    for layer in layers[:-1:2]:
        # He et al. (2015), eq. 14: keeps the variance of activations through LeakyReLU layers
        nn.init.kaiming_normal_(layer.weight, a=slope)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


class Generator(nn.Module):
    """(B, latent) -> (B, dim), linear at the output: the data need not lie in [-1, 1]."""

    def __init__(self, latent: int, dim: int, width: int = 128, depth: int = 3, slope: float = 0.2):
        super().__init__()
        self.latent = latent
        self.layers = _perceptron(latent, dim, width, depth, slope)

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents)


class Discriminator(nn.Module):
    """(B, dim) -> (B,) logits: log D(x) / (1 - D(x))."""

    def __init__(self, dim: int, width: int = 128, depth: int = 3, slope: float = 0.2):
        super().__init__()
        self.layers = _perceptron(dim, 1, width, depth, slope)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)


def gaussian_generator(mean: float | Sequence[float], std: float) -> Generator:
    """The generator x = mean + std * z without hidden layers: for z ~ N(0, I) its law is N(mean, std^2 I) exactly.

    Played with a learning rate of 0 it stands still, and what D learns can be compared with the exact D*.
    """
    means = torch.atleast_1d(torch.as_tensor(mean, dtype=torch.float32))
    generator = Generator(len(means), len(means), depth=0)
    (layer,) = generator.layers
    with torch.no_grad():
        layer.weight.copy_(std * torch.eye(len(means)))
        layer.bias.copy_(means)
    return generator


@dataclass(frozen=True)
class MLPPair:
    """Two perceptrons of the same shape."""

    latent: Count = 2  # dimension of z
    width: Count = 128  # units a layer
    depth: CountFrom0 = 3  # hidden layers

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for points."""
        return {
            "generator": Generator(self.latent, data.dim, self.width, self.depth),
            "discriminator": Discriminator(data.dim, self.width, self.depth),
        }


@dataclass(frozen=True)
class GaussianPair:
    """A generator that makes one Gaussian and nothing else, x = mean + A z, and a critic of the usual kind."""

    mean: float = 0.0  # of every coordinate, at the start
    std: Deviation = 1.0  # its standard deviation, at the start
    width: Count = 64  # units a layer of the critic
    depth: CountFrom0 = 2  # its hidden layers

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for points."""
        return {
            "generator": gaussian_generator([self.mean] * data.dim, self.std),
            "discriminator": Discriminator(data.dim, self.width, self.depth),
        }
