"""Losses of attributes, against hand-written formulas."""

import math

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.objectives.attributes import attribute_losses, binary_columns

FACTORS = torch.tensor([[0.5, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_a_column_of_zeros_and_ones_is_binary():
    assert binary_columns(FACTORS).tolist() == [False, True, True]
    assert binary_columns(torch.tensor([[0.0, 1.0], [1.0, -1.0]])).tolist() == [True, False]


def test_each_kind_of_column_has_its_own_loss():
    outputs = torch.tensor([[0.0, 2.0, -1.0], [0.5, -3.0, 1.0], [0.0, 0.0, 0.0]])
    losses = attribute_losses(outputs, FACTORS)

    def entropy(v, y):
        p = 1 / (1 + math.exp(-v))
        return -y * math.log(p) - (1 - y) * math.log(1 - p)

    expected = [
        (0.5**2 + 1.5**2 + 0) / 3,
        (entropy(2, 1) + entropy(-3, 0) + entropy(0, 1)) / 3,
        (entropy(-1, 0) + entropy(1, 0) + entropy(0, 0)) / 3,
    ]
    torch.testing.assert_close(losses, torch.tensor(expected))


def test_huge_logits_stay_finite():
    losses = attribute_losses(torch.full((3, 3), 1e4), FACTORS)
    assert losses.isfinite().all() and losses[2] == 1e4


def test_smoothing_moves_binary_targets_alone():
    plain, smooth = (attribute_losses(torch.full((3, 3), 2.0), FACTORS, s) for s in (0.0, 0.2))
    assert plain[0] == smooth[0]
    # the loss is linear in its target: 0.8 of the plain one and 0.2 of that of a fair coin
    coin = math.log1p(math.exp(2)) - 1
    torch.testing.assert_close(smooth[1:], 0.8 * plain[1:] + 0.2 * coin)


def test_another_number_of_factors_is_refused():
    with pytest.raises(CourseError, match="4 questions and the data have 3 factors"):
        attribute_losses(torch.zeros(3, 4), FACTORS)
