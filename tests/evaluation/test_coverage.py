"""Mode coverage: exact on hand-made points, at its known level on true samples, low on collapsed ones."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.data.toy import swiss_roll_curve
from course_lib.errors import UsageError
from course_lib.evaluation.coverage import distance_to_curve, mode_coverage
from course_lib.theory.densities import GaussianMixture, grid, ring


def test_true_samples_cover_every_mode_at_the_rate_of_a_gaussian():
    coverage = mode_coverage(grid().sample(20_000, seeds.generator(0, purpose="x")), grid())
    assert coverage.modes == coverage.total_modes == 25
    # P(|x| ≤ 3σ) in the plane = 1 − exp(−9/2) = 0.98889
    assert coverage.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.004)
    assert coverage.kl_to_uniform < 0.005
    assert (
        sum(coverage.counts) == 20_000 and sum(coverage.high_quality_counts) == coverage.high_quality * 20_000
    )


def test_a_collapsed_generator_covers_one_mode_at_full_quality():
    points = ring().means[3].expand(100, 2)
    coverage = mode_coverage(points, ring())
    assert (coverage.modes, coverage.high_quality) == (1, 1.0)
    assert coverage.kl_to_uniform == pytest.approx(math.log(8))
    assert coverage.counts == (0, 0, 0, 100, 0, 0, 0, 0)


def test_points_between_modes_are_of_low_quality_and_cover_nothing():
    coverage = mode_coverage(torch.zeros(50, 2), ring())
    assert (coverage.modes, coverage.high_quality) == (0, 0.0)


def test_the_border_is_three_standard_deviations_and_can_be_moved():
    p = GaussianMixture(torch.zeros(1, 2), torch.ones(1), torch.ones(1))
    points = torch.tensor([[2.99, 0.0], [3.01, 0.0]])
    assert mode_coverage(points, p).high_quality == 0.5
    assert mode_coverage(points, p, radius_in_std=4).high_quality == 1
    assert mode_coverage(points, p, radius_in_std=2).modes == 0


def test_least_samples_per_mode_can_be_raised():
    points = torch.cat([ring().means, ring().means[:2]])
    assert mode_coverage(points, ring()).modes == 8
    assert mode_coverage(points, ring(), minimum=2).modes == 2


def test_kl_to_uniform_has_its_closed_form():
    points = torch.cat([ring().means[:1].expand(30, 2), ring().means[1:2].expand(10, 2)])
    expected = 0.75 * math.log(0.75 * 8) + 0.25 * math.log(0.25 * 8)
    assert mode_coverage(points, ring()).kl_to_uniform == pytest.approx(expected)


def test_points_that_are_not_finite_count_as_low_quality():
    points = torch.cat([ring().means, torch.full((8, 2), math.nan)])
    coverage = mode_coverage(points, ring())
    assert coverage.high_quality == 0.5 and coverage.modes == 8 and sum(coverage.counts) == 8


def test_no_points_or_points_of_another_dimension_are_refused():
    for points in (torch.zeros(0, 2), torch.zeros(5, 3), torch.zeros(5)):
        with pytest.raises(UsageError):
            mode_coverage(points, ring())


def test_distance_to_a_straight_curve_is_the_distance_to_the_segment():
    segment = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    points = torch.tensor([[0.5, 2.0], [-3.0, 4.0], [2.0, 0.0], [0.25, 0.0]])
    torch.testing.assert_close(
        distance_to_curve(points, segment), torch.tensor([2.0, 5.0, 1.0, 0.0]).double()
    )


def test_distance_to_the_swiss_roll_is_zero_on_it_and_the_offset_beside_it():
    curve = swiss_roll_curve()
    assert distance_to_curve(curve, curve).max() < 1e-7
    outer = curve[-1] / curve[-1].norm()
    beyond = distance_to_curve((curve[-1] + 0.5 * outer)[None], curve).item()
    assert 0.45 < beyond <= 0.5
