r"""Games that were proposed against collapse and overconfidence, as functions of logits (B,). Means, minimised.

Conventions as in `objectives.adversarial`: $s$ is the logit, $D = \sigma(s)$.
"""

from torch import Tensor
from torch.nn.functional import softplus


def smoothed_discriminator(real: Tensor, fake: Tensor, target: float = 0.9) -> Tensor:
    r"""Cross-entropy with the label `target` on real data and 0 on generated: one-sided label smoothing.

    $-\mathbb{E}[\alpha \log D(x) + (1 - \alpha) \log(1 - D(x))] - \mathbb{E}[\log(1 - D(G(z)))]$ with
    $\alpha$ = `target` (Salimans et al., 2016, section 3.4). The best answer is $D^* = \alpha p / (p + g)$, never above
    $\alpha$. Smoothing both sides would put $\beta g$ into the numerator: far from all data D would be the constant
    $\beta$, and samples there would feel no pull.
    """
    return (target * softplus(-real) + (1 - target) * softplus(real)).mean() + softplus(fake).mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""$\mathbb{E}[\mathrm{softplus}(-(s(x) - s(G(z))))]$: of each pair, the real one should score higher.

    Relativistic pairing (Jolicoeur-Martineau, 2019, section 3.2; the game of R3GAN: Huang et al., 2024, eq. 2). Only
    differences of scores count, and every real sample has a rival of its own, so that a mode that the generator has
    left keeps its pull.
    """
    return softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    r"""$\mathbb{E}[\mathrm{softplus}(-(s(G(z)) - s(x)))]$: the same pairs, the other way round."""
    return softplus(real - fake).mean()
