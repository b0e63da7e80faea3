"""Resampling: what is drawn, that both ways give the variance of a mean, and how an interval is laid."""

import math

import pytest
import torch
from scipy.stats import binom, t

from course_lib.evaluation.intervals import (
    Estimate,
    about,
    around,
    bootstrap_counts,
    halves,
    of_share,
    widened,
)


def test_a_bootstrap_draws_n_with_replacement():
    counts = bootstrap_counts(50, 20, 0)
    assert counts.shape == (20, 50) and counts.dtype == torch.float64
    assert (counts.sum(1) == 50).all() and (counts == counts.round()).all()
    assert 0.3 < (counts == 0).double().mean() < 0.44  # 1/e of them are left out
    assert torch.equal(counts, bootstrap_counts(50, 20, 0))
    assert not torch.equal(counts, bootstrap_counts(50, 20, 1))


def test_halves_are_drawn_without_replacement():
    chosen = halves(51, 20, 0)
    assert chosen.shape == (20, 51) and chosen.dtype == torch.bool
    assert (chosen.sum(1) == 25).all()
    assert len({tuple(row) for row in chosen.tolist()}) == 20
    assert torch.equal(chosen, halves(51, 20, 0)) and not torch.equal(chosen, halves(51, 20, 1))


def test_both_vary_as_the_mean_of_all_does():
    x = torch.randn(400, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    variance = x.var().item() / 400
    drawn = (bootstrap_counts(400, 4000, 0) @ x / 400).var().item()
    halved = (halves(400, 4000, 0).double() @ x / 200).var().item()
    # the variance of 4,000 values is right to 2 %, one standard deviation
    assert (drawn / variance, halved / variance) == (pytest.approx(1, abs=0.08), pytest.approx(1, abs=0.08))


def test_an_interval_is_students_about_the_value():
    assert about(3.0, 2.0) == pytest.approx((3 - 2 * 1.959964, 3 + 2 * 1.959964), rel=1e-6)
    assert about(3.0, 2.0, 0.8, freedom=5) == pytest.approx((3 - 2 * t.ppf(0.9, 5), 3 + 2 * t.ppf(0.9, 5)))
    assert about(0.5, 9.0, low=0.0, high=1.0) == (0.0, 1.0)


def test_only_the_deviation_of_resamples_is_in_the_interval():
    values = 7 + torch.linspace(-1, 1, 1001, dtype=torch.float64)  # their bias of 4 is not
    half = values.std().item() * t.ppf(0.95, 1000)
    assert around(3.0, values, 0.9) == pytest.approx((3 - half, 3 + half))
    assert around(0.5, values, 0.9, 0.0, 1.0) == (0.0, 1.0)


def test_without_resamples_there_is_no_interval():
    assert around(1.0, torch.zeros(0)) is around(1.0, torch.ones(1)) is None
    assert Estimate(1.0, None).another() is widened(1.0, None) is None


def test_another_sample_falls_into_an_interval_that_is_wider_by_the_root_of_two():
    low, high = Estimate(2.0, (1.0, 4.0)).another()
    assert (low, high) == pytest.approx((2 - math.sqrt(2), 2 + 2 * math.sqrt(2)))
    assert widened(2.0, (1.0, 4.0), 1.0, 4.0) == (1.0, 4.0)


@pytest.mark.parametrize("n", [40, 120, 1000])
@pytest.mark.parametrize("p", [0.5, 0.8, 0.97, 0.995])
def test_the_interval_of_a_share_holds_its_probability_near_the_ends_too(n, p):
    """Summed over all numbers of hits. The interval of a mean would hold 0.995 in one case of six at n = 40."""
    chance = binom.pmf(range(n + 1), n, p)
    intervals = [of_share(hits, n) for hits in range(n + 1)]
    held = sum(c for c, (low, high) in zip(chance, intervals, strict=True) if low <= p <= high)
    assert 0.92 < held < 0.995
    assert all(0 <= low <= hits / n <= high <= 1 for hits, (low, high) in enumerate(intervals))
    # it is the set of p that hits do not reject
    low, high = of_share(30, 40)
    for end in (low, high):
        assert abs(0.75 - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / 40), rel=1e-6)
