"""How far recall and coverage would vary over other draws of the generated samples, the real images as they are.

Both ask whether *any* sample is near, which is no average over samples, and neither a bootstrap nor halves of the
samples alone give their standard deviation: by halves it was 0.78 to 1.75 times the true one, on Gaussians in 2 to 32
dimensions. It is found in two other ways here, each with the number of degrees of freedom that its estimate has, for
Student's t: where few samples decide, an interval is wide, or there is none.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.evaluation import rows
from course_lib.evaluation.intervals import halves
from course_lib.ranks import Ranks
from course_lib.sharing import in_shares

# samples of equal weight on which a recall must hang. Where fewer decide it, as where a generator is narrow in the
# plane, halves of them do not say what others would do: at 4, intervals for such generators held the expectation in
# half of all cases
FEWEST = 10
# an alternating series, cut short: its first term whole, the rest damped by P(L ≥ n) with L − 1 binomial of three
# throws, as Efron and Thisted (1976) damp theirs
DAMPED = (0.0, 1.0, -7 / 8, 1 / 2, -1 / 8)


class Spread(NamedTuple):
    """A standard deviation in the measure's unit, and the degrees of freedom of its estimate."""

    deviation: float
    freedom: float


def of_coverage(samples: Tensor, features: Tensor, squared_radii: Tensor) -> Spread | None:
    """Of the share of balls, about features (M, d), that hold one of samples (N, d): from counts, without resampling.

    Let λ_j be the expected number of samples in ball j, λ_ij in both i and j; counts be Poisson. Then M² times the
    variance is

        Σ_ij exp(−λ_i − λ_j + λ_ij) − exp(−λ_i − λ_j)  −  (Σ_j λ_j exp(−λ_j))² / N,

    the last since N is fixed. Of the sum over i, j an estimate without bias needs only the pairs of balls that hold
    *the same* samples: each adds (−1)^(n+1) for n ≥ 1 common ones, as E (−1)^n = exp(−2λ). With n alternating this
    is the series of Good and Toulmin (1956) for as many samples again, and it is damped like theirs. Of the second, it
    is the square of how many balls hold exactly one sample, over N. None where what is found is not positive.
    """
    code = torch.randint(
        1 << 62, (len(samples),), generator=seeds.generator(0, purpose="members"), device="cpu"
    ).to(samples.device)

    def counted(here: Ranks) -> Tensor:
        count, members = found = code.new_zeros(2, len(features))
        for chunk, squares in rows.squared_distances(samples, features, here=here):
            sample, image = (squares <= squared_radii).nonzero(as_tuple=True)
            count.index_add_(0, image, torch.ones_like(image))
            # a sum that names the set: another has it by 2^-62
            members.index_add_(0, image, code[chunk][sample])
        return found

    count, members = torch.stack([part.to(code) for part in in_shares(counted)]).sum(0)
    held = count > 0
    _, which, size = members[held].unique(return_inverse=True, return_counts=True)
    common = torch.zeros_like(size).index_put_((which,), count[held])
    weight = torch.tensor(DAMPED, dtype=torch.float64, device=samples.device)
    weight = torch.where(common < len(DAMPED), weight[common.clamp(max=len(DAMPED) - 1)], 0.0)
    terms = size.double().square() * weight
    variance = (terms.sum() - (count == 1).sum().double().square() / len(samples)).item()
    if variance <= 0:
        return None
    freedom = 2 * variance**2 / terms.square().sum().item()  # Satterthwaite's, for a sum of independent terms
    return Spread(variance**0.5 / len(features), freedom)


def of_recall(
    samples: Tensor,
    features: Tensor,
    near: Tensor,
    index: Tensor,
    k: int,
    rounding: Tensor,
    splits: int,
    seed: int,
) -> Spread | None:
    """Of the share of features (M, d) that lie in a ball about one of samples (N, d), by halves of *both* sets.

    A split takes two halves of the samples, each with its own balls, and half of the features: D is the difference
    of the two recalls. Half as many samples have balls twice as large by measure, so a feature lies in as many of
    them; and half as many features. Everything is as before but for its size, so that the variance, which is
    E D²/2, is twice that of the whole: the mean of D²/4 over splits. With all features in it, it would not be.

    near, index: squared distances (N, K) to the K nearest other samples, ascending, and their numbers. A half is
    taken to have its k-th neighbour among them. None where fewer than `FEWEST` samples decide.
    """
    parts = halves(len(samples), splits, seed, samples.device)
    looked_at = halves(len(features), splits, seed + 1, samples.device)
    first, second = (_squared_radii(near, index, members, k, rounding) for members in (parts, ~parts))
    radii, whole = torch.where(parts, first, second), near[:, k - 1] + rounding
    farthest = torch.maximum(radii.amax(0), whole)

    def reached_by(here: Ranks) -> list[Tensor]:
        recalled = samples.new_zeros(splits, 2, len(features), dtype=torch.bool)
        count, last = sums = index.new_zeros(2, len(features))
        for chunk, squares in rows.squared_distances(samples, features, here=here):
            sample, image = (squares <= farthest[chunk, None]).nonzero(as_tuple=True)
            square, sample = squares[sample, image], sample + chunk.start
            reached = square <= whole[sample]
            count.index_add_(0, image, reached.long())
            last.index_add_(0, image, torch.where(reached, sample, 0))
            for split in range(splits):
                inside = (square <= radii[split, sample]) & looked_at[split, image]
                recalled[split, parts[split, sample[inside]].long(), image[inside]] = True
        return [recalled, sums]

    found = in_shares(reached_by)
    recalled = torch.stack([part.to(samples.device) for part, _ in found]).any(0)
    count, last = torch.stack([sums.to(index) for _, sums in found]).sum(0)
    values = recalled.double().sum(2) / (len(features) // 2)
    alone = torch.bincount(last[count == 1], minlength=len(samples)).double().square()
    # the luck of a sample decides what it recalls alone: count the samples as if all recalled equally much
    deciding = (alone.sum().square() / alone.square().sum().clamp(min=1)).item()
    if deciding < FEWEST:
        return None
    variance = (values[:, 0] - values[:, 1]).square().mean().item() / 4
    return Spread(variance**0.5, min(2 * deciding, splits))


def _squared_radii(near: Tensor, index: Tensor, members: Tensor, k: int, rounding: Tensor) -> Tensor:
    """(splits, N): the squared radius of the ball about each sample that reaches the k-th nearest of the members.

    Where fewer than k of those in `near` are members, the last of them stands for the k-th.
    """
    return (
        torch.stack([near.gather(1, _position(part[index], k)[:, None])[:, 0] for part in members]) + rounding
    )


def _position(member: Tensor, k: int) -> Tensor:
    """In each row of member (N, K) bool, where its k-th True stands; the last column where there is none."""
    reached = member.cumsum(1, dtype=torch.int8) >= k
    return torch.where(reached.any(1), reached.to(torch.int8).argmax(1), member.shape[1] - 1)
