"""The classifier score: its ends, plain loops, another library, its splits, and its interval."""

import math
import statistics as plain

import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric

from course_lib.errors import CourseError
from course_lib.evaluation.score import classifier_score, score_estimate


def logits(n, classes, seed, sharpness=2.0):
    generator = torch.Generator().manual_seed(seed)
    return sharpness * torch.randn(n, classes, dtype=torch.float64, generator=generator)


def looped(rows):
    """exp of the mean KL of each sample's probabilities from their mean, in Python's own float64."""
    probabilities = []
    for row in rows.tolist():
        powers = [math.exp(value) for value in row]
        probabilities.append([power / sum(powers) for power in powers])
    mean = [plain.fmean(column) for column in zip(*probabilities, strict=True)]
    return math.exp(
        plain.fmean(sum(p * math.log(p / q) for p, q in zip(row, mean, strict=True)) for row in probabilities)
    )


def test_it_is_the_loop_in_every_split():
    x = logits(43, 6, 0)
    assert classifier_score(x, splits=1) == pytest.approx(looped(x), rel=1e-12)
    parts = [x[:14], x[14:28], x[28:]]  # of sizes that differ by one
    assert classifier_score(x, splits=3) == pytest.approx(plain.fmean(map(looped, parts)), rel=1e-12)


@pytest.mark.parametrize("splits", [1, 7, 10])
def test_it_is_that_of_another_library(splits):
    x = logits(205, 10, 1)
    theirs = isc_features_to_metric(x, splits=splits, shuffle=False)["inception_score_mean"]
    assert classifier_score(x, splits=splits) == pytest.approx(theirs, rel=1e-6)


def test_it_runs_from_one_to_the_number_of_classes():
    sure = 50 * torch.eye(10, dtype=torch.float64)
    assert classifier_score(sure.repeat(10, 1)) == pytest.approx(10)
    assert classifier_score(sure[:1].repeat(100, 1)) == pytest.approx(1)  # one class: sure, and no variety
    assert classifier_score(torch.zeros(100, 10)) == pytest.approx(1)  # variety, perhaps, but never sure
    assert classifier_score(sure[:4].repeat(10, 1)) == pytest.approx(4)


def test_logits_beyond_what_a_probability_can_hold_are_scored():
    sure = 1e4 * torch.eye(5, dtype=torch.float64)[:3]  # classes 3 and 4 underflow to a probability of 0
    assert classifier_score(sure.repeat(10, 1)) == pytest.approx(3, rel=1e-3)


def test_one_image_of_each_class_is_perfect_to_it():
    """Its blind spot: it never sees the data, nor that samples are copies of ten."""
    ten = 50 * torch.eye(10, dtype=torch.float64)
    assert classifier_score(ten.repeat(100, 1)) > classifier_score(logits(1000, 10, 0, 5.0))


def test_adding_to_all_logits_of_a_sample_changes_nothing():
    x = logits(50, 4, 0)
    assert classifier_score(x + 100 * logits(50, 1, 1)) == pytest.approx(classifier_score(x), rel=1e-9)


def test_the_interval_holds_the_mean_of_repeated_measurements_as_often_as_it_says():
    truth = plain.mean(classifier_score(logits(200, 5, seed), splits=2) for seed in range(400))
    inside = 0
    for seed in range(1000, 1080):
        low, high = score_estimate(logits(200, 5, seed), splits=2, level=0.8, resamples=60).interval
        inside += low <= truth <= high
    assert 0.67 < inside / 80 < 0.93  # three standard deviations of 80 trials are 0.13


def test_an_estimate_is_repeatable_and_in_range():
    x = logits(60, 4, 0)
    assert score_estimate(x) == score_estimate(x) != score_estimate(x, seed=1)
    sure = score_estimate((50 * torch.eye(10, dtype=torch.float64)).repeat(10, 1))
    assert sure.interval[1] <= 10


def test_what_has_no_score_is_refused():
    with pytest.raises(CourseError, match="at least 10 rows"):
        classifier_score(logits(9, 3, 0))
    with pytest.raises(CourseError, match="finite"):
        classifier_score(logits(20, 3, 0) / 0)
    with pytest.raises(CourseError, match="at least 1 split"):
        classifier_score(logits(20, 3, 0), splits=0)
