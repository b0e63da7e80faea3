"""How much of what is seen in the pixels each factor accounts for."""

import torch
from torch import Tensor

from course_lib.data.faces.drawing import draw
from course_lib.data.faces.factors import COLUMN, NAMES, SHARES, factors_of

FRESH = 1 << 40  # numbers from here on belong to no image of the data sets


def pixel_variance(resolution: int = 64, pairs: int = 512, correlated: bool = False) -> dict[str, float]:
    """The share of the pixel variance that goes when everything but one factor is known: {name: share}.

    With x the picture of factors f, and x' the picture after factor i alone is drawn anew,

        share_i = ½ E‖x − x'‖² / E‖x − E x‖² = E[Var(x | all factors but i)] / Var(x),

    summed over pixels and channels: the total-effect index of Sobol' (2001), by Jansen's estimator (1999).
    Factors act together (the skin under a beard is not seen), each of the two counts what is joint, so
    the shares add up to more than 1. The factor is redrawn from its distribution given the others: glasses stay
    off where sunglasses are worn, and the reverse. With `correlated`, the other factors come from the
    correlated draw while factor i is still drawn by itself: the share says what the factor shows, not what it
    gives away of the others.

    Drawn from `pairs` pictures that are in no data set, always the same; the standard error is about
    1.5 share / sqrt(pairs). Factors in the order of their shares, greatest first.
    """
    numbers = torch.arange(FRESH, FRESH + pairs)
    factors, other = factors_of(numbers, correlated=correlated), factors_of(numbers + pairs)
    pictures = draw(factors, resolution).double()
    total = pictures.var(0, correction=1).sum()
    found = {}
    for name in NAMES:
        moved = draw(redrawn(factors, other, name), resolution)
        found[name] = (0.5 * (pictures - moved).square().sum((1, 2, 3)).mean() / total).item()
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def redrawn(factors: Tensor, other: Tensor, name: str) -> Tensor:
    """`factors` (B, K) with one column drawn anew: from `other`, or given the rival for the two kinds of glasses."""
    factors, column = factors.clone(), COLUMN[name]
    factors[:, column] = other[:, column]
    rivals = {"glasses": "sunglasses", "sunglasses": "glasses"}
    if name in rivals:
        # a row of its own where no rival is worn has the probability p / (1 - q), not p: the hash behind `yaw`,
        # which `other` does not use here, decides
        chance = SHARES[name] / (1 - SHARES[rivals[name]])
        drawn = (other[:, COLUMN["yaw"]] + 1) / 2 < chance
        factors[:, column] = drawn.float() * (1 - factors[:, COLUMN[rivals[name]]])
    return factors
