"""The kernel distance: closed forms, plain loops, another library's blocks, no bias, and its interval."""

import math
import statistics as plain

import numpy as np
import pytest
import torch
from torch_fidelity.metric_kid import kid_features_to_metric

from course_lib.errors import CourseError
from course_lib.evaluation import kernel, rows
from course_lib.evaluation.kernel import (
    kernel_blocks,
    kernel_distance,
    kernel_estimate,
    kernel_mean,
    polynomial_kernel,
)


def normal(n, dim, seed, mean=0.0, std=1.0):
    generator = torch.Generator().manual_seed(seed)
    return mean + std * torch.randn(n, dim, dtype=torch.float64, generator=generator)


def looped(x, y):
    """The unbiased estimate as the paper prints it, one pair at a time, in Python's own float64."""
    x, y = x.tolist(), y.tolist()

    def k(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def own(z):
        pairs = [k(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j]
        return math.fsum(pairs) / len(pairs)

    cross = [k(a, b) for a in x for b in y]
    return own(x) + own(y) - 2 * math.fsum(cross) / len(cross)


def exact_on_the_line(m, s, n, t):
    """(xy + 1)³ = Σ C(3, p) xᵖ yᵖ, so MMD² is Σ C(3, p) (difference of the p-th moments)²."""
    moments = [(a, a * a + b * b, a**3 + 3 * a * b * b) for a, b in ((m, s), (n, t))]
    return sum(c * (p - q) ** 2 for c, p, q in zip((3, 3, 1), *moments, strict=True))


@pytest.mark.parametrize(("n", "m", "dim"), [(2, 2, 1), (7, 11, 3), (30, 20, 5)])
def test_it_is_the_double_loop(n, m, dim):
    x, y = normal(n, dim, 0, 0.5), normal(m, dim, 1)
    assert kernel_distance(x, y) == pytest.approx(looped(x, y), rel=1e-12, abs=1e-14)


def test_chunks_leave_out_the_diagonal_wherever_they_begin(monkeypatch):
    x, y = normal(23, 3, 0), normal(17, 3, 1)
    expected = looped(x, y)
    for chunk in (1, 5, 16, 23):
        monkeypatch.setattr(rows, "CHUNK", chunk)
        assert kernel_distance(x, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "t"), [(1.0, 1.0), (0.0, 2.0), (0.0, 1.0)])
def test_it_has_no_bias_at_eight_samples(n, t):
    """A thousand measurements of 8 samples: their mean is the distance of the Gaussians themselves."""
    runs = [kernel_distance(normal(8, 1, 2 * i), normal(8, 1, 2 * i + 1, n, t)) for i in range(1000)]
    exact = exact_on_the_line(0, 1, n, t)
    assert abs(plain.mean(runs) - exact) < 4 * plain.stdev(runs) / math.sqrt(len(runs))


def test_many_samples_of_shifted_gaussians_are_at_the_distance_of_the_gaussians():
    found = kernel_distance(normal(3000, 1, 0), normal(3000, 1, 1, 1.0))
    assert found == pytest.approx(exact_on_the_line(0, 1, 1, 1), rel=0.1)


def test_it_sees_third_moments_where_the_frechet_distance_does_not():
    sign = normal(4000, 1, 0).sign()
    skewed = normal(4000, 1, 1).square() - 1  # mean 0, variance 2, third moment 8
    symmetric = math.sqrt(2) * sign
    assert kernel_distance(skewed, symmetric) > 0.5 * 8**2


def test_a_block_is_that_of_another_library():
    x, y = normal(90, 6, 0), normal(120, 6, 1, 0.3)
    theirs = kid_features_to_metric(x, y, kid_subsets=1, kid_subset_size=70, rng_seed=5, verbose=False)
    draws = np.random.RandomState(5)  # theirs: the rows of x first, then those of y
    ours = kernel_distance(*(of[draws.choice(len(of), 70, replace=False)] for of in (x, y)))
    assert ours == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)


def test_blocks_average_to_the_whole():
    x, y = normal(300, 4, 0, 0.5), normal(400, 4, 1)
    blocks = kernel_blocks(x, y, size=100, blocks=60)
    assert blocks.shape == (60,) and blocks.std() > 0
    assert abs(blocks.mean() - kernel_distance(x, y)) < 4 * blocks.std() / math.sqrt(60)
    assert torch.equal(blocks, kernel_blocks(x, y, size=100, blocks=60))
    assert not torch.equal(blocks, kernel_blocks(x, y, size=100, blocks=60, seed=1))
    whole = kernel_blocks(x, y[:300], size=300, blocks=2)
    assert whole.tolist() == pytest.approx([kernel_distance(x, y[:300])] * 2, rel=1e-12)


