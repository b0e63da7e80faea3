"""Penalties on the gradient of a discriminator with respect to its input."""

import torch
from torch import Tensor


def squared_gradient_norm(logits: Tensor, x: Tensor) -> Tensor:
    """Per-sample squared norm of d logit / d x: (B,) and (B, ...) -> (B,), at least in float32.

    `x` must require gradients and `logits[i]` depend on `x[i]` alone: no batch normalisation and no minibatch layer
    between them (`networks.layers.mixing_layer`).
    """
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    if gradient.dtype in (torch.bfloat16, torch.float16):
        gradient = gradient.float()  # squares of small numbers underflow in half precision
    return gradient.square().flatten(1).sum(1)


def r1(logits: Tensor, x: Tensor) -> Tensor:
    r"""$\tfrac12\mathbb{E}\,\|\nabla_x s(x)\|^2$ on real data (Mescheder et al., 2018, eq. 9, without its weight)."""
    return 0.5 * squared_gradient_norm(logits, x).mean()
