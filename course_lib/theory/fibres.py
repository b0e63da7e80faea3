r"""The best answer in squared error is the conditional mean.

$\arg\min_P \mathbb{E}\|P(x) - w\|^2 = \mathbb{E}[w \mid x]$: exactly, where it can be had: for finitely many
codes, and for a linear generator of Gaussian codes.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.errors import UsageError


def fibre_means(codes: Tensor, images: Tensor, probabilities: Tensor) -> Tensor:
    """E[w | image] at each of n codes: (n, d), (n, p), (n,) -> (n, d).

    Codes of one image, its fibre, share one answer: their mean, weighted by their probabilities. Images are equal when
    all of their numbers are. Raises UsageError for probabilities that are negative or do not sum to 1.
    """
    if (probabilities < 0).any() or not torch.isclose(probabilities.sum(), torch.ones_like(probabilities[0])):
        raise UsageError("probabilities are not negative and sum to 1.")
    _, fibre = images.unique(dim=0, return_inverse=True)
    mass = probabilities.new_zeros(int(fibre.max()) + 1).index_add_(0, fibre, probabilities)
    sums = codes.new_zeros(len(mass), codes.shape[1]).index_add_(0, fibre, probabilities[:, None] * codes)
    return (sums / mass.clamp(min=torch.finfo(mass.dtype).tiny)[:, None])[fibre]


class LinearPosterior(NamedTuple):
    """Of w ~ N(0, I) given x: the mean is `matrix` x, the covariance `covariance` (d, d), whatever x is."""

    matrix: Tensor
    covariance: Tensor

    @property
    def unexplained(self) -> float:
        """E ‖E[w|x] − w‖² / E ‖w‖², the share of the codes' variance that the best P leaves."""
        return float(self.covariance.trace() / len(self.covariance))


def linear_posterior(generator: Tensor, noise: float = 0.0) -> LinearPosterior:
    r"""The posterior of w ~ N(0, I_d) given $x = A w + \sigma \varepsilon$, for A (p, d).

    Its mean is $(A^\top A + \sigma^2 I)^{-1} A^\top x$. Without noise it is the pseudo-inverse of A, and what it leaves
    is 1 − rank(A)/d: P recovers w where A is injective, and says 0, the mean, along every direction that A does not
    show. Raises UsageError for a negative deviation.
    """
    if noise < 0:
        raise UsageError(f"noise is a standard deviation, 0 or more, not {noise}.")
    identity = torch.eye(generator.shape[1], dtype=generator.dtype)
    if noise == 0:
        matrix = torch.linalg.pinv(generator)
        return LinearPosterior(matrix, identity - matrix @ generator)
    precision = generator.T @ generator / noise**2 + identity
    covariance = torch.linalg.inv(precision)
    return LinearPosterior(covariance @ generator.T / noise**2, covariance)
