"""The Fréchet distance: closed forms, another library's root, its bias, its interval, and its cache."""

import math
import statistics as plain
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg
import torch
from scipy.stats import t

from course_lib import files, seeds
from course_lib.errors import CourseError
from course_lib.evaluation.features import extractor
from course_lib.evaluation.frechet import (
    Reference,
    Statistics,
    bootstrap_interval,
    frechet_distance,
    frechet_distance_of,
    statistics,
)


def gaussian(mean, covariance) -> Statistics:
    return Statistics(*(torch.as_tensor(value, dtype=torch.float64) for value in (mean, covariance)))


def covariance(dim, seed, rank=None):
    factor = torch.randn(dim, rank or dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return factor @ factor.T / dim


def rotation(dim, seed=9):
    return torch.linalg.qr(covariance(dim, seed)).Q


def standard(n, dim, seed):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("m", "s", "n", "t"), [(0, 1, 0, 1), (1, 2, -1, 0.5), (0, 3, 0, 0), (5, 1e-8, 5, 1)])
def test_on_the_line(m, s, n, t):
    found = frechet_distance(gaussian([m], [[s * s]]), gaussian([n], [[t * t]]))
    assert found == pytest.approx((m - n) ** 2 + (s - t) ** 2, rel=1e-12, abs=1e-15)


def test_covariances_that_commute():
    q, a, b = rotation(6), torch.arange(1.0, 7).double(), torch.tensor([3.0, 0, 1, 1, 9, 2]).double()
    found = frechet_distance(gaussian([0.0] * 6, q * a @ q.T), gaussian([0.0] * 6, q * b @ q.T))
    assert found == pytest.approx((a.sqrt() - b.sqrt()).square().sum().item(), rel=1e-10)


def test_a_shift_adds_its_square_and_nothing_else():
    a, b = covariance(5, 0), covariance(5, 1)
    still = frechet_distance(gaussian([0.0] * 5, a), gaussian([0.0] * 5, b))
    moved = frechet_distance(gaussian([0.0] * 5, a), gaussian([1.0, 0, -2, 0, 0], b))
    assert moved - still == pytest.approx(5, rel=1e-12)


def test_it_scales_with_the_square_of_the_features_and_does_not_turn_with_them():
    x, y, q = standard(200, 4, 0), 2 * standard(300, 4, 1) + 1, rotation(4).float()
    distance = frechet_distance_of(x, y)
    assert frechet_distance_of(3 * x, 3 * y) == pytest.approx(9 * distance, rel=1e-5)
    assert frechet_distance_of(x @ q, y @ q) == pytest.approx(distance, rel=1e-5)


@pytest.mark.parametrize("dim", [2, 16, 64])
def test_it_is_the_matrix_root_of_scipy(dim):
    a, b = covariance(dim, 0), covariance(dim, 1)
    root = scipy.linalg.sqrtm((a @ b).numpy())
    expected = (a.trace() + b.trace()).item() - 2 * np.trace(root).real
    found = frechet_distance(gaussian([0.0] * dim, a), gaussian([0.0] * dim, b))
    assert found == pytest.approx(expected, rel=1e-8)


def test_it_is_symmetric():
    a, b = gaussian([1.0] * 8, covariance(8, 0)), gaussian([0.0] * 8, covariance(8, 1, rank=3))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-12)


@pytest.mark.parametrize("rank", [1, 5, 40])
def test_it_is_zero_on_itself_even_when_the_covariance_is_singular(rank):
    a = gaussian([3.0] * 40, 1e4 * covariance(40, 2, rank))
    assert 0 <= frechet_distance(a, a) < 1e-12 * a.covariance.trace()


def test_fewer_samples_than_features_still_give_a_real_distance():
    x, y = standard(20, 128, 0), standard(30, 128, 1)
    found = frechet_distance_of(x, y)
    a, b = (np.cov(f.double().numpy(), rowvar=False) for f in (x, y))
    # the products of factors give the same trace without any root of a matrix
    factors = [(f - f.mean(0)).double() / math.sqrt(len(f) - 1) for f in (x, y)]
    overlap = torch.linalg.svdvals(factors[0] @ factors[1].T).sum().item()
    shift = (x.double().mean(0) - y.double().mean(0)).square().sum().item()
    assert found == pytest.approx(shift + np.trace(a) + np.trace(b) - 2 * overlap, rel=1e-6)


def test_statistics_are_unbiased_and_in_double_precision():
    x = 1e4 + standard(50, 3, 0)
    found = statistics(x)
    assert found.mean.dtype == found.covariance.dtype == torch.float64
    np.testing.assert_allclose(found.covariance, np.cov(x.double().numpy(), rowvar=False), rtol=1e-10)
    np.testing.assert_allclose(found.mean, x.double().mean(0), rtol=1e-14)


def test_few_samples_look_farther_than_they_are():
    """N samples of N(0, I) against N(0, I): d/N by the mean, d(d+1)/(4N) by the covariance, to first order."""
    dim, exact = 8, gaussian([0.0] * 8, torch.eye(8))
    means = {}
    for n in (100, 400):
        runs = [frechet_distance(statistics(standard(n, dim, seed)), exact) for seed in range(100)]
        means[n] = plain.mean(runs)
        assert means[n] == pytest.approx((dim + dim * (dim + 1) / 4) / n, rel=0.08)
    assert means[100] / means[400] == pytest.approx(4, rel=0.1)