def test_order_and_rotation_do_not_matter_and_a_shift_does():
    x, y = normal(50, 4, 0), normal(60, 4, 1)
    distance = kernel_distance(x, y)
    turn = torch.linalg.qr(normal(4, 4, 2)).Q
    assert kernel_distance(x.flip(0), y.roll(7, 0)) == pytest.approx(distance, rel=1e-10)
    assert kernel_distance(x @ turn, y @ turn) == pytest.approx(distance, rel=1e-10)
    assert kernel_distance(x + 3, y + 3) != pytest.approx(distance, rel=1e-2)


def test_single_precision_features_are_measured_in_double():
    x, y = (100 + normal(80, 16, 0)).float(), (100 + normal(80, 16, 1)).float()
    assert kernel_distance(x, y) == kernel_distance(x.double(), y.double())
    # kernels of 1e12 that cancel to a difference of thousandths of them
    assert kernel_distance(x, y) == pytest.approx(looped(x, y), rel=1e-4)


def test_the_mean_of_known_data_may_be_given():
    x, y = normal(30, 3, 0), normal(40, 3, 1)
    assert kernel_distance(x, y, mean_of_y=kernel_mean(y)) == kernel_distance(x, y)
    assert kernel_distance(x, y, mean_of_y=kernel_mean(y) + 1) == pytest.approx(kernel_distance(x, y) + 1)


def test_a_sample_that_is_drawn_twice_makes_no_pair_with_itself(monkeypatch):
    """Of two resamples that are known, the standard deviation, which is Student's t for one degree at a level of ½."""
    x, y = normal(6, 3, 0), normal(9, 3, 1)
    drawn = [[0, 0, 1, 2, 4, 4], [1, 2, 2, 2, 3, 5]]
    counts = torch.stack([torch.bincount(torch.tensor(row), minlength=6) for row in drawn]).double()
    monkeypatch.setattr(kernel, "bootstrap_counts", lambda *_: counts)
    found = kernel_estimate(x, y, level=0.5, resamples=2)

    def value(row):
        k = polynomial_kernel(x[row], x[row])
        pairs = [k[a, b].item() for a in range(6) for b in range(6) if row[a] != row[b]]
        return plain.fmean(pairs) - 2 * polynomial_kernel(x[row], y).mean().item()

    deviation = abs(value(drawn[0]) - value(drawn[1])) / 2**0.5
    assert found.interval == pytest.approx((found.value - deviation, found.value + deviation))


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_the_interval_holds_the_mean_of_repeated_measurements_as_often_as_it_says(shift):
    n, y = 100, normal(300, 3, 999)
    truth = plain.mean(kernel_distance(normal(n, 3, seed, shift), y) for seed in range(300))
    inside = 0
    for seed in range(80):
        found = kernel_estimate(normal(n, 3, 1000 + seed, shift), y, level=0.8, resamples=60)
        inside += found.interval[0] <= truth <= found.interval[1]
    # three standard deviations of 80 trials are 0.13; at shift 0 the interval is wider than need be
    assert inside / 80 > 0.67
    if shift:
        assert inside / 80 < 0.93


def test_an_estimate_is_repeatable():
    x, y = normal(40, 3, 0), normal(40, 3, 1)
    assert kernel_estimate(x, y) == kernel_estimate(x, y) != kernel_estimate(x, y, seed=1)
    assert kernel_estimate(x, y).value == pytest.approx(kernel_distance(x, y), rel=1e-12)


def test_what_has_no_distance_is_refused():
    x = normal(5, 3, 0)
    for wrong in (x[:1], x[0], x[:, :0]):
        with pytest.raises(CourseError, match="at least 2 rows"):
            kernel_distance(wrong, x)
    with pytest.raises(CourseError, match="finite"):
        kernel_distance(x, x / 0)
    with pytest.raises(CourseError, match="one extractor"):
        kernel_distance(x, normal(5, 4, 0))
    with pytest.raises(CourseError, match="from 2 to 5"):
        kernel_blocks(x, x, size=6)
