"""Precision, recall, density, coverage: plain loops, another library, and the examples they were made for."""

import math
import statistics as plain

import pytest
import torch
from torch_fidelity.metric_prc import prc_features_to_metric

from course_lib.errors import CourseError
from course_lib.evaluation import rows
from course_lib.evaluation.manifold import density_coverage, fidelity, manifold, precision_recall


def normal(n, dim, seed, mean=0.0, std=1.0):
    generator = torch.Generator().manual_seed(seed)
    return mean + std * torch.randn(n, dim, dtype=torch.float64, generator=generator)


def looped(generated, real, k):
    """All four with balls of k neighbours, one pair at a time."""
    generated, real = generated.tolist(), real.tolist()

    def radius(points, i):
        return sorted(math.dist(points[i], p) for j, p in enumerate(points) if j != i)[k - 1]

    of_real = [radius(real, i) for i in range(len(real))]
    of_generated = [radius(generated, i) for i in range(len(generated))]
    balls = [sum(math.dist(g, r) <= o for r, o in zip(real, of_real, strict=True)) for g in generated]
    recalled = [any(math.dist(g, r) <= o for g, o in zip(generated, of_generated, strict=True)) for r in real]
    covered = [any(math.dist(g, r) <= o for g in generated) for r, o in zip(real, of_real, strict=True)]
    precision = sum(b > 0 for b in balls) / len(balls)
    recall, coverage = sum(recalled) / len(real), sum(covered) / len(real)
    return precision, recall, sum(balls) / (k * len(balls)), coverage


def found(generated, real, k):
    return (*precision_recall(generated, real, k), *density_coverage(generated, real, k))


@pytest.mark.parametrize(("n", "m", "k"), [(40, 60, 3), (60, 40, 5), (9, 8, 1), (6, 6, 5)])
@pytest.mark.parametrize("chunk", [7, 1024])
def test_they_are_the_loops(monkeypatch, n, m, k, chunk):
    monkeypatch.setattr(rows, "CHUNK", chunk)
    generated, real = normal(n, 2, 0, 0.5, 0.8), normal(m, 2, 1)
    assert found(generated, real, k) == pytest.approx(looped(generated, real, k), rel=1e-12)


@pytest.mark.parametrize("dim", [2, 16])
def test_precision_and_recall_are_those_of_another_library(dim):
    generated, real = normal(300, dim, 0, 0.3, 0.9), normal(250, dim, 1)
    theirs = prc_features_to_metric(generated, real, verbose=False)
    ours = precision_recall(generated, real)
    assert 0 < ours[1] < 1
    assert ours == pytest.approx((theirs["precision"], theirs["recall"]), rel=1e-6)


def test_one_pass_gives_the_same_four():
    generated, real = normal(80, 3, 0, 0.5), normal(90, 3, 1)
    four = fidelity(generated, manifold(real), resamples=5)
    expected = (*precision_recall(generated, real), *density_coverage(generated, real))
    assert [one.value for one in four] == pytest.approx(expected)
    assert fidelity(generated, manifold(real), resamples=0).recall.value == four.recall.value


def test_a_set_is_wholly_inside_itself():
    x = normal(50, 3, 0)
    # each lies in its own ball and in those of the k whose neighbour it is, k on average
    assert found(x, x, 4) == (1.0, 1.0, pytest.approx(5 / 4), 1.0)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("times", [1, 10])
def test_copies_of_the_reference_are_better_than_new_data_by_all_four(k, times):
    """Each ball holds the copy of its centre and those of k others: (k + 1)/k, where new data have 1."""
    real = normal(60, 3, 0)
    copies = real.repeat(times, 1)  # ten copies of each: balls of no size hold the copied image
    assert found(copies, real, k) == (1.0, 1.0, pytest.approx(1 + 1 / k), 1.0)
    some = real[torch.arange(90) % 60]
    assert precision_recall(some, real) == (1.0, 1.0)


def test_new_data_have_a_density_of_one_in_expectation():
    densities = [density_coverage(normal(40, 3, s), normal(60, 3, 1000 + s))[0] for s in range(200)]
    error = plain.stdev(densities) / math.sqrt(200)
    assert abs(plain.mean(densities) - 1) < 3 * error < 0.05
    # copies of images that are not in the reference are as good as new ones
    others = [density_coverage(x[60:], x[:60])[0] for x in (normal(100, 3, 5000 + s) for s in range(200))]
    assert plain.mean(others) == pytest.approx(1, abs=0.05)


def test_far_apart_nothing_is_inside():
    assert found(normal(30, 2, 0), normal(30, 2, 1, 100), 3) == (0, 0, 0, 0)


def test_precision_is_fooled_by_collapse_and_recall_and_coverage_are_not():
    real, collapsed = normal(400, 2, 0), normal(400, 2, 1, 0, 0.01)
    precision, recall = precision_recall(collapsed, real)
    density, coverage = density_coverage(collapsed, real)
    assert precision == 1 and recall < 0.02 and coverage < 0.1
    assert density > 1


