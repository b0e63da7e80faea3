"""Levenberg and Marquardt's method on codes: least squares with every image's own Jacobian and own damping.

A code of 64 numbers and an image of 1,024 pixels is a small least-squares problem. Its Jacobian's singular values
lie between 35 and 0.1 for a DCGAN, so a gradient step that is short enough for the first hardly moves along
the last. A Gauss-Newton step solves for all at once, and near a code that reconstructs its image it converges
quadratically: from 35 dB to the precision of float32 in some ten steps.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

DAMPING = (1e-8, 1e8)  # least and greatest
ATTEMPTS = 6  # dampings that are tried with one Jacobian, which costs far more than they do


def jacobian(generator: nn.Module, codes: Tensor) -> tuple[Tensor, Tensor]:
    """Images (B, C, H, W) and dg/dz as (B, C·H·W, d), by forward differentiation along each of the d axes.

    The generator must treat each code alone (batch normalisation by its running statistics).
    """
    axes = torch.eye(codes.shape[1], dtype=codes.dtype, device=codes.device)

    def along(axis: Tensor) -> tuple[Tensor, Tensor]:
        return torch.func.jvp(generator, (codes,), (axis.expand_as(codes),))

    # torch's own rules for forward differentiation use a part of it that it deprecates
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        images, columns = torch.func.vmap(along, out_dims=(None, 0))(axes)
    return images, columns.flatten(2).permute(1, 2, 0)


@torch.no_grad()
def levenberg_marquardt(
    generator: nn.Module,
    images: Tensor,
    codes: Tensor,
    steps: int,
    onto: Callable[[Tensor], Tensor] = lambda codes: codes,
    *,
    damping: float = 1e-2,
    good_enough: float = 1e-12,
    chunk: int = 32,
) -> Tensor:
    """At most `steps` steps from `codes` (B, d) towards least squared error; no image's error ever rises.

    A step solves (JᵀJ + λ diag(JᵀJ)) δ = Jᵀ(g(z) − x) in float64 (Marquardt, 1963). It is taken if it lowers the error,
    and λ falls; else λ grows and the same Jacobian is used again. An image is left alone once its mean squared error
    is below `good_enough`, or no damping helps it.

    onto: projects codes after each step. chunk: images whose Jacobians are in memory together.
    """
    return torch.cat(
        [
            _chunk(generator, x, z, steps, onto, damping, good_enough)
            for x, z in zip(images.split(chunk), codes.split(chunk), strict=True)
        ]
    )


def _chunk(generator, images, codes, steps, onto, damping, good_enough) -> Tensor:
    codes = codes.clone()
    dampings = torch.full((len(codes),), damping, dtype=torch.float64, device=codes.device)
    errors = _errors(generator, codes, images)
    active = errors.new_ones(len(codes), dtype=torch.bool)
    for _ in range(steps):
        active &= errors > good_enough
        rows = active.nonzero()[:, 0]
        if not len(rows):
            break
        made, slopes = jacobian(generator, codes[rows])
        gaps = (made - images[rows]).flatten(1)
        normal = (slopes.mT @ slopes).double()
        right = (slopes.mT @ gaps[..., None]).double()
        diagonal = normal.diagonal(dim1=1, dim2=2)
        # an axis along which nothing changes must not make the system singular
        scale = torch.diag_embed(diagonal + 1e-9 * (1 + diagonal.mean(1, keepdim=True)))
        waiting = torch.ones(len(rows), dtype=torch.bool, device=codes.device)
        for _ in range(ATTEMPTS):
            step = torch.linalg.solve(normal + dampings[rows, None, None] * scale, right)[..., 0].to(codes)
            tried = onto(codes[rows] - step)
            found = _errors(generator, tried, images[rows])
            taken = waiting & (found < errors[rows])
            codes[rows[taken]], errors[rows[taken]] = tried[taken], found[taken]
            factor = torch.where(taken, 0.2, torch.where(waiting, 4.0, 1.0)).double()
            dampings[rows] = (dampings[rows] * factor).clamp(*DAMPING)
            waiting &= ~taken
            if not waiting.any():
                break
        # no damping helped, and the next Jacobian would be the same: at the bottom, or at a kink
        active[rows[waiting & (dampings[rows] >= 1e4)]] = False
    return codes


def _errors(generator: nn.Module, codes: Tensor, images: Tensor) -> Tensor:
    """Mean squared error of each image, (B,)."""
    return (generator(codes) - images).square().flatten(1).mean(1)
