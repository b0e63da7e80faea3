"""What a measure owes to the number of samples: known biases, known limits."""

import statistics as plain

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.evaluation.frechet import Statistics, frechet_distance, statistics
from course_lib.evaluation.kernel import kernel_distance
from course_lib.evaluation.sample_size import (
    at_sizes,
    extrapolated,
    frechet_at_infinity,
    infinity_estimate,
)

DIM = 8
EXACT = Statistics(torch.zeros(DIM, dtype=torch.float64), torch.eye(DIM, dtype=torch.float64))


def normal(n, seed, mean=0.0):
    return mean + torch.randn(n, DIM, generator=torch.Generator().manual_seed(seed))


def to_exact(part):
    return frechet_distance(statistics(part), EXACT)


def test_rows_are_drawn_anew_without_replacement():
    seen = []
    features = torch.arange(20.0)[:, None]
    values = at_sizes(
        lambda part: seen.append(part[:, 0].tolist()) or len(part), features, [5, 20], repeats=3
    )
    assert values.tolist() == [[5] * 3, [20] * 3]
    assert all(len(set(part)) == len(part) for part in seen) and len(set(map(tuple, seen))) == 6
    assert sorted(seen[-1]) == features[:, 0].tolist()


def test_the_frechet_distance_falls_with_its_known_bias_and_the_kernel_distance_does_not():
    features, other = normal(3000, 0), normal(1000, 1)
    small, large = at_sizes(to_exact, features, [100, 1000], repeats=20).mean(1).tolist()
    # d/N by the mean and d(d+1)/(4N) by the covariance, to first order, on what all 3,000 have
    assert small - large == pytest.approx((DIM + DIM * (DIM + 1) / 4) * (1 / 100 - 1 / 1000), rel=0.25)
    few, many = at_sizes(lambda part: kernel_distance(part, other), features, [100, 1000], repeats=20)
    assert abs(few.mean() - many.mean()) < 4 * few.std() / 20**0.5


def test_a_line_is_recovered_exactly():
    sizes = [10, 20, 40, 80]
    values = torch.tensor([[3 + 50 / n + wobble for wobble in (-0.1, 0.1)] for n in sizes])
    limit, slope = extrapolated(sizes, values)
    assert (limit, slope) == (pytest.approx(3, rel=1e-5), pytest.approx(50, rel=1e-5))
    assert extrapolated(sizes, values.mean(1)).limit == pytest.approx(3, rel=1e-5)


def test_the_limit_of_the_true_distribution_is_zero_where_no_value_is():
    runs = [normal(1000, seed) for seed in range(20)]
    value = plain.mean(map(to_exact, runs))
    limit = plain.mean(frechet_at_infinity(run, EXACT, sizes=8).limit for run in runs)
    assert value > 0.02 and abs(limit) < 0.25 * value


def test_the_slope_is_that_of_the_bias():
    slopes = [frechet_at_infinity(normal(1000, seed), EXACT, sizes=8).slope for seed in range(10)]
    assert plain.mean(slopes) == pytest.approx(DIM + DIM * (DIM + 1) / 4, rel=0.3)


def test_the_limit_has_an_interval():
    found = infinity_estimate(normal(500, 0, 0.5), EXACT, sizes=5, resamples=20)
    assert found.interval[0] < found.value < found.interval[1]
    assert found.value == frechet_at_infinity(normal(500, 0, 0.5), EXACT, sizes=5).limit
    assert found.interval[0] < DIM * 0.5**2 < found.interval[1]
    assert found == infinity_estimate(normal(500, 0, 0.5), EXACT, sizes=5, resamples=20)


def test_what_cannot_be_drawn_is_refused():
    for sizes in ([5, 11], [1], []):
        with pytest.raises(CourseError, match="from 2 to 10"):
            at_sizes(len, torch.zeros(10, 1), sizes)
    with pytest.raises(CourseError, match="two sizes"):
        extrapolated([5, 5], torch.zeros(2))