def test_one_real_outlier_makes_everything_precise_but_not_dense():
    """Naeem et al. (2020), figure 2: the ball of one far image reaches over all of the empty space between."""
    real = torch.cat([normal(200, 2, 0), torch.tensor([[20.0, 20.0]], dtype=torch.float64)])
    between = normal(200, 2, 1, 10)
    assert precision_recall(between, real)[0] == 1
    assert density_coverage(between, real) == (pytest.approx(1 / 5), pytest.approx(1 / 201))
    assert precision_recall(between, real[:-1])[0] == 0


def test_a_few_wild_samples_recall_everything_but_cover_little():
    real, wild = normal(200, 2, 0), normal(10, 2, 1, 0, 30)
    assert precision_recall(wild, real)[1] == 1
    assert density_coverage(wild, real)[1] < 0.05


def test_missing_modes_are_missed_in_proportion():
    real = torch.cat([normal(100, 2, seed, 50 * seed) for seed in range(4)])
    one = normal(400, 2, 9, 50)
    assert precision_recall(one, real)[1] == pytest.approx(0.25, abs=0.02)
    assert density_coverage(one, real)[1] == pytest.approx(0.25, abs=0.02)


def test_order_rotation_scale_and_place_do_not_matter():
    generated, real = normal(70, 4, 0, 0.4), normal(80, 4, 1)
    turn = torch.linalg.qr(normal(4, 4, 2)).Q
    expected = found(generated, real, 3)
    assert found(generated.flip(0), real.roll(9, 0), 3) == pytest.approx(expected)
    assert found(7 * generated @ turn, 7 * real @ turn, 3) == pytest.approx(expected)
    # far from the origin |x|² is 1e15 times what neighbours are apart: the product must not lose it
    assert found(generated + 1e7, real + 1e7, 3) == pytest.approx(expected)


def test_features_in_single_precision_far_from_the_origin_keep_their_neighbours():
    generated, real = ((x + 1000).float() for x in (normal(200, 8, 0, 0.2), normal(200, 8, 1)))
    assert found(generated, real, 3) == pytest.approx(looped(generated, real, 3), rel=1e-12)


def test_distances_in_single_precision_would_not():
    """Why `rows` computes in float64: the same product in float32 moves neighbours about."""
    x = (normal(200, 8, 0) + 1000).float()
    lengths = x.square().sum(1)
    single = (lengths[:, None] - 2 * x @ x.T + lengths).fill_diagonal_(math.inf).argmin(1)
    double = torch.cdist(x.double(), x.double(), compute_mode="donot_use_mm_for_euclid_dist")
    right = double.fill_diagonal_(math.inf).argmin(1)
    assert (single != right).float().mean() > 0.1
    squares = torch.cat([part for _, part in rows.squared_distances(x.double(), x.double())])
    assert torch.equal(squares.fill_diagonal_(math.inf).argmin(1), right)


def test_copies_would_pull_recall_down():
    """Why recall is not bootstrapped: a bootstrap sample's is low by more than recall varies."""
    real, generated = normal(150, 2, 999), normal(120, 2, 0, 0.7)
    drawn = [torch.randint(120, (120,), generator=torch.Generator().manual_seed(s)) for s in range(30)]
    copied = plain.mean(precision_recall(generated[index], real)[1] for index in drawn)
    values = [precision_recall(normal(120, 2, seed, 0.7), real)[1] for seed in range(100, 140)]
    assert plain.mean(values) - copied > 1.3 * plain.stdev(values)


def test_an_estimate_is_repeatable_and_stays_where_it_can_be():
    real, generated = manifold(normal(200, 8, 0)), normal(300, 8, 1)
    assert fidelity(generated, real).recall.interval is not None
    assert fidelity(generated, real) == fidelity(generated, real) != fidelity(generated, real, seed=1)
    real = manifold(normal(60, 2, 0))
    same = fidelity(real.features, real)
    # sixty hits of sixty do not show that all would hit, and nothing is left by which recall could vary
    assert 0.9 < same.precision.interval[0] < same.precision.interval[1] == 1.0
    assert same.recall.interval is None
    assert all(estimate.interval is None for estimate in fidelity(real.features, real, resamples=0))


def test_what_has_no_neighbours_is_refused():
    x = normal(5, 3, 0)
    with pytest.raises(CourseError, match="at least 6 rows"):
        density_coverage(normal(9, 3, 1), x)
    with pytest.raises(CourseError, match="at least 4 rows"):
        precision_recall(x[:3], x)
    with pytest.raises(CourseError, match="finite"):
        precision_recall(x, x / 0)
    with pytest.raises(CourseError, match="one extractor"):
        precision_recall(x, normal(5, 4, 0))
