"""Orthogonal regularisation: filters of one layer should not do the same work."""

from collections.abc import Iterable

import torch
from torch import Tensor


def off_diagonal(weights: Iterable[Tensor]) -> Tensor:
    r"""$\sum_W \|W W^\top \odot (1 - I)\|_F^2$ over weights (out, ...), each seen as (out, rest).

    Brock et al. (2019), equation 3: the products of different filters, and not their lengths, are made small. The
    authors' code adds half of this gradient.
    """
    total = torch.zeros(())
    for weight in weights:
        rows = weight.flatten(1)
        products = rows @ rows.T
        total = total.to(rows.device) + products.square().sum() - products.diagonal().square().sum()
    return total
