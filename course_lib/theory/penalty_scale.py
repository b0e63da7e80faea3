r"""What the weight of R1 and R2 is measured in, and rules that say how large it should be.

The penalty is $\tfrac{\gamma}{2}\,\mathbb{E}\|\nabla_x s(x)\|^2$. A score has no unit, so its gradient has one over
that of $x$, and $\gamma$ has the unit of a squared distance between images: whoever multiplies all images by c, and
$\gamma$ by c², plays the same game.
"""

from dataclasses import dataclass

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
    """2e-4 · resolution² / batch: the rule of StyleGAN2's code (Karras et al., 2020), for R1 at every 16th step."""
    return 2e-4 * resolution**2 / batch


def by_variance(variance: float, share: float) -> float:
    """share · E‖x − E x‖²: the simplest rule that has the unit of gamma; `share` is a plain number."""
    return share * variance


def quotients(gammas: list[float], rule: list[float]) -> float:
    """Gammas over what a rule says of them, the largest quotient over the smallest: 1 if only a constant is missing."""
    ratios = [gamma / said for gamma, said in zip(gammas, rule, strict=True)]
    return max(ratios) / min(ratios)
