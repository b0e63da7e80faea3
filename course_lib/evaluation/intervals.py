"""How far a measure would move if the samples were drawn once more: resampling, and what it says.

Two ways to imitate another draw of N samples from the N at hand. The bootstrap draws N of them with replacement
(Efron, 1979). It is right for averages over samples, but it makes copies, and a copy is its own nearest
neighbour at distance 0: measures that look for neighbours among the samples shrink their neighbourhoods, and
measures that ask whether any sample is near lose more than a third of the samples. Those are resampled by
halves: N/2 samples without replacement. The mean of such a half differs from the mean of all N with variance
s² (2/N − 1/N), which is the variance s²/N of the mean of all itself (Shao and Wu, 1989: a jackknife that deletes half).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib import seeds


class Estimate(NamedTuple):
    """A measured value and where another sample of the same size would put it, 95 % of the time."""

    value: float
    interval: tuple[float, float]


def bootstrap_counts(n: int, resamples: int, seed: int, device: torch.device | str = "cpu") -> Tensor:
    """(resamples, n) float64: how often each of n samples was drawn, n draws with replacement a row."""
    generator = seeds.generator(seed, purpose="bootstrap")
    drawn = torch.randint(n, (resamples, n), generator=generator)
    counts = torch.zeros(resamples, n, dtype=torch.float64)
    return counts.scatter_add_(1, drawn, torch.ones(1, 1, dtype=torch.float64).expand_as(drawn)).to(device)


def halves(n: int, resamples: int, seed: int, device: torch.device | str = "cpu") -> Tensor:
    """(resamples, n) bool: which of n samples are in each half, n // 2 of them a row, without replacement."""
    generator = seeds.generator(seed, purpose="halves")
    order = torch.rand(resamples, n, generator=generator, dtype=torch.float64).argsort(dim=1)
    chosen = torch.zeros(resamples, n, dtype=torch.bool)
    return chosen.scatter_(1, order[:, : n // 2], True).to(device)


def around(
    measured: float, values: Tensor, level: float = 0.95, low: float = -math.inf, high: float = math.inf
) -> tuple[float, float]:
    """The interval about `measured` in which the share `level` of other samples' values would fall.

    values (resamples,) may be biased as resamples are: their deviations from their own mean are laid around
    the measured value. Ends beyond what the measure can be (low, high) are cut.
    """
    if len(values) == 0:
        return (math.nan, math.nan)
    values = values.double()
    tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64, device=values.device)
    ends = (torch.quantile(values - values.mean(), tails) + measured).tolist()
    return max(ends[0], low), min(ends[1], high)
