"""Modes of stacked images: exact for a judge that reads perfectly, plausible for the digits classifier of the zoo."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib import data, paths
from course_lib.data.stacked import shares
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.features import Extractor, extractor
from course_lib.evaluation.stacked import coverage_of, read_numbers, stacked_coverage


class ByBrightness(torch.nn.Module):
    """Reads digit n from a plane of brightness n/10 .. (n+1)/10: a judge that is never wrong."""

    resolution = 8

    def __init__(self):
        super().__init__()
        self.idle = torch.nn.Parameter(torch.zeros(1))  # an extractor asks its weights where they are

    def forward(self, planes):
        assert planes.shape[1:] == (1, 8, 8)
        digit = ((planes.mean((1, 2, 3)) + 1) / 2 * 10).floor().long().clamp(0, 9)
        return F.one_hot(digit, 10).float()


JUDGE = Extractor("brightness", 1, 1.0, "", ByBrightness())


def show(numbers, side=8):
    """Images whose planes are as bright as the three digits of each number."""
    digits = torch.tensor([[n // 100, n // 10 % 10, n % 10] for n in numbers])
    return ((digits + 0.5) / 5 - 1)[:, :, None, None].expand(-1, -1, side, side)


@pytest.mark.parametrize("side", [4, 8, 24])
def test_numbers_are_read_in_the_order_red_green_blue_at_any_resolution(side):
    numbers = [0, 7, 70, 700, 123, 999]
    assert read_numbers(show(numbers, side), JUDGE).tolist() == numbers


def test_a_generator_of_every_mode_misses_none_and_has_no_divergence():
    found = stacked_coverage(show(range(1000)), JUDGE)
    assert (found.modes, found.missing, found.samples) == (1000, (), 1000)
    assert found.kl_to_data == pytest.approx(0, abs=1e-12) and found.counts == (1,) * 1000
    assert (found.judge, found.digit_accuracy) == ("brightness", 1.0)


def test_a_collapsed_generator_has_one_mode_and_the_largest_divergence():
    found = stacked_coverage(show([421] * 50), JUDGE)
    assert found.modes == 1 and len(found.missing) == 999 and 421 not in found.missing
    assert found.kl_to_data == pytest.approx(math.log(1000))


def test_divergence_has_its_closed_form_against_even_and_uneven_data():
    images = show([1] * 30 + [2] * 10)
    even = stacked_coverage(images, JUDGE)
    assert even.kl_to_data == pytest.approx(0.75 * math.log(750) + 0.25 * math.log(250))
    data_shares = torch.zeros(1000)
    data_shares[1], data_shares[2], data_shares[3] = 0.5, 0.25, 0.25
    uneven = stacked_coverage(images, JUDGE, data_shares=data_shares)
    assert uneven.kl_to_data == pytest.approx(0.75 * math.log(1.5))
    data_shares[2] = 0  # the samples show what the data never do
    assert stacked_coverage(images, JUDGE, data_shares=data_shares).kl_to_data == math.inf


def test_a_mode_can_be_asked_to_be_seen_more_than_once():
    images = show([5] * 3 + [6])
    assert stacked_coverage(images, JUDGE).modes == 2
    strict = stacked_coverage(images, JUDGE, minimum=2)
    assert strict.modes == 1 and 6 in strict.missing


def test_a_perfect_generator_keeps_the_divergence_of_finite_samples():
    drawn = torch.randint(1000, (26_000,), generator=torch.Generator().manual_seed(0))
    found = coverage_of(torch.bincount(drawn, minlength=1000), "labels")
    assert found.modes == 1000
    assert found.kl_to_data == pytest.approx(999 / 52_000, rel=0.15)


def test_what_cannot_be_read_is_refused():
    for images in (torch.zeros(2, 1, 8, 8), torch.zeros(0, 3, 8, 8), torch.zeros(3, 8, 8)):
        with pytest.raises(UsageError, match="Stacked images are"):
            read_numbers(images, JUDGE)
    with pytest.raises(UsageError, match="not finite"):
        read_numbers(torch.full((1, 3, 8, 8), math.nan), JUDGE)
    five = Extractor("five", 1, None, "", torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 5)))
    with pytest.raises(CourseError, match="five tells 5 classes"):
        read_numbers(torch.zeros(1, 3, 8, 8), five)
    for bad in (torch.ones(10), -torch.ones(1000)):
        with pytest.raises(UsageError, match="Shares"):
            stacked_coverage(show([1]), JUDGE, data_shares=bad)
    with pytest.raises(UsageError, match="Counts"):
        coverage_of(torch.zeros(1000, dtype=torch.int64), "none")


@pytest.mark.parametrize("resolution", [16, 32])
def test_the_judge_of_the_zoo_reads_digits_that_it_has_not_seen(cache, resolution):
    judge = extractor("digits-classifier")
    assert judge.accuracy > 0.98
    test = data.open("stacked-digits", resolution=resolution, split="test")
    read = read_numbers(test.tensor(slice(0, 300)), judge)
    right = (read.numpy() == test.labels[:300]).mean()
    assert right > 0.95
    assert np.isclose(shares(test.labels).sum(), 1)
    weights = paths.zoo() / "classifier-digits" / "weights" / "state.safetensors"
    assert weights.stat().st_size < 1_400_000
