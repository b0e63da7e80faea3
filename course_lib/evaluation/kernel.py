"""The kernel distance: the squared maximum mean discrepancy between two sets of features, without bias.

Gretton et al. (2012), lemma 6: with k(x, y) an inner product of what x and y are mapped to,

    MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y)

is the squared distance between the means of the mapped sets. Bińkowski et al. (2018), section 4, take
k(x, y) = (x·y / d + 1)³, whose map holds all products of up to three features: means, covariances and third
moments are compared, where the Fréchet distance stops at the second. On Inception's features it is called KID;
on any other it is a kernel distance, and the features belong in its name.

Averages leave out i = j, so the estimate has no bias at any number of samples; near 0 it may be negative.
"""

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import CourseError
from course_lib.evaluation import rows
from course_lib.evaluation.intervals import Estimate, around, bootstrap_counts
from course_lib.sharing import divided


def polynomial_kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / d + 1)³ of rows (N, d) and (M, d): (N, M)."""
    return (x @ y.T).div_(x.shape[1]).add_(1).pow_(3)


def kernel_mean(x: Tensor) -> float:
    """The mean of k(x_i, x_j) over all i ≠ j of rows (N, d): what a fixed set of data adds to its distances.

    Raises CourseError for fewer than two rows and for values that are not finite.
    """
    x = rows.checked(x)
    total = sum(divided(range(0, len(x), rows.CHUNK), lambda start: _others(x, start).sum()))
    return (total / (len(x) * (len(x) - 1))).item()


def kernel_distance(x: Tensor, y: Tensor, *, mean_of_y: float | None = None) -> float:
    """Unbiased MMD² between features (N, d) and (M, d) over all their pairs, in float64.

    All pairs have the least variance that the data allow; blocks of them (`kernel_blocks`) are what is published.
    `mean_of_y` is `kernel_mean(y)` where it is known. Raises CourseError for features that cannot be compared.
    """
    return kernel_estimate(x, y, mean_of_y=mean_of_y, resamples=0).value


def kernel_estimate(
    x: Tensor,
    y: Tensor,
    *,
    mean_of_y: float | None = None,
    level: float = 0.95,
    resamples: int = 100,
    seed: int = 0,
) -> Estimate:
    """`kernel_distance` with the interval of its expectation, the MMD² itself, by bootstrap: y stays as it is.

    A sample that a resample holds twice makes no pair with itself, which would count as one of the nearest
    pairs there are. Where the two sets have one distribution, the interval is wider than it need be (the
    linear part of the statistic vanishes there, its estimate does not).
    """
    x, y = rows.checked_pair(x, y)
    n = len(x)
    counts = bootstrap_counts(n, resamples, seed, x.device)
    counts = torch.cat([torch.ones_like(x[:, 0])[None], counts])  # the sample itself comes first
    within = torch.zeros_like(counts[:, 0])
    between = torch.zeros_like(within)

    def sums(start: int) -> tuple[Tensor, Tensor]:
        part = slice(start, start + rows.CHUNK)
        own = ((counts @ _others(x, start).T) * counts[:, part]).sum(1)
        return own, counts[:, part] @ polynomial_kernel(x[part], y).mean(1)

    for own, with_y in divided(range(0, n, rows.CHUNK), sums):
        within += own.to(within)
        between += with_y.to(between)
    pairs = n**2 - counts.square().sum(1)
    fixed = kernel_mean(y) if mean_of_y is None else mean_of_y
    values = within / pairs - 2 * between / n + fixed
    value = values[0].item()
    return Estimate(value, around(value, values[1:], level))


def kernel_blocks(x: Tensor, y: Tensor, *, size: int = 1000, blocks: int = 100, seed: int = 0) -> Tensor:
    """(blocks,) unbiased MMD² of `size` random rows of each set: the mean is KID as papers report it.

    Rows are drawn without replacement within a block and anew for each; the blocks overlap, so their standard
    deviation is not the error of their mean. Raises CourseError when a set has fewer rows than a block.
    """
    x, y = rows.checked_pair(x, y)
    if min(len(x), len(y)) < size or size < 2:
        raise CourseError(
            f"blocks of {size} need as many rows, and there are {len(x)} and {len(y)}: choose a size from 2 to "
            f"{min(len(x), len(y))}."
        )
    generator = seeds.generator(seed, purpose="kernel-blocks")

    def draw(of: Tensor) -> Tensor:
        return of[torch.randperm(len(of), generator=generator)[:size].to(of.device)]

    return torch.tensor([kernel_distance(draw(x), draw(y)) for _ in range(blocks)], dtype=torch.float64)


def _others(x: Tensor, start: int) -> Tensor:
    """k(x_i, x_j) for a chunk of rows i against all j, with 0 where i = j."""
    part = x[start : start + rows.CHUNK]
    kernel = polynomial_kernel(part, x)
    own = torch.arange(len(part), device=x.device)
    kernel[own, own + start] = 0
    return kernel
