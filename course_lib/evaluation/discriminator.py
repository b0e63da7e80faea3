"""How far a trained discriminator is from the optimal one, where both densities are known."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture
from course_lib.theory.divergences import optimal_discriminator


@dataclass(frozen=True, eq=False)
class DiscriminatorError:
    """What `discriminator_error` found on its grid. Everything is (n,) float64 over the same points x.

    trained and exact are probabilities D(x) and D*(x) = p/(p+q); counted marks the points that the errors are of.
    """

    x: Tensor
    trained: Tensor
    exact: Tensor
    counted: Tensor

    @property
    def mean_absolute(self) -> float:
        """The mean of |D - D*| over the counted points, each the same length of the line."""
        return float((self.trained - self.exact).abs()[self.counted].mean())

    @property
    def worst(self) -> float:
        """The largest |D - D*| among the counted points."""
        return float((self.trained - self.exact).abs()[self.counted].max())


@torch.no_grad()
def discriminator_error(
    discriminator: Callable[[Tensor], Tensor],
    data: GaussianMixture,
    generated: GaussianMixture,
    *,
    low: float = -8.0,
    high: float = 8.0,
    points: int = 4001,
    threshold: float = 0.01,
) -> DiscriminatorError:
    """Compare D with D* (Goodfellow et al., 2014, proposition 1) on a grid of the line.

    discriminator maps float32 points (n, 1) to logits (n,); data and generated are 1-D mixtures. Counted are the
    points where the density of the data exceeds `threshold` times its peak: elsewhere D has seen next to nothing.
    Raises UsageError for mixtures of more dimensions.
    """
    if data.dim != 1 or generated.dim != 1:
        raise UsageError("D and D* are compared on the line: give mixtures of one dimension.")
    x = torch.linspace(low, high, points, dtype=torch.float64)
    log_p, log_q = data.log_prob(x), generated.log_prob(x)
    counted = log_p.exp() > threshold * log_p.exp().max()
    trained = discriminator(x[:, None].float()).double().sigmoid()
    return DiscriminatorError(x, trained, optimal_discriminator(log_p, log_q).sigmoid(), counted)
