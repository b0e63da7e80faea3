"""Correlations of factors, and what is left of them, on tables whose correlations are known."""

import pytest
import torch

from course_lib.data.faces import CORRELATIONS, NAMES, factors_of
from course_lib.errors import UsageError
from course_lib.evaluation.correlations import amplification, column, correlations, hard, share_given


def test_the_faces_have_the_signs_that_they_are_drawn_with():
    pairs = list(CORRELATIONS)
    found = correlations(factors_of(range(20_000), correlated=True), NAMES, pairs)
    wanted = torch.tensor(list(CORRELATIONS.values())).double()
    assert torch.equal(found.sign(), wanted.sign())
    # uniform margins weaken a normal's correlation little, cutting to 0 and 1 weakens it more: never is it stronger
    assert (found.abs() < wanted.abs() + 0.02).all() and (found.abs() > 0.5 * wanted.abs()).all()
    apart = correlations(factors_of(range(20_000)), NAMES, pairs)
    assert apart.abs().max() < 0.03
    assert abs(amplification(apart, found)) < 0.05


def test_units_and_means_do_not_matter():
    table = torch.randn(500, 3, generator=torch.Generator().manual_seed(1)).double()
    table[:, 1] += table[:, 0]
    pairs = [("a", "b"), ("b", "c")]
    here = correlations(table, "abc", pairs)
    there = correlations(table * torch.tensor([3.0, 0.1, 7.0]) + 5, "abc", pairs)
    assert torch.allclose(here, there)
    assert correlations(torch.ones(9, 3), "abc", pairs).tolist() == [0, 0]


def test_halved_correlations_are_halved():
    data = torch.tensor([0.6, -0.4, 0.2]).double()
    assert amplification(data / 2, data) == pytest.approx(0.5)
    assert amplification(-data, data) == pytest.approx(-1)
    assert amplification(1.3 * data, data) == pytest.approx(1.3)
    with pytest.raises(UsageError, match="no correlation"):
        amplification(data, torch.zeros(3))


def test_columns_and_shares():
    names = ("glasses", "sunglasses", "beard", "hair_length")
    outputs = torch.tensor([[3.0, -2.0, 1.0, 0.5], [-1.0, 4.0, -1.0, 0.9], [-1.0, -1.0, 2.0, -0.7]])
    table = hard(outputs, torch.tensor([True, True, True, False]))
    assert table[:, 2].tolist() == [1, 0, 1] and table[:, 3].tolist() == pytest.approx([0.5, 0.9, -0.7])
    assert column(table, names, "eyewear").tolist() == [1, -1, 0]
    assert share_given(table, names, "beard", "hair_length", 0.33) == 0.5
    with pytest.raises(UsageError, match="no factor 'hat'"):
        column(table, names, "hat")
