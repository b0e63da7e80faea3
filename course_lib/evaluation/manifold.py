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
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.evaluation import rows
from course_lib.evaluation.intervals import Estimate, around, bootstrap_counts, halves

PRECISION_K, DENSITY_K = 3, 5
# a neighbour that defines a radius lies on the ball's surface, on whichever side rounding puts it, and copies are
# at distance 0 but for rounding: let both in, by this share of the features' variance
ROUNDING = 1e-12
# in a half sample the 3rd neighbour is beyond the 16th of all with a probability of 0.2 %
NEAR = 16


class Manifold(NamedTuple):
    """Features (N, d) and the squared distances (N, k) of each to its k nearest others, ascending. All float64."""

    features: Tensor
    near: Tensor


class Near(NamedTuple):
    """Squared distances (N, k) to the k nearest other rows, ascending, and the numbers of these rows."""

    squares: Tensor
    index: Tensor


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
    found = _look(generated, manifold(real, k), k, k, None)
    return found.inside.double().mean().item(), found.recalled.double().mean().item()


def density_coverage(generated: Tensor, real: Tensor, k: int = DENSITY_K) -> tuple[float, float]:
    """Density and coverage of features (N, d) against (M, d); raises as `precision_recall`."""
    found = _look(generated, manifold(real, k), k, k, None)
    return found.balls.mean().item() / k, found.covered.double().mean().item()


def fidelity(
    generated: Tensor,
    real: Manifold,
    *,
    level: float = 0.95,
    resamples: int = 100,
    seed: int = 0,
) -> Fidelity:
    """All four, in one pass over the distances, with intervals for another draw of the generated samples.

    The real ones stay as they are. Precision and density are averages over generated samples, whose terms are
    bootstrapped. Recall and coverage ask for the nearest of the generated samples, and are recomputed on halves
    of them: copies, which a bootstrap makes, would be neighbours at distance 0 (`intervals`).
    Raises CourseError for features that cannot be compared, or too few.
    """
    parts = halves(len(generated), resamples, seed, generated.device) if resamples else None
    found = _look(generated, real, PRECISION_K, DENSITY_K, parts)
    counts = bootstrap_counts(len(generated), resamples, seed, generated.device)

    def averaged(terms: Tensor, high: float) -> Estimate:
        value = terms.mean().item()
        return Estimate(value, around(value, counts @ terms / len(terms), level, 0.0, high))

    def halved(all_of_them: Tensor, of_halves: Tensor) -> Estimate:
        value = all_of_them.double().mean().item()
        return Estimate(value, around(value, of_halves.double().mean(1), level, 0.0, 1.0))

    return Fidelity(
        averaged(found.inside.double(), 1.0),
        halved(found.recalled, found.recalled_by_halves),
        averaged(found.balls / DENSITY_K, float("inf")),
        halved(found.covered, found.covered_by_halves),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    inside: Tensor  # (N,) bool: the generated sample lies in some real ball
    balls: Tensor  # (N,) float64: in how many
    recalled: Tensor  # (M,) bool: the real sample lies in some generated ball
    covered: Tensor  # (M,) bool: its ball holds a generated sample
    recalled_by_halves: Tensor  # (resamples, M) bool
    covered_by_halves: Tensor  # (resamples, M) bool


def _look(generated: Tensor, real: Manifold, k: int, density_k: int, parts: Tensor | None) -> _Found:
    """One pass over the distances of all generated samples to all real ones, a chunk of the former at a time.

    parts: (resamples, N) bool, the generated samples of each half, or None.
    """
    generated, features = rows.checked_pair(generated, real.features, k + 1)
    n, m = len(generated), len(features)
    parts = generated.new_zeros(0, n, dtype=torch.bool) if parts is None else parts
    near = _nearest(generated, k if len(parts) == 0 else min(NEAR, n - 1))
    rounding = ROUNDING * features.var(0, correction=0).sum()
    radius = _closed(near.squares[:, k - 1], rounding)
    radii_of_halves = _radii_of_halves(near, parts, k, rounding)
    farthest = torch.maximum(radius, radii_of_halves.amax(0)) if len(parts) else radius
    wide, narrow = (_closed(real.near[:, number - 1], rounding) for number in (density_k, k))

    inside, balls = [], []
    recalled, covered = generated.new_zeros(2, m, dtype=torch.bool)
    recalled_by_halves, covered_by_halves = generated.new_zeros(2, len(parts), m, dtype=torch.bool)
    for chunk, squares in rows.squared_distances(generated, features):
        held, reached = squares <= wide, squares <= radius[chunk, None]
        inside.append((squares <= narrow).any(1))
        balls.append(held.sum(1))
        covered |= held.any(0)
        recalled |= reached.any(0)
        if len(parts) == 0:
            continue
        # a matrix product counts, for each half and image, the samples of the half that are near enough
        members = parts[:, chunk].float()
        covered_by_halves |= members @ held.float() > 0
        recalled_by_halves |= members @ reached.float() > 0
        # balls grow when half of the neighbours go: of what is between the two radii, look at each pair
        undecided = ~reached & (squares <= farthest[chunk, None]) & ~recalled_by_halves.all(0)
        sample, image = undecided.nonzero(as_tuple=True)
        between = squares[sample, image]
        for half, radii in enumerate(radii_of_halves[:, chunk]):
            recalled_by_halves[half, image[between <= radii[sample]]] = True
    return _Found(
        torch.cat(inside), torch.cat(balls).double(), recalled, covered, recalled_by_halves, covered_by_halves
    )


def _nearest(features: Tensor, k: int) -> Near:
    found = []
    for chunk, squares in rows.squared_distances(features, features):
        own = torch.arange(chunk.start, chunk.stop, device=features.device)
        squares[own - chunk.start, own] = torch.inf
        found.append(squares.topk(k, largest=False))
    return Near(*(torch.cat(columns) for columns in zip(*found, strict=True)))


def _closed(squares: Tensor, rounding: Tensor) -> Tensor:
    """Squared radii of balls that hold what lies on their surface."""
    return squares + rounding


def _radii_of_halves(near: Near, parts: Tensor, k: int, rounding: Tensor) -> Tensor:
    """(resamples, N): the squared radius of each sample's ball among those of its half; −1 outside that half.

    Where fewer than k of its neighbours in `near` belong to the half, the last of them stands for the k-th.
    """
    if len(parts) == 0:
        return near.squares.new_zeros(0, len(near.squares))
    radii = [near.squares.gather(1, _position(part[near.index], k)[:, None])[:, 0] for part in parts]
    return torch.where(parts, _closed(torch.stack(radii), rounding), -1.0)


def _position(member: Tensor, k: int) -> Tensor:
    """In each row of member (N, K) bool, where its k-th True stands; the last column where there is none."""
    reached = member.cumsum(1, dtype=torch.int8) >= k
    return torch.where(reached.any(1), reached.to(torch.int8).argmax(1), member.shape[1] - 1)
