"""What a measure owes to the number of samples: its value at several, and where it would end.

A Fréchet distance falls as samples are added, by an amount that differs from generator to generator, so that
even at equal numbers two of them may be compared wrongly. Chong and Forsyth (2020), section 3: to first order the
bias is c / N; a line through the values against 1 / N ends, at 1 / N = 0, in the value for endlessly many.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import CourseError
from course_lib.evaluation.frechet import Statistics, frechet_distance, statistics
from course_lib.evaluation.intervals import Estimate, around

Measure = Callable[[Tensor], float]


class Line(NamedTuple):
    """value ≈ limit + slope / N: `limit` in the measure's unit, `slope` in that times samples."""

    limit: float
    slope: float


def at_sizes(
    measure: Measure, features: Tensor, sizes: Sequence[int], *, repeats: int = 5, seed: int = 0
) -> Tensor:
    """(sizes, repeats) float64: `measure` of so many rows of features (N, d), drawn anew each time.

    Rows are drawn without replacement, so that at N all repeats agree: their spread there says nothing.
    Raises CourseError for a size that is not between 2 and N.
    """
    wrong = [size for size in sizes if not 2 <= size <= len(features)]
    if wrong or not sizes:
        raise CourseError(
            f"a measure of {wrong[0] if wrong else 'no'} samples cannot be taken from {len(features)}: choose "
            f"sizes from 2 to {len(features)}."
        )
    generator = seeds.generator(seed, purpose="sample-size")
    values = [
        [
            measure(features[torch.randperm(len(features), generator=generator)[:size].to(features.device)])
            for _ in range(repeats)
        ]
        for size in sizes
    ]
    return torch.tensor(values, dtype=torch.float64)


def extrapolated(sizes: Sequence[int], values: Tensor) -> Line:
    """The line of least squares through values (sizes, repeats) or (sizes,) against 1 / N.

    Raises CourseError for fewer than two different sizes.
    """
    if len(set(sizes)) < 2:
        raise CourseError("a line needs values at two sizes or more: give more sizes.")
    values = values.double().reshape(len(sizes), -1).mean(1)
    inverse = 1 / torch.tensor(sizes, dtype=torch.float64)
    spread = inverse - inverse.mean()
    slope = (spread @ values / spread.square().sum()).item()
    return Line((values.mean() - slope * inverse.mean()).item(), slope)


def frechet_at_infinity(
    features: Tensor, reference: Statistics, *, sizes: int = 15, smallest: int | None = None, seed: int = 0
) -> Line:
    """The Fréchet distance that endlessly many samples would have ("FID∞" on Inception's features), and its slope.

    Measured at `sizes` equally spaced numbers from `smallest` (a tenth of N unless given; the paper takes 5,000 of
    50,000) to N rows of features (N, d). The bias of the reference's own finite number of images stays in.
    Raises CourseError when there is no room for two sizes.
    """
    n = len(features)
    smallest = max(n // 10, 2) if smallest is None else smallest
    numbers = torch.linspace(smallest, n, sizes, dtype=torch.float64).round().long().unique().tolist()

    def distance(part: Tensor) -> float:
        return frechet_distance(statistics(part), reference)

    return extrapolated(numbers, at_sizes(distance, features, numbers, repeats=1, seed=seed))


def infinity_estimate(
    features: Tensor,
    reference: Statistics,
    *,
    level: float = 0.95,
    resamples: int = 20,
    seed: int = 0,
    **choices: int,
) -> Estimate:
    """`frechet_at_infinity` with the interval of its expectation, by bootstrap: rows are drawn anew, then the line is.

    choices: `sizes` and `smallest`. It takes a distance for each of `sizes` × `resamples`.
    """
    n, limit = len(features), frechet_at_infinity(features, reference, seed=seed, **choices).limit
    generator = seeds.generator(seed, purpose="bootstrap")
    values = [
        frechet_at_infinity(
            features[torch.randint(n, (n,), generator=generator).to(features.device)], reference, seed=seed + number,
            **choices,
        ).limit
        for number in range(resamples)
    ]  # fmt: skip
    return Estimate(limit, around(limit, torch.tensor(values, dtype=torch.float64), level))
