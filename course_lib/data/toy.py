"""Toy data in one and two dimensions, small enough to see everything that a generator gets wrong.

Each is an endless source: a batch is a fresh draw, and "the training set" is the distribution itself.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture, grid, mixture_1d, ring


@dataclass(frozen=True, eq=False)
class PointSet:
    """A distribution of points with `dim` coordinates.

    density: its exact mixture, or None where it has no closed form; curve: (M, 2) points along the curve that
    the data scatter about, or None; draw: (n, generator) -> (n, dim) float32.
    """

    name: str
    dim: int
    draw: Callable[[int, torch.Generator | None], Tensor]
    density: GaussianMixture | None = None
    curve: Tensor | None = None

    @property
    def shape(self) -> tuple[int]:
        """The shape of one sample."""
        return (self.dim,)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw (n, dim) float32 points on the generator's device."""
        return self.draw(n, generator)


def from_mixture(name: str, mixture: GaussianMixture) -> PointSet:
    """The point set that draws from a mixture and knows its density."""
    return PointSet(name, mixture.dim, mixture.sample, density=mixture)


ROLL_SCALE = 7.5  # divides the roll's own units, so that the coordinates have about unit variance
ROLL_START, ROLL_END = 1.5 * math.pi, 4.5 * math.pi  # the angle along the roll, one and a half turns


def swiss_roll(noise: float = 0.25, name: str = "toy/swiss-roll") -> PointSet:
    """A flat noisy spiral: ((t cos t, t sin t) + noise · N(0, I)) / 7.5 with t ~ U(1.5π, 4.5π).

    scikit-learn's roll without its depth, at the noise and scale of the WGAN-GP toys (Gulrajani et al. 2017).
    `noise` is in the roll's own units, as scikit-learn counts it; the points are 7.5 times smaller.
    """

    def draw(n: int, generator: torch.Generator | None = None) -> Tensor:
        device = generator.device if generator is not None else "cpu"
        angle = ROLL_START + (ROLL_END - ROLL_START) * torch.rand(n, generator=generator, device=device)
        jitter = torch.randn(n, 2, generator=generator, device=device)
        return _roll(angle) + noise / ROLL_SCALE * jitter

    return PointSet(name, 2, draw, curve=swiss_roll_curve())


def swiss_roll_curve(points: int = 2000) -> Tensor:
    """The noiseless roll from its centre outwards: (points, 2) float64, in the units of the samples."""
    return _roll(torch.linspace(ROLL_START, ROLL_END, points, dtype=torch.float64))


def _roll(angle: Tensor) -> Tensor:
    return angle[:, None] / ROLL_SCALE * torch.stack([angle.cos(), angle.sin()], 1)


TOYS: dict[str, Callable[[], PointSet]] = {
    "toy/ring8": lambda: from_mixture("toy/ring8", ring()),
    "toy/grid25": lambda: from_mixture("toy/grid25", grid()),
    "toy/mixture-1d": lambda: from_mixture("toy/mixture-1d", mixture_1d()),
    # a quarter of the mass in a bump of its own: too far for one Gaussian to cover without lying between
    "toy/two-bumps-1d": lambda: from_mixture(
        "toy/two-bumps-1d", mixture_1d((-3.0, 1.5), (1.0, 1.0), (0.25, 0.75))
    ),
    "toy/swiss-roll": swiss_roll,
}


def open_toy(name: str) -> PointSet:
    """The toy of that name. Raises UsageError, with the names there are, for any other."""
    if name not in TOYS:
        raise UsageError(f"No toy data set is called '{name}': choose one of {', '.join(TOYS)}.")
    return TOYS[name]()
