"""Precision, recall, density, coverage: fidelity and diversity apart, by balls about samples.

A set of features is fattened into a region: about each of them a ball that reaches its k-th nearest neighbour of
the same set. Kynkäänniemi et al. (2019), equations 1 and 2, with k = 3:

    precision   the share of generated samples that lie in some ball of the real ones
    recall      the share of real samples that lie in some ball of the generated ones

One outlier has a large ball, and precision counts whatever falls into it. Naeem et al. (2020), equations 3 and
4, with k = 5, count balls instead, and always the real ones:

    density     in how many real balls a generated sample lies, over k, on average; it may exceed 1
    coverage    the share of real balls that hold a generated sample

Balls are closed, and a sample is no neighbour of itself. The values depend on both numbers of samples and on
the extractor: compare only where all are equal.

New samples of the data's own continuous distribution have a density of 1 in expectation: of N + 1 points, each is as
likely as any other to be a given point's k nearest, so a new one lies in a ball with probability k/N. Copies of the
very images that the balls are about do better than that by all four: precision, recall and coverage are 1, and the
density is 1 + 1/k, as each ball holds its own centre besides k others. Copies of other training images look new.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.evaluation import rows, spread
from course_lib.evaluation.intervals import Estimate, about, of_share
from course_lib.ranks import Ranks
from course_lib.sharing import in_shares

PRECISION_K, DENSITY_K = 3, 5
# a neighbour that defines a radius lies on the ball's surface, on whichever side rounding puts it, and copies are
# at distance 0 but for rounding: let both in, by this share of the features' variance
ROUNDING = 1e-12
# in a half sample the 3rd neighbour is beyond the 24th of all with a probability of 0.002 %
NEAR = 24


class Manifold(NamedTuple):
    """Features (N, d) and the squared distances (N, k) of each to its k nearest others, ascending. All float64."""

    features: Tensor
    near: Tensor


class Near(NamedTuple):
    """Squared distances (N, k) to the k nearest other rows, ascending, and the numbers of these rows."""

    squares: Tensor
    numbers: Tensor


class Fidelity(NamedTuple):
    """What `fidelity` found: shares in [0, 1], and a density of at least 0."""

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def manifold(features: Tensor, k: int = DENSITY_K) -> Manifold:
    """Look up the k nearest other rows of each row of features (N, d).

    Raises CourseError for k rows or fewer, and for values that are not finite.
    """
    features = rows.checked(features, k + 1)
    return Manifold(features, _nearest(features, k).squares)


def precision_recall(generated: Tensor, real: Tensor, k: int = PRECISION_K) -> tuple[float, float]:
    """Improved precision and recall of features (N, d) against (M, d).

    Raises CourseError for features that cannot be compared, or too few for k neighbours.
    """
    found = _look(generated, manifold(real, k), k, k)
    return found.inside.double().mean().item(), found.recalled.double().mean().item()


def density_coverage(generated: Tensor, real: Tensor, k: int = DENSITY_K) -> tuple[float, float]:
    """Density and coverage of features (N, d) against (M, d); raises as `precision_recall`."""
    found = _look(generated, manifold(real, k), k, k)
    return found.balls.mean().item() / k, found.covered.double().mean().item()


def fidelity(
    generated: Tensor,
    real: Manifold,
    *,
    level: float = 0.95,
    resamples: int = 100,
    seed: int = 0,
) -> Fidelity:
    """All four, with intervals for their expectations at this number of generated samples (`intervals`).

    The real ones stay as they are. Then precision is the share of independent trials that succeed, and density a mean
    of independent terms. Recall and coverage are neither: `spread` says how their deviations are found, and where they
    have no interval. `resamples` is the number of splits for recall; without any (0) no measure has an interval.
    Raises CourseError for features that cannot be compared, or too few.
    """
    found = _look(generated, real, PRECISION_K, DENSITY_K)
    balls, inside = found.balls / DENSITY_K, found.inside.double()
    values = (inside.mean(), found.recalled.double().mean(), balls.mean(), found.covered.double().mean())
    precision, recall, density, coverage = (value.item() for value in values)
    if resamples == 0:
        return Fidelity(*(Estimate(value, None) for value in (precision, recall, density, coverage)))
    generated, features = rows.checked_pair(generated, real.features)
    rounding = _rounding(features)
    near = _nearest(generated, min(NEAR, len(generated) - 1))
    recalls = spread.of_recall(generated, features, *near, PRECISION_K, rounding, resamples, seed)
    coverages = spread.of_coverage(generated, features, real.near[:, DENSITY_K - 1] + rounding)
    n = len(generated)

    def share(value: float, found: spread.Spread | None) -> Estimate:
        if found is None:
            return Estimate(value, None)
        return Estimate(value, about(value, found.deviation, level, freedom=found.freedom, low=0.0, high=1.0))

    return Fidelity(
        Estimate(precision, of_share(inside.sum().item(), n, level)),
        share(recall, recalls),
        Estimate(density, about(density, balls.std().item() / n**0.5, level, freedom=n - 1, low=0.0)),
        share(coverage, coverages),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    inside: Tensor  # (N,) bool: the generated sample lies in some real ball
    balls: Tensor  # (N,) float64: in how many
    recalled: Tensor  # (M,) bool: the real sample lies in some generated ball
    covered: Tensor  # (M,) bool: its ball holds a generated sample


def _look(generated: Tensor, real: Manifold, k: int, density_k: int) -> _Found:
    """One pass over the distances of all generated samples to all real ones, a chunk of the former at a time."""
    generated, features = rows.checked_pair(generated, real.features, k + 1)
    rounding = _rounding(features)
    radius = _nearest(generated, k).squares[:, k - 1] + rounding
    wide, narrow = (real.near[:, number - 1] + rounding for number in (density_k, k))

    def counted(here: Ranks) -> list[Tensor]:
        inside, balls = generated.new_zeros(2, len(generated), dtype=torch.int64)
        recalled, covered = generated.new_zeros(2, len(features), dtype=torch.int64)
        for chunk, squares in rows.squared_distances(generated, features, here=here):
            held = squares <= wide
            inside[chunk] = (squares <= narrow).any(1).long()
            balls[chunk] = held.sum(1)
            covered += held.any(0)
            recalled += (squares <= radius[chunk, None]).any(0)
        return [inside, balls, recalled, covered]

    inside, balls, recalled, covered = (
        _sum(parts, generated) for parts in zip(*in_shares(counted), strict=True)
    )
    return _Found(inside > 0, balls.double(), recalled > 0, covered > 0)


def _rounding(features: Tensor) -> Tensor:
    """What is added to squared radii, so that balls hold what lies on their surface."""
    return ROUNDING * features.var(0, correction=0).sum()


def _nearest(features: Tensor, k: int) -> Near:
    def looked_up(here: Ranks) -> list[Tensor]:
        near, numbers = features.new_zeros(len(features), k), features.new_zeros(len(features), k).long()
        for chunk, squares in rows.squared_distances(features, features, here=here):
            own = torch.arange(chunk.start, chunk.stop, device=features.device)
            squares[own - chunk.start, own] = torch.inf
            near[chunk], numbers[chunk] = squares.topk(k, largest=False)
        return [near, numbers]

    return Near(*(_sum(parts, features) for parts in zip(*in_shares(looked_up), strict=True)))


def _sum(parts: tuple[Tensor, ...], like: Tensor) -> Tensor:
    """Of shares that are 0 where another process has counted, on the device of `like`."""
    return torch.stack([part.to(like.device) for part in parts]).sum(0)
