"""Gaussian mixtures: distributions that can be both sampled and evaluated exactly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """p(x) = Σ_k weights_k N(x; means_k, std_k² I), with round (isotropic) components.

    means: (K, d); std: (K,), one standard deviation per component; weights: (K,), summing to one. All are
    kept in float64 and stay differentiable: `log_prob` has gradients with respect to them as well as to x.

    Raises UsageError when the shapes disagree, a std is not positive or the weights are no distribution.
    """

    means: Tensor
    std: Tensor
    weights: Tensor

    def __post_init__(self):
        for name in ("means", "std", "weights"):
            object.__setattr__(self, name, _float64(getattr(self, name)))
        if (
            self.means.ndim != 2
            or self.std.shape != self.means.shape[:1]
            or self.weights.shape != self.std.shape
        ):
            raise UsageError(
                f"A mixture needs means (K, d), std (K,) and weights (K,), not {tuple(self.means.shape)}, "
                f"{tuple(self.std.shape)} and {tuple(self.weights.shape)}."
            )
        if not (self.std > 0).all():
            raise UsageError("Every component needs a standard deviation above zero.")
        if (self.weights < 0).any() or abs(self.weights.sum().item() - 1) > 1e-5:
            raise UsageError("The weights of a mixture must be non-negative and sum to one.")
        # weights made in float32 sum to one only to seven digits: mend that here, once
        object.__setattr__(self, "weights", self.weights / self.weights.sum())

    @property
    def dim(self) -> int:
        return self.means.shape[1]

    @property
    def modes(self) -> int:
        return self.means.shape[0]

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) for x (..., d), or (n,) when d = 1. Returns (...), float64, finite where p underflows."""
        return torch.logsumexp(self._joint(self._points(x)), -1)

    def score(self, x: Tensor) -> Tensor:
        """∇ log p(x) = Σ_k p(k given x) (means_k − x) / std_k² for x (..., d). Returns (..., d), float64."""
        x = self._points(x)
        shares = torch.softmax(self._joint(x), -1)[..., None]
        means, std = self.means.to(x.device), self.std.to(x.device)
        return (shares * (means - x[..., None, :]) / std[:, None] ** 2).sum(-2)

    def cdf(self, x: Tensor) -> Tensor:
        """P(X ≤ x) of a 1-D mixture for x (n,) or (..., 1). Returns (n,) or (...), float64."""
        if self.dim != 1:
            raise UsageError(
                f"A distribution function needs a 1-D mixture, and this one has {self.dim} dimensions."
            )
        x = self._points(x)
        means, std, weights = (t.to(x.device) for t in (self.means[:, 0], self.std, self.weights))
        return (weights * torch.special.ndtr((x - means) / std)).sum(-1)

    def sample(
        self, n: int, generator: torch.Generator | None = None, *, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw (n, d) points on the generator's device."""
        return self.sample_labelled(n, generator, dtype=dtype)[0]

    def sample_labelled(
        self, n: int, generator: torch.Generator | None = None, *, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, Tensor]:
        """Draw (n, d) points and the (n,) int64 index of the component that each came from."""
        device = generator.device if generator is not None else "cpu"
        means, std, weights = (t.detach().to(device) for t in (self.means, self.std, self.weights))
        labels = torch.multinomial(weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.dim, generator=generator, device=device, dtype=torch.float64)
        return (means[labels] + std[labels, None] * noise).to(dtype), labels

    def _joint(self, x: Tensor) -> Tensor:
        """log p(k, x) of each component: (..., d) -> (..., K)."""
        means, std, weights = (t.to(x.device) for t in (self.means, self.std, self.weights))
        squared = ((x[..., None, :] - means) / std[:, None]).square().sum(-1)
        return weights.log() - squared / 2 - self.dim * (std.log() + math.log(2 * math.pi) / 2)

    def _points(self, x: Tensor) -> Tensor:
        """x as float64 of shape (..., d); a plain vector is a list of points of a 1-D mixture."""
        x = _float64(x)
        if self.dim == 1 and x.ndim <= 1:
            return x[..., None]
        if x.ndim == 0 or x.shape[-1] != self.dim:
            raise UsageError(
                f"Points of this mixture have {self.dim} coordinates, not shape {tuple(x.shape)}."
            )
        return x


def gaussian(mean: float | Sequence[float] | Tensor, std: float | Tensor) -> GaussianMixture:
    """N(mean, std² I) in as many dimensions as `mean` has; differentiable in both when they are tensors."""
    return GaussianMixture(_float64(mean).reshape(1, -1), _float64(std).reshape(1), torch.ones(1))


def mixture_1d(
    means: Sequence[float] | Tensor = (-3.0, 0.0, 2.5),
    std: Sequence[float] | Tensor = (0.4, 0.7, 0.5),
    weights: Sequence[float] | Tensor = (0.3, 0.4, 0.3),
) -> GaussianMixture:
    """A mixture on the line; by default three bumps of different width, with little mass between them."""
    return GaussianMixture(_float64(means).reshape(-1, 1), std, weights)


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.02) -> GaussianMixture:
    """`modes` equal Gaussians on a circle: the mode-collapse test of Metz et al. (2017), Unrolled GANs."""
    angles = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    return _equal(radius * torch.stack([angles.cos(), angles.sin()], 1), std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> GaussianMixture:
    """side² equal Gaussians on a square lattice about the origin: the 2D-grid of PacGAN (Lin et al. 2018)."""
    line = spacing * (torch.arange(side, dtype=torch.float64) - (side - 1) / 2)
    return _equal(torch.cartesian_prod(line, line), std)


def _float64(x: float | Sequence[float] | Tensor) -> Tensor:
    """`x` in float64, Python numbers directly: by way of float32, 1.2 would become 1.2000000477."""
    return torch.as_tensor(x, dtype=torch.float64)


def _equal(means: Tensor, std: float) -> GaussianMixture:
    modes = len(means)
    return GaussianMixture(
        means, torch.full((modes,), std).double(), torch.full((modes,), 1 / modes).double()
    )
