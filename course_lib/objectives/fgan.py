r"""The losses of the f-GAN, as functions of the critic's raw outputs $v$.

With the activation $g$ of the divergence, $T(x) = g(v(x))$ lies in the domain of the conjugate $f^*$, and

$$F = \mathbb{E}_{p_{data}}[g(v(x))] - \mathbb{E}_z[f^*(g(v(G(z))))]$$

(Nowozin et al., 2016, eqs. 6 and 7) is a lower bound of the divergence: the critic raises it, the generator lowers it.
$f^* \circ g$ is taken in its closed form, without forming $g$ where that would lose digits. Every loss is a mean over
the batch, in float32 or finer whatever the outputs come in: in bfloat16 an exponential would keep three digits.

KL, reverse KL, Neyman and Pearson weigh samples by powers of the density ratio, which nothing bounds; nothing is
clipped here, so beyond $|v| = 88$ their exponentials overflow in float32, as they should.
"""

import torch
from torch import Tensor

from course_lib.theory.fdivergences import FDivergence


def _fine(v: Tensor) -> Tensor:
    """float32, or finer where the outputs are."""
    return v if v.dtype in (torch.float32, torch.float64) else v.float()


def variational_bound(divergence: FDivergence, real: Tensor, fake: Tensor) -> Tensor:
    r"""$F$: an estimate, from below, of the divergence of the two batches' laws, real (B,) and fake (B',) outputs."""
    on_data = divergence.activation(_fine(real)).mean()
    return on_data - divergence.conjugate_of_activation(_fine(fake)).mean()


def critic_loss(divergence: FDivergence, real: Tensor, fake: Tensor) -> Tensor:
    r"""$-F$."""
    return -variational_bound(divergence, real, fake)


def generator_loss(divergence: FDivergence, fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}_z[f^*(g(v(G(z))))]$, the generator's half of $F$."""
    return -divergence.conjugate_of_activation(_fine(fake)).mean()


def alternative_generator_loss(divergence: FDivergence, fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}_z[g(v(G(z)))]$ (Nowozin et al., 2016, section 3.2); of the row "gan" the non-saturating loss."""
    return -divergence.activation(_fine(fake)).mean()
