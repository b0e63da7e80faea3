"""Precision, recall, density, coverage: plain loops, another library, and the examples they were made for."""

import math
import statistics as plain

import pytest
import torch
from torch_fidelity.metric_prc import prc_features_to_metric

from course_lib.errors import CourseError
from course_lib.evaluation import manifold as module
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


def test_copies_of_the_data_are_perfect_to_all_four():
    real = normal(60, 3, 0)
    precision, recall = precision_recall(real[torch.arange(120) % 60], real)
    # ten copies of each: their neighbours are at distance 0, and balls of no size hold the copied image
    assert (precision, recall) == (1.0, 1.0)
    tenfold = real.repeat(10, 1)
    assert precision_recall(tenfold, real) == (1.0, 1.0)
    assert density_coverage(tenfold, real)[1] == 1.0


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


@pytest.mark.parametrize("measure", ["precision", "recall", "density", "coverage"])
def test_the_interval_holds_the_mean_of_repeated_measurements_as_often_as_it_says(measure):
    n, real = 120, manifold(normal(150, 2, 999))

    def estimate(seed, resamples):
        four = fidelity(normal(n, 2, seed, 0.7), real, level=0.8, resamples=resamples)
        return getattr(four, measure)

    truth = plain.mean(estimate(seed, 0).value for seed in range(200))
    inside = 0
    for seed in range(1000, 1060):
        low, high = estimate(seed, 50).interval
        assert low < high
        inside += low <= truth <= high
    # 60 trials at 0.8: three standard deviations are 0.15
    assert 0.65 <= inside / 60 <= 0.95


def test_parts_are_measured_exactly(monkeypatch):
    """What the intervals are made of: of two parts that are known, the values that loops over each give."""
    generated, real = normal(60, 2, 0, 0.7, 0.4), normal(200, 2, 1)
    two = torch.stack([torch.arange(60) % 2 == 0, torch.arange(60) % 6 == 0])
    monkeypatch.setattr(module, "NEAR", 59)  # small parts have their neighbours far away
    monkeypatch.setattr(module, "halves", lambda *_: two)
    monkeypatch.setattr(module, "around", lambda value, values, *_: tuple(values.tolist()))
    four = fidelity(generated, manifold(real), resamples=2)
    expected = [(looped(generated[part], real, 3)[1], looped(generated[part], real, 5)[3]) for part in two]
    assert four.recall.interval == pytest.approx([recall for recall, _ in expected])
    assert four.coverage.interval == pytest.approx([coverage for _, coverage in expected])


def test_copies_would_pull_recall_down():
    """What halves are for: a bootstrap sample's recall is low by more than recall varies."""
    real, generated = normal(150, 2, 999), normal(120, 2, 0, 0.7)
    drawn = [torch.randint(120, (120,), generator=torch.Generator().manual_seed(s)) for s in range(30)]
    copied = plain.mean(precision_recall(generated[index], real)[1] for index in drawn)
    value, (low, high) = fidelity(generated, manifold(real), level=0.68).recall
    assert low < value < high and value - copied > high - low > 0


def test_an_estimate_is_repeatable_and_stays_where_it_can_be():
    real = manifold(normal(60, 2, 0))
    generated = normal(50, 2, 1)
    assert fidelity(generated, real) == fidelity(generated, real) != fidelity(generated, real, seed=1)
    same = fidelity(real.features, real)
    assert same.precision.interval == (1.0, 1.0)
    assert 0 <= same.recall.interval[0] <= same.recall.interval[1] <= 1


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