def test_the_interval_holds_the_mean_of_repeated_measurements_as_often_as_it_says():
    dim, n, exact = 4, 150, gaussian([0.5] * 4, 2 * torch.eye(4))
    measured = plain.mean(frechet_distance(statistics(standard(n, dim, seed)), exact) for seed in range(300))
    inside = 0
    for seed in range(60):
        low, high = bootstrap_interval(standard(n, dim, 1000 + seed), exact, level=0.8, resamples=60)
        assert 0 <= low < high
        inside += low <= measured <= high
    # 60 trials at 0.8: three standard deviations are 0.15; on a skewed number a bootstrap falls a little short
    assert 0.62 < inside / 60 < 0.95


def test_the_interval_is_repeatable_widens_with_its_level_and_surrounds_the_value():
    x, y = standard(200, 3, 0), standard(200, 3, 1) + 1
    narrow, wide = (bootstrap_interval(x, y, level=level) for level in (0.5, 0.95))
    assert wide[0] < narrow[0] < frechet_distance_of(x, y) < narrow[1] < wide[1]
    assert bootstrap_interval(x, y) == wide != bootstrap_interval(x, y, seed=1)
    fixed = bootstrap_interval(x, statistics(y))
    assert fixed[1] - fixed[0] < wide[1] - wide[0]  # a reference that is not drawn anew adds no spread


def test_what_has_no_distance_is_refused():
    for wrong in (torch.zeros(1, 3), torch.zeros(4), torch.zeros(0, 3)):
        with pytest.raises(CourseError, match="two rows"):
            statistics(wrong)
    with pytest.raises(CourseError, match="finite"):
        statistics(torch.tensor([[0.0], [math.nan]]))
    with pytest.raises(CourseError, match="one extractor"):
        frechet_distance(statistics(standard(9, 3, 0)), statistics(standard(9, 4, 0)))


@pytest.fixture
def counted(zoo):
    """An extractor that counts how often it is asked."""
    judge, calls = extractor(), []
    counting = SimpleNamespace(
        fingerprint=judge.fingerprint, of=lambda *images: calls.append(1) or judge.of(*images)
    )
    return counting, calls


def test_reference_statistics_are_computed_once(cache, counted, image_set):
    judge, calls = counted
    first = Reference(judge, image_set()).statistics()
    again = Reference(judge, image_set(name="another name")).statistics()
    assert len(calls) == 1
    expected = statistics(judge.of(image_set()))
    for one in (first, again):
        assert torch.equal(one.mean, expected.mean) and torch.equal(one.covariance, expected.covariance)


def test_other_content_or_another_extractor_is_another_reference(cache, counted, image_set):
    judge, _ = counted
    other_judge = SimpleNamespace(fingerprint="another", of=judge.of)
    changed = image_set()
    changed.images[59, 0, 15, 15] ^= 1
    keys = {
        Reference(judge, image_set()).key,
        Reference(judge, image_set(59)).key,
        Reference(judge, changed).key,
        Reference(other_judge, image_set()).key,
    }
    assert len(keys) == 4


def test_a_damaged_or_unwritable_cache_costs_time_only(cache, counted, image_set, monkeypatch):
    judge, calls = counted
    reference = Reference(judge, image_set())
    expected = reference.statistics()
    file = cache / "statistics" / reference.key / files.TENSORS
    file.write_bytes(file.read_bytes()[:-1])
    assert torch.equal(reference.statistics().mean, expected.mean) and len(calls) == 2
    assert torch.equal(reference.statistics().mean, expected.mean) and len(calls) == 2  # repaired

    def full(*_):
        raise OSError(28, "No space left on device")

    file.unlink()
    monkeypatch.setattr(files, "save_state", full)
    assert torch.equal(reference.statistics().mean, expected.mean) and len(calls) == 3


def test_features_are_computed_once_and_those_of_few_images_are_some_of_all(cache, counted, image_set):
    judge, calls = counted
    reference = Reference(judge, image_set())
    everything, few = reference.features(60), reference.features(20)
    assert everything.shape == (60, 128) and few.shape == (20, 128) and everything.dtype == torch.float32
    torch.testing.assert_close(everything, judge.of(image_set()), rtol=1e-4, atol=1e-5)
    nearest = torch.cdist(few, everything).min(1)
    assert nearest.values.max() < 1e-3 and len(nearest.indices.unique()) == 20
    asked = len(calls)
    again = Reference(judge, image_set())
    assert torch.equal(again.features(1000), everything) and torch.equal(again.features(20), few)
    assert len(calls) == asked


def test_a_fixed_reference_is_rooted_once_and_gives_the_same_interval():
    x, exact = standard(200, 3, 0), gaussian([0.5] * 3, covariance(3, 1))
    found = bootstrap_interval(x, exact, resamples=30)
    generator = seeds.generator(0, purpose="bootstrap")
    drawn = [torch.randint(200, (200,), generator=generator) for _ in range(30)]
    values = torch.tensor(
        [frechet_distance(statistics(x[rows]), exact) for rows in drawn], dtype=torch.float64
    )
    value, half = frechet_distance(statistics(x), exact), values.std().item() * t.ppf(0.975, 29)
    assert found == pytest.approx((value - half, value + half), rel=1e-9)


def test_another_algorithm_takes_over_where_torch_finds_no_root(monkeypatch):
    """Of few images with many features LAPACK's default may not converge."""
    draw = torch.Generator().manual_seed(0)
    few = torch.randn(12, 200, generator=draw, dtype=torch.float64)
    many = torch.randn(300, 200, generator=draw, dtype=torch.float64)
    right = frechet_distance(statistics(few), statistics(many))

    def fails(_):
        raise torch.linalg.LinAlgError("failed to converge")

    monkeypatch.setattr(torch.linalg, "eigh", fails)
    assert frechet_distance(statistics(few), statistics(many)) == pytest.approx(right)
