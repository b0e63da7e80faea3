"""Intervals of a measure: how far the choice of N samples puts it from what N samples give on average.

**What they cover.** A measure M of N samples has an expectation, its mean over all sets of N that the same generator
could have drawn. Every interval of this course is laid about the measured value so that it holds this *expectation at
N*, with the reference as it is, in the share `level` of all sets. It does not hold the measure of another set in as
many cases: two independent measures differ by √2 times as much as one differs from its expectation, so another set of
N falls into a 95 % interval in only 83 % of cases (for normal deviations, 2 Φ(1.96/√2) − 1). An interval for another
set is √2 times as wide: `Estimate.another`, `widened`.

**What they leave out.** The bias that all sets of N share, the choice of the reference, and what differs from one
training to the next.

The deviation is found by resampling. The bootstrap draws N samples with replacement (Efron, 1979). It is right for
averages over samples, but it makes copies, and a copy is its own nearest neighbour at distance 0: measures that look
for neighbours among the samples shrink their neighbourhoods. `spread` says what is done for those.
"""

import math
from typing import NamedTuple

import torch
from scipy.special import ndtri, stdtrit
from torch import Tensor

from course_lib import seeds

Interval = tuple[float, float]


class Estimate(NamedTuple):
    """A measured value, and the interval that holds its expectation at this number of samples in 95 % of cases.

    interval: None where none was asked for, or where none can be trusted.
    """

    value: float
    interval: Interval | None

    def another(self, low: float = -math.inf, high: float = math.inf) -> Interval | None:
        """Where another sample of the same size falls in as many cases: `widened` about the value."""
        return widened(self.value, self.interval, low, high)


def widened(
    value: float, interval: Interval | None, low: float = -math.inf, high: float = math.inf
) -> Interval | None:
    """The interval for the value of another sample, from that for the expectation: √2 times as far from the value.

    Ends beyond what the measure can be (low, high) are cut.
    """
    if interval is None:
        return None
    below, above = (value + math.sqrt(2) * (end - value) for end in interval)
    return max(below, low), min(above, high)


def about(
    value: float,
    deviation: float,
    level: float = 0.95,
    *,
    freedom: float = math.inf,
    low: float = -math.inf,
    high: float = math.inf,
) -> Interval:
    """value ± t · deviation, Student's t for an estimate of the standard deviation with `freedom` degrees of freedom.

    Ends beyond what the measure can be (low, high) are cut.
    """
    p = (1 + level) / 2
    half = deviation * float(ndtri(p) if math.isinf(freedom) else stdtrit(freedom, p))
    return max(value - half, low), min(value + half, high)


def around(
    measured: float, values: Tensor, level: float = 0.95, low: float = -math.inf, high: float = math.inf
) -> Interval | None:
    """`about` the measured value by the standard deviation of resampled values (resamples,); None for fewer than two.

    Resamples may be biased, and are not asked where they lie, only how far apart. Nor are their outermost values
    the ends: of fifty, they would stand too near (1.8 standard deviations in place of 1.96).
    """
    if len(values) < 2:
        return None
    deviation = values.double().std().item()
    return about(measured, deviation, level, freedom=len(values) - 1, low=low, high=high)


def of_share(hits: float, n: int, level: float = 0.95) -> Interval:
    """Wilson's interval (1927) for a probability of which n independent trials had `hits`: right near 0 and 1 too.

    It solves |hits/n − p| = z √(p (1 − p)/n) for p, where hits/n ± z √(hits (n − hits)/n³) has no width at the ends.
    """
    z, share = float(ndtri((1 + level) / 2)), hits / n
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    # rounding must not put the value outside
    ends = ((middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n))
    return max(min(ends[0], share), 0.0), min(max(ends[1], share), 1.0)


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
