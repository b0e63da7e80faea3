"""Does each dimension of a code hold one factor of the data, and one dimension each factor?

Codes are (N, d), one row an image; factors (N, K), the columns of `ImageSet.factors`. A code is what an encoder,
a projection or InfoGAN's Q makes of an image. Both scores lie in [0, 1] and read codes dimension by dimension:
a rotation of a perfect code scores low, though it holds the same information.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_lib import seeds
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError

BINS = 20  # of a continuous factor or code, as Locatello et al. (2019) count
# Dimensions that an encoder left unused hold a little noise. Divided by its own variance it votes like any other, and
# where a factor is fixed that no dimension holds, one of many unused ones varies least by chance and names it. So they
# are pruned: below this standard deviation where the prior's is 1 (Locatello et al. 2019, disentanglement_lib); Kim and
# Mnih (2018) prune below a *variance* of 0.05, a standard deviation of 0.22.
LEAST_STD = 0.05
VALUES_AT_ONCE = 1 << 24  # float64 numbers gathered at a time: 128 MiB


class FactorVAEScore(NamedTuple):
    """score: share of held-out votes that the majority classifier gets right, in [0, 1]; chance is near 1/K.
    training: the same on the votes that it was made from, which some papers report. active: dimensions that were not
    pruned; report both scores with it. votes: (d, K) int64, the training votes that named dimension j when factor k
    was held fixed."""

    score: float
    training: float
    active: int
    votes: Tensor


class MutualInformationGap(NamedTuple):
    """score: mean of gaps. gaps (K,), float64; information (d, K) in nats; entropies (K,) in nats."""

    score: float
    gaps: Tensor
    information: Tensor
    entropies: Tensor


def factor_vae_score(
    codes: Tensor,
    factors: Tensor | np.ndarray,
    *,
    size: int = 64,
    training_votes: int = 10_000,
    evaluation_votes: int = 5_000,
    bins: int = BINS,
    least_std: float = LEAST_STD,
    seed: int = 0,
) -> FactorVAEScore:
    """The disentanglement metric of Kim and Mnih (2018), section 4 and their figure 2, on a table of codes.

    A vote: fix one factor k at the value of a random row, draw `size` rows that share it, divide each code
    dimension's variance over them by its variance over all rows, and name the dimension j with the least. The
    majority's k for each j is the classifier; it is judged on votes of its own. Numbers of votes as Locatello
    et al. (2019). Dimensions whose standard deviation over all rows is below `least_std` do not vote: the default is
    for codes whose prior has a standard deviation of 1; for others, multiply it by theirs. With none left, all is 0.

    A factor of more than `bins` values counts as fixed within one of `bins` equal parts of its range. Rows are
    drawn from the table, so where factors are correlated, fixing one leans on the others as the data do.
    Raises UsageError for shapes that do not belong together and for codes that are not finite.
    """
    codes, factors = _checked(codes, factors)
    sampler = FixedFactor(factors, bins)

    def draw(factor: int, votes: int, generator: torch.Generator) -> Tensor:
        return codes[sampler.rows(factor, votes, size, generator)]

    chunk = max(1, VALUES_AT_ONCE // (size * codes.shape[1]))
    return _score(draw, codes, factors.shape[1], chunk, training_votes, evaluation_votes, least_std, seed)


def factor_vae_score_of(
    represent: Callable[[Tensor], Tensor],
    images: ImageSet,
    *,
    size: int = 64,
    training_votes: int = 800,
    evaluation_votes: int = 800,
    variance_images: int = 10_000,
    bins: int = BINS,
    least_std: float = LEAST_STD,
    seed: int = 0,
) -> FactorVAEScore:
    """`factor_vae_score` of a representation, (B, C, H, W) -> (B, d), on a set with known factors.

    Only the images that the votes need are looked at, `size` a vote: for sets too large to encode whole. To
    encode once and vote often, hand codes and factors to `factor_vae_score`.
    Raises CourseError when the set has no factors.
    """
    if images.factors is None:
        raise CourseError(f"{images.name} has no known factors: measure on faces or sprites.")
    sampler = FixedFactor(torch.from_numpy(np.array(images.factors)), bins)

    @torch.no_grad()
    def encoded(rows: Tensor) -> Tensor:
        return represent(images.tensor(rows)).detach().cpu().double()

    def draw(factor: int, votes: int, generator: torch.Generator) -> Tensor:
        rows = sampler.rows(factor, votes, size, generator)
        return torch.stack([encoded(vote) for vote in rows])

    free = torch.randint(
        len(images), (variance_images,), generator=seeds.generator(seed, purpose="factor-vae/free")
    )
    codes = torch.cat([encoded(part) for part in free.split(500)])
    _finite(codes)
    return _score(
        draw, codes, images.factors.shape[1], 100, training_votes, evaluation_votes, least_std, seed
    )


class FixedFactor:
    """Draws rows of a factor table (N, K) that share the value, or the bin, of one factor."""

    def __init__(self, factors: Tensor, bins: int = BINS):
        self.values = discretised(factors, bins)  # (N, K)
        self.order = self.values.argsort(dim=0, stable=True)  # rows, those that share a value side by side
        self.counts = [torch.bincount(column) for column in self.values.T]

    def rows(self, factor: int, draws: int, size: int, generator: torch.Generator) -> Tensor:
        """int64 (draws, size): each line shares the value that factor has in a random row of the table."""
        n = len(self.values)
        value = self.values[torch.randint(n, (draws,), generator=generator), factor]
        counts = self.counts[factor]
        first = counts.cumsum(0) - counts
        # a position in [0, count) of each line's own count, by scaling 62-bit integers
        offset = torch.randint(1 << 62, (draws, size), generator=generator) % counts[value][:, None]
        return self.order[:, factor][first[value][:, None] + offset]


def mutual_information_gap(
    codes: Tensor, factors: Tensor | np.ndarray, *, bins: int = BINS
) -> MutualInformationGap:
    """MIG of Chen et al. (2018), equation 6: mean over factors v of (I(z_a; v) − I(z_b; v)) / H(v).

    a and b are the two dimensions that tell most of v; with one dimension the second tells nothing. Codes and
    factors of more than `bins` values are put into `bins` equal parts of their range and the information is
    counted from the table, as Locatello et al. (2019) do, where Chen et al. integrate over q(z|x). Counting
    overestimates information by about (bins − 1)(values − 1)/2N nats, which cancels in the gap.
    Raises UsageError for shapes that do not belong together, codes that are not finite, and a factor that has
    one value only and so no entropy.
    """
    codes, factors = _checked(codes, factors)
    z, v = discretised(codes, bins), discretised(factors, bins)
    if (constant := (v == v[:1]).all(0)).any():
        raise UsageError(
            f"Factor {constant.nonzero()[0].item()} has one value in the whole table, so nothing to tell: leave "
            "it out."
        )
    information = torch.stack([torch.stack([_information(a, b) for b in v.T]) for a in z.T])
    entropies = torch.stack([_information(b, b) for b in v.T])
    best = torch.cat([information, torch.zeros_like(information[:1])]).topk(2, dim=0).values
    gaps = (best[0] - best[1]) / entropies
    return MutualInformationGap(gaps.mean().item(), gaps, information, entropies)


def discretised(table: Tensor, bins: int = BINS) -> Tensor:
    """Each column as whole numbers from 0: int64 (N, K).

    A column of up to `bins` distinct values keeps them; another is cut into `bins` equal parts of its range.
    """
    columns = []
    for column in table.detach().cpu().double().T:
        values, inverse = column.unique(return_inverse=True)
        if len(values) > bins:
            edges = torch.from_numpy(np.linspace(values[0].item(), values[-1].item(), bins + 1)[1:-1])
            inverse = torch.bucketize(column.contiguous(), edges, right=True)
        columns.append(inverse)
    return torch.stack(columns, 1)


def _information(a: Tensor, b: Tensor) -> Tensor:
    """Mutual information in nats of two columns of whole numbers, counted."""
    wide = int(b.max()) + 1
    joint = torch.bincount(a * wide + b, minlength=(int(a.max()) + 1) * wide).view(-1, wide).double()
    joint = joint / joint.sum()
    independent = joint.sum(1, keepdim=True) * joint.sum(0)
    seen = joint > 0
    return (joint[seen] * (joint[seen] / independent[seen]).log()).sum().clamp(min=0)


def _score(draw, codes, factors, chunk, training_votes, evaluation_votes, least_std, seed) -> FactorVAEScore:
    variances = codes.var(0)
    # a constant dimension has no variance to divide by, whatever least_std
    active = (variances.sqrt() >= least_std) & (variances > torch.finfo(variances.dtype).tiny)
    dims, count = codes.shape[1], int(active.sum())
    votes = {}
    for kind, number in (("training", training_votes), ("evaluation", evaluation_votes)):
        if number < 1:
            raise UsageError(f"The {kind} takes votes: give at least 1, not {number}.")
        votes[kind] = torch.zeros(dims, factors, dtype=torch.int64)
        generator = seeds.generator(seed, purpose=f"factor-vae/{kind}")
        chosen = torch.randint(factors, (number,), generator=generator)
        for factor in range(factors) if count else ():
            for part in chosen[chosen == factor].split(chunk):
                local = draw(factor, len(part), generator).var(1)  # (votes, d)
                ratio = (local / variances).where(active, torch.inf)
                votes[kind][:, factor] += torch.bincount(ratio.argmin(1), minlength=dims)
    guess = votes["training"].argmax(1, keepdim=True)
    right = {k: v.gather(1, guess).sum().item() / max(int(v.sum()), 1) for k, v in votes.items()}
    return FactorVAEScore(right["evaluation"], right["training"], count, votes["training"])


def _checked(codes: Tensor, factors: Tensor | np.ndarray) -> tuple[Tensor, Tensor]:
    codes = torch.as_tensor(codes).detach().cpu().double()
    factors = torch.as_tensor(np.array(factors) if isinstance(factors, np.ndarray) else factors)
    factors = factors.detach().cpu().double()
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or 0 in codes.shape + factors.shape:
        raise UsageError(
            f"Codes (N, d) and factors (N, K) need one row an image each, not {tuple(codes.shape)} and "
            f"{tuple(factors.shape)}."
        )
    _finite(codes)
    return codes, factors


def _finite(codes: Tensor) -> None:
    if not codes.isfinite().all():
        raise UsageError("Some codes are not finite, so they cannot be scored: look at what makes them.")
