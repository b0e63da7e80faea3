r"""The losses of the GAN games, as functions of the discriminator's logits.

With $s(x)$ the logit, $D = \sigma(s)$, so that $\log D = -\mathrm{softplus}(-s)$ and
$\log(1 - D) = -\mathrm{softplus}(s)$: finite for every finite logit, in every precision (the maximum-likelihood
generator excepted, see there). Nothing here forms $D$ itself before a logarithm. Every loss is a mean over the batch
and is minimised.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


def cross_entropy_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}[\log D(x)] - \mathbb{E}[\log(1 - D(G(z)))]$: $-V(G, D)$ of Goodfellow et al. (2014), eq. 1."""
    return softplus(-real).mean() + softplus(fake).mean()


def minimax_generator(fake: Tensor) -> Tensor:
    r"""$\mathbb{E}[\log(1 - D(G(z)))]$, the generator's half of eq. 1. Its gradient vanishes where $D \to 0$."""
    return -softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}[\log D(G(z))]$ (Goodfellow et al., 2014, section 3)."""
    return softplus(-fake).mean()


def maximum_likelihood_generator(fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}[D / (1 - D)] = -\mathbb{E}[e^{s}]$ (Goodfellow, 2016, section 3.2.4).

    For the optimal discriminator its gradient is that of $\mathrm{KL}(p_{data} \| p_g)$: $e^s$ is then the ratio of the
    densities, which nothing bounds. In float32 it is infinite beyond $s = 88$, and is not clipped here.
    """
    return -fake.exp().mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""$\tfrac12\mathbb{E}[(s(x) - 1)^2] + \tfrac12\mathbb{E}[s(G(z))^2]$ (Mao et al., 2017, eq. 9)."""
    return 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()


def least_squares_generator(fake: Tensor) -> Tensor:
    r"""$\tfrac12\mathbb{E}[(s(G(z)) - 1)^2]$ (Mao et al., 2017, eq. 9)."""
    return 0.5 * (fake - 1).square().mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""$\mathbb{E}[\max(0, 1 - s(x))] + \mathbb{E}[\max(0, 1 + s(G(z)))]$ (Lim and Ye, 2017)."""
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def hinge_generator(fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}[s(G(z))]$ (Lim and Ye, 2017)."""
    return -fake.mean()


@dataclass(frozen=True)
class Game:
    """What each player minimises. Logits are (B,) float tensors, the result is a scalar in nats or squared units."""

    discriminator_loss: Callable[[Tensor, Tensor], Tensor]  # (real logits, fake logits)
    generator_loss: Callable[[Tensor], Tensor]  # (fake logits)


GAMES = {
    "non-saturating": Game(cross_entropy_discriminator, non_saturating_generator),
    "minimax": Game(cross_entropy_discriminator, minimax_generator),
    "maximum-likelihood": Game(cross_entropy_discriminator, maximum_likelihood_generator),
    "least-squares": Game(least_squares_discriminator, least_squares_generator),
    "hinge": Game(hinge_discriminator, hinge_generator),
}
