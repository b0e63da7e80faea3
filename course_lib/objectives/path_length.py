r"""Path length regularisation (Karras et al., 2020, section 3.2): a step of one size in w changes the image by as much.

With J the Jacobian of the image by w and y an image of N(0, I), $J^\top y = \nabla_w (g(w) \cdot y)$, one backward
pass, and $\mathbb{E}_y \|J^\top y\|^2 = \|J\|_F^2$. The penalty is $\mathbb{E}\,(\|J^\top y\| - a)^2$, with a the
running mean of the lengths.
"""

import math

import torch
from torch import Tensor


def path_lengths(images: Tensor, styles: Tensor, generator: torch.Generator) -> Tensor:
    r"""$\|J^\top y\|$ of each image: images (B, C, H, W) made of styles (B, L, width) -> (B,), differentiable.

    y is N(0, 1/(HW)) at each pixel, which makes lengths comparable between resolutions. The squared norm is a sum over
    the width and a mean over the L layers, as in the authors' code.
    """
    shape = images.shape
    y = torch.randn(shape, generator=generator, device=images.device, dtype=images.dtype)
    total = (images * (y / math.sqrt(shape[2] * shape[3]))).sum()
    (gradient,) = torch.autograd.grad(total, styles, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def deviation(lengths: Tensor, mean: Tensor) -> Tensor:
    """Mean squared distance of the lengths (B,) from `mean`, a scalar without gradient."""
    return (lengths - mean).square().mean()
