r"""The losses of Wasserstein GANs, and the two ways in which their papers keep the critic's slope in bounds.

A critic $f$ returns a score for each sample, any real number. Everything is minimised, and a mean over the batch in
the units of the data: there is no logarithm, and no nats.
"""

from collections.abc import Iterable

import torch
from torch import Tensor


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    r"""$\mathbb{E}[f(G(z))] - \mathbb{E}[f(x)]$ (Arjovsky et al., 2017, eq. 3, with its sign changed).

    real: (B,) and fake: (B',) scores. Its negative estimates $K \cdot W_1(p_{data}, p_g)$ from below when $f$ is
    $K$-Lipschitz.
    """
    return fake.mean() - real.mean()


def generator_loss(fake: Tensor) -> Tensor:
    r"""$-\mathbb{E}[f(G(z))]$ (Arjovsky et al., 2017, algorithm 1, line 10). fake: (B,) scores."""
    return -fake.mean()


def interpolates(real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    r"""$\hat x_i = \epsilon_i x_i + (1 - \epsilon_i) \tilde x_i$ (Gulrajani et al., 2017, algorithm 1, line 6).

    real, fake: (B, ...); epsilon: (B,), ONE FOR EACH SAMPLE. One for the whole batch would look at a single slice
    through all the lines between data and samples. Returns (B, ...), in the layout of `real`.

    Row i of one goes with row i of the other, as they were drawn: independent pairs, and not the pairs of the cheapest
    plan, of which proposition 1 of that paper says that the best critic has slope one between them.
    """
    if epsilon.shape != real.shape[:1] or real.shape != fake.shape:
        raise ValueError(
            f"interpolates need as many real as fake samples and one epsilon each, not {tuple(real.shape)}, "
            f"{tuple(fake.shape)} and {tuple(epsilon.shape)}"
        )
    return torch.lerp(fake, real, epsilon.view(-1, *[1] * (real.ndim - 1)))


def gradient_norms(scores: Tensor, x: Tensor) -> Tensor:
    r"""$\|\nabla_x f(x_i)\|$ for each sample: scores (B,) and x (B, ...) -> (B,), at least in float32.

    `x` must require gradients and `scores[i]` depend on `x[i]` alone (no batch normalisation between them). The graph
    is kept, so that the norms can be differentiated for the critic's weights.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    if gradient.dtype in (torch.bfloat16, torch.float16):
        gradient = gradient.float()  # squares of small numbers underflow in half precision
    # flatten(1) leaves one row a sample: A NORM FOR EACH. vector_norm has slope 0 at 0, where a square root has none
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)


def gradient_penalty(scores: Tensor, x: Tensor) -> Tensor:
    r"""$\mathbb{E}[(\|\nabla_{\hat x} f(\hat x)\| - 1)^2]$ (Gulrajani et al., 2017, eq. 3, without its weight).

    Two-sided: slopes below one are charged for too, also where the best critic need not have slope one.

    scores: (B,), the critic at the interpolates x: (B, ...), which must require gradients.
    """
    return (gradient_norms(scores, x) - 1).square().mean()


@torch.no_grad()
def clip_weights(parameters: Iterable[Tensor], bound: float) -> None:
    """Move every weight into [-bound, bound], in place (Arjovsky et al., 2017, algorithm 1, line 7)."""
    for parameter in parameters:
        parameter.clamp_(-bound, bound)
