"""Resampling: what is drawn, that both ways give the variance of a mean, and how an interval is laid."""

import math

import pytest
import torch

from course_lib.evaluation.intervals import around, bootstrap_counts, halves


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


def test_the_bias_of_resamples_is_not_in_the_interval():
    values = 7 + torch.linspace(-1, 1, 1001, dtype=torch.float64)
    assert around(3.0, values, 0.9) == (pytest.approx(2.1), pytest.approx(3.9))
    assert around(0.5, values, 0.9, 0.0, 1.0) == (0.0, 1.0)


def test_without_resamples_there_is_no_interval():
    assert all(math.isnan(end) for end in around(1.0, torch.zeros(0)))
