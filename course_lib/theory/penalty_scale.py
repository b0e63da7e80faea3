r"""What the weight of R1 and R2 is measured in, and rules that say how large it should be.

The penalty is $\tfrac{\gamma}{2}\,\mathbb{E}\|\nabla_x s(x)\|^2$. A score has no unit, so its gradient has one over
that of $x$, and $\gamma$ has the unit of a squared distance between images: whoever multiplies all images by c, and
$\gamma$ by c², plays the same game.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Preset:
    """A data set of R3GAN's authors: where gamma begins there, and what a rule may know of it."""

    name: str
    resolution: int  # pixels a side, in three colours
    batch: int
    gamma: float


# the presets of the authors' code, and the batches of its instructions
PUBLISHED = (
    Preset("CIFAR-10", 32, 512, 0.05),
    Preset("ImageNet, 32 pixels", 32, 4096, 0.5),
    Preset("ImageNet, 64 pixels", 64, 4096, 1.0),
    Preset("FFHQ, 64 pixels", 64, 256, 2.0),
    Preset("FFHQ, 256 pixels", 256, 256, 150.0),
)


def total_variance(x: Tensor) -> Tensor:
    """E‖x − E x‖², a float64 scalar, of examples (N, ...): half the mean squared distance of two of them."""
    return x.double().flatten(1).var(0, correction=0).sum()


def by_pixels_and_batch(resolution: int, batch: int) -> float:
    """2e-4 · resolution² / batch: the rule of StyleGAN2-ADA's code (Karras et al., 2020), for R1 at every 16th step."""
    return 2e-4 * resolution**2 / batch


def by_variance(variance: float, share: float) -> float:
    """share · E‖x − E x‖²: the simplest rule that has the unit of gamma; `share` is a plain number."""
    return share * variance


def quotients(gammas: list[float], rule: list[float]) -> float:
    """Gammas over what a rule says of them, the largest quotient over the smallest: 1 if only a constant is missing."""
    ratios = [gamma / said for gamma, said in zip(gammas, rule, strict=True)]
    return max(ratios) / min(ratios)


def best_weights(differences: Tensor, slopes: Tensor, gamma: float, steps: int = 50) -> Tensor:
    r"""The best D of R3GAN among $s(x) = a^\top \varphi(x)$, by Newton's method: (k,) weights a, float64.

    differences: (n, k), $\varphi(x_i) - \varphi(G(z_i))$ of each pair. slopes: (k, k), the mean of
    $\nabla\varphi\,\nabla\varphi^\top$ on real plus that on generated samples, so that R1 + R2 is $a^\top$ slopes
    $a$. Minimises the mean of softplus(-differences a) + gamma/2 aᵀ slopes a, which is strictly convex where slopes are
    positive definite.
    """
    a = torch.zeros(differences.shape[1], dtype=torch.float64)
    for _ in range(steps):
        share = torch.sigmoid(-differences @ a)
        gradient = gamma * slopes @ a - (share[:, None] * differences).mean(0)
        curvature = differences.T @ ((share * (1 - share))[:, None] * differences) / len(differences)
        a = a - torch.linalg.solve(curvature + gamma * slopes, gradient)
    return a


def limit_of_weights(differences: Tensor, slopes: Tensor) -> Tensor:
    """What gamma · `best_weights` tends to as gamma grows: half of slopes⁻¹ times the mean difference, (k,)."""
    return torch.linalg.solve(slopes, differences.mean(0)) / 2
