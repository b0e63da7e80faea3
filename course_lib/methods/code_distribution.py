"""A law fitted to codes after training, so that new ones can be drawn: a Gaussian, or a mixture of them."""

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.errors import UsageError

MOST_FITTED = 20_000  # codes that a mixture is fitted to
CHUNK = 8192


class CodeLaw(nn.Module):
    """Σ_k weights_k N(means_k, factors_k factors_kᵀ) in d dimensions, with full covariances.

    One component is the law of Bojanowski et al. (2018), section 4.3: the mean and covariance of all codes. Several
    are found by scikit-learn's expectation maximisation: one way of the "more sophisticated sampling" that their
    section 5 hopes for. A buffer each: `weights` (K,), `means` (K, d), `factors` (K, d, d).
    """

    weights: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, dim: int, components: int = 1):
        super().__init__()
        if components < 1:
            raise UsageError(f"a law of codes has at least one component, not {components}.")
        self.register_buffer("weights", torch.full((components,), 1 / components))
        self.register_buffer("means", torch.zeros(components, dim))
        self.register_buffer("factors", torch.eye(dim).expand(components, dim, dim).clone())

    @torch.no_grad()
    def fit(self, codes: Tensor, seed: int = 0) -> None:
        """Fit to (N, d), in float64. A mixture sees at most `MOST_FITTED` codes, evenly spaced, and depends on `seed`.

        Raises UsageError for fewer than two codes, or fewer than components.
        """
        components = len(self.weights)
        if len(codes) < max(2, components):
            raise UsageError(f"{len(codes)} codes are too few for a law of {components} components.")
        if components == 1:
            mean, covariance = moments(codes)
            weights, means, covariances = np.ones(1), mean[None], covariance[None]
        else:
            from sklearn.mixture import GaussianMixture

            every = -(-len(codes) // MOST_FITTED)
            few = codes[::every].double().cpu().numpy()
            # the bound on the least variance is relative to the codes, whose scale is not 1
            floor = 1e-4 * float(few.var(0).mean())
            fitted = GaussianMixture(components, reg_covar=floor, random_state=seed).fit(few)
            weights, means, covariances = fitted.weights_, fitted.means_, fitted.covariances_
        self.weights.copy_(torch.from_numpy(np.asarray(weights)))
        self.means.copy_(torch.from_numpy(np.asarray(means)))
        self.factors.copy_(torch.from_numpy(np.stack([root(c) for c in covariances])))

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, d) from the law, float32 on the generator's device."""
        device = generator.device
        weights, means, factors = (t.to(device) for t in (self.weights, self.means, self.factors))
        noise = torch.randn(n, means.shape[1], generator=generator, device=device)
        if len(weights) == 1:
            return means[0] + noise @ factors[0].T
        chosen = torch.multinomial(weights, n, replacement=True, generator=generator)
        drawn = means[chosen]
        for k, factor in enumerate(factors):
            mine = chosen == k
            drawn[mine] += noise[mine] @ factor.T
        return drawn


def moments(codes: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and covariance (d, d) of the rows of a table, float64, without a copy of the table."""
    mean = sum(part.double().sum(0) for part in codes.split(CHUNK)) / len(codes)
    scatter = torch.zeros(codes.shape[1], codes.shape[1], dtype=torch.float64, device=codes.device)
    for part in codes.split(CHUNK):
        centred = part.double() - mean
        scatter += centred.T @ centred
    return mean.cpu().numpy(), (scatter / (len(codes) - 1)).cpu().numpy()


def root(covariance: np.ndarray) -> np.ndarray:
    """F with F Fᵀ = covariance, also where it is singular, as it is for fewer codes than dimensions."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0))
