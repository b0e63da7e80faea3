"""What squared error makes of an encoder: the conditional mean, exactly, for finitely many codes and images.

A joint law p(z, y, x) is a table (Z, Y, X) of probabilities and `codes` are the values of z, (Z, d), all float64.
"""

import torch
from torch import Tensor


def mean_given_image(joint: Tensor, codes: Tensor) -> Tensor:
    """E[z | x], (X, d): the encoder of least squared error that sees the image alone."""
    together = joint.sum(1)
    return (together.T @ codes) / together.sum(0)[:, None]


def mean_given_both(joint: Tensor, codes: Tensor) -> Tensor:
    """E[z | x, y], (Y, X, d): the best that is told the condition too; 0 at pairs that never occur."""
    mass = joint.sum(0)[..., None]
    sums = torch.einsum("zyx,zd->yxd", joint, codes)
    return torch.where(mass > 0, sums / mass.clamp(min=torch.finfo(joint.dtype).tiny), 0.0)


def squared_error(joint: Tensor, codes: Tensor, guesses: Tensor) -> Tensor:
    """E‖z − E_z‖², a scalar, of guesses (X, d) or (Y, X, d)."""
    guesses = guesses.expand(joint.shape[1], *guesses.shape[-2:])
    errors = (codes[:, None, None] - guesses).square().sum(-1)
    return (joint * errors).sum()


def gain(joint: Tensor, codes: Tensor) -> Tensor:
    """E‖E[z | x, y] − E[z | x]‖², a scalar: what being told y takes off the least error.

    It is 0 where the image determines the condition.
    """
    difference = mean_given_both(joint, codes) - mean_given_image(joint, codes)
    return (joint.sum(0) * difference.square().sum(-1)).sum()


def length(joint: Tensor, codes: Tensor) -> Tensor:
    """E‖E[z | x]‖² = E‖z‖² − least error, a scalar: how long the codes of the best encoder are."""
    return (joint.sum((0, 1)) * mean_given_image(joint, codes).square().sum(-1)).sum()
