"""Objectives on statistics: of a layer's features over a batch, and of a player's own past."""

from collections.abc import Iterable

import torch
from torch import Tensor


def feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    r"""$\| \mathbb{E}_{x}\, f(x) - \mathbb{E}_{z}\, f(G(z)) \|_2^2$ for features (B, F) (Salimans et al., 2016, 3.1).

    An objective of the *generator*: f is a hidden layer of the discriminator, which goes on playing its own game.
    It asks that means agree, and nothing of single samples.
    """
    return (real.mean(0) - fake.mean(0)).square().sum()


def historical_averaging(parameters: Iterable[Tensor], averages: Iterable[Tensor]) -> Tensor:
    r"""$\| \theta - \frac1t \sum_{i \le t} \theta_i \|^2$ over all of a player's parameters (Salimans et al., 3.3).

    Its gradient pulls back to the mean of the player's past: a spring that damps circling.
    """
    terms = [(p - a).square().sum() for p, a in zip(parameters, averages, strict=True)]
    return torch.stack(terms).sum()
