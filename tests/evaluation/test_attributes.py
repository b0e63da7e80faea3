"""Scores of attributes and of edits: exact on tables made by hand, and as scikit-learn computes them."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, mean_absolute_error, r2_score

from course_lib.errors import UsageError
from course_lib.evaluation.attributes import attribute_scores, edit_score

NAMES = ("hat", "smile", "beard", "yaw")
# a binary, a continuous, a binary and a continuous factor of five faces
FACTORS = torch.tensor(
    [[1.0, -0.5, 0, 0.2], [0, 0.5, 0, -0.4], [0, 1.0, 1, 0.6], [0, -1.0, 0, 0.0], [1, 0.3, 0, -0.9]]
)


def test_a_perfect_judge():
    outputs = FACTORS.clone()
    outputs[:, [0, 2]] = (FACTORS[:, [0, 2]] - 0.5) * 9
    found = attribute_scores(outputs, FACTORS, NAMES)
    assert found.accuracy == {"hat": 1, "beard": 1} == found.balanced
    assert found.r2 == {"smile": 1, "yaw": 1} and found.error == {"smile": 0, "yaw": 0}
    assert found.majority == pytest.approx({"hat": 0.6, "beard": 0.8})
    assert (found.mean_accuracy, found.mean_r2) == (1, 1)


def test_a_judge_that_sees_nothing_scores_the_base_rates():
    outputs = torch.full_like(FACTORS, -1.0)
    outputs[:, [1, 3]] = FACTORS[:, [1, 3]].mean(0)
    found = attribute_scores(outputs, FACTORS, NAMES)
    assert found.accuracy == pytest.approx(found.majority)
    assert found.balanced == {"hat": 0.5, "beard": 0.5}
    assert found.r2 == pytest.approx({"smile": 0, "yaw": 0}, abs=1e-6)


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.random(200) < 0.3, rng.normal(size=200), rng.random(200) < 0.5], 1).astype(float)
    outputs = factors * [2, 0.7, 2] - [1, 0.1, 1] + rng.normal(size=(200, 3))
    found = attribute_scores(outputs, factors)
    for k in (0, 2):
        true, said = factors[:, k], outputs[:, k] > 0
        assert found.accuracy[str(k)] == pytest.approx(accuracy_score(true, said))
        assert found.balanced[str(k)] == pytest.approx(balanced_accuracy_score(true, said))
    assert found.r2 == pytest.approx({"1": r2_score(factors[:, 1], outputs[:, 1])})
    assert found.error == pytest.approx({"1": mean_absolute_error(factors[:, 1], outputs[:, 1])})
    assert found.mean_accuracy == pytest.approx((found.accuracy["0"] + found.accuracy["2"]) / 2)


def test_factors_that_do_not_vary_have_no_score_rather_than_a_perfect_one():
    factors = torch.tensor([[1.0, 0.3], [1.0, 0.3]])
    found = attribute_scores(factors, factors, ["hat", "yaw"])
    assert found.accuracy["hat"] == 1 and math.isnan(found.balanced["hat"]) and math.isnan(found.r2["yaw"])
    assert math.isnan(attribute_scores(factors[:, 1:], factors[:, 1:]).mean_accuracy)


def test_the_kinds_of_factors_can_be_given():
    found = attribute_scores(FACTORS, FACTORS, NAMES, binary=[True, False, False, False])
    assert set(found.accuracy) == {"hat"} and set(found.r2) == {"smile", "beard", "yaw"}


def test_an_edit_that_changes_the_wanted_factor_alone():
    after = FACTORS.clone()
    after[:, 0] = 1
    found = edit_score(FACTORS, after, 0)
    assert found.wanted == pytest.approx(3 / 5)  # three of five had no hat
    assert (found.others, found.selectivity, found.success, found.flipped) == (0, 1, 1, 0)
    assert found.changes.tolist() == pytest.approx([0.6, 0, 0, 0])


def test_an_edit_of_a_continuous_factor_counts_standard_deviations():
    after = FACTORS.clone()
    after[:, 1] += 0.4
    unit = FACTORS[:, 1].double().std(correction=0).item()
    found = edit_score(FACTORS, after, 1)
    assert found.wanted == pytest.approx(0.4 / unit) and math.isnan(found.success)
    assert edit_score(FACTORS, after, 1, spread=[1, 2, 1, 1]).wanted == pytest.approx(0.2)
    assert edit_score(after, FACTORS, 1, direction=-1).wanted == pytest.approx(0.4 / unit)


def test_what_else_an_edit_changed_is_counted_by_factor_and_by_image():
    after = FACTORS.clone()
    after[:, 0] = 1
    after[0, 2] = 1  # one face of five gains a beard
    after[:, 3] += torch.tensor([0.1, -0.1, 0.1, -0.1, 0.1])  # and all turn, this way and that
    found = edit_score(FACTORS, after, 0, spread=[1, 1, 1, 0.5])
    # smile 0, beard 1/5, yaw 0.1/0.5: their mean
    assert found.others == pytest.approx((0 + 0.2 + 0.2) / 3)
    assert found.selectivity == pytest.approx(0.6 / (0.6 + 0.4 / 3))
    assert found.flipped == pytest.approx(1 / 5)
    assert found.changes.tolist() == pytest.approx([0.6, 0, 0.2, 0.02 / 0.5])


def test_an_edit_may_remove_and_may_fail():
    after = FACTORS.clone()
    after[0, 0] = 0
    removed = edit_score(FACTORS, after, 0, direction=-1)
    assert removed.wanted == pytest.approx(0.2) and removed.success == 0.5  # one of the two with a hat
    backwards = edit_score(FACTORS, after, 0)
    assert backwards.wanted == pytest.approx(-0.2) and (backwards.selectivity, backwards.success) == (0, 0)
    nothing = edit_score(FACTORS, FACTORS, 0)
    assert (nothing.wanted, nothing.others, nothing.selectivity) == (0, 0, 0)


def test_probabilities_count_in_part_and_succeed_from_a_half_on():
    before = torch.tensor([[0.1, 0.2], [0.3, 0.2]])
    after = torch.tensor([[0.4, 0.2], [0.9, 0.2]])
    found = edit_score(before, after, 0)
    assert found.wanted == pytest.approx(0.45) and found.success == 0.5
    everyone = edit_score(torch.ones(3, 2), torch.ones(3, 2), 0)
    assert math.isnan(everyone.success)  # nobody could gain it


def test_tied_factors_are_not_held_against_an_edit():
    after = FACTORS.clone()
    after[:, 0], after[:, 2] = 1, 0
    assert edit_score(FACTORS, after, 0).others > 0
    tied = edit_score(FACTORS, after, 0, tied=[2])
    assert (tied.others, tied.selectivity) == (0, 1) and math.isnan(tied.flipped)
    assert edit_score(FACTORS[:, :1], after[:, :1], 0).selectivity == 1  # no others at all


def test_a_factor_without_a_spread_has_no_unit():
    before, after = FACTORS.clone(), FACTORS.clone()
    before[:, 3], after[:, 3] = 7, 8
    after[:, 0] = 1
    assert edit_score(before, after, 0).others == 0
    assert edit_score(before, after, 0).changes[3].isnan()
    with pytest.raises(UsageError, match="Factor 3"):
        edit_score(before, after, 3)
    assert edit_score(before, after, 3, spread=[1, 1, 1, 0.5]).wanted == pytest.approx(2)


def test_tables_that_do_not_belong_together_are_refused():
    for score in (attribute_scores, lambda a, b: edit_score(a, b, 0)):
        for other in (FACTORS[:3], FACTORS[:, :2], FACTORS[0]):
            with pytest.raises(UsageError, match="two tables"):
                score(other, FACTORS)
        with pytest.raises(UsageError, match="not finite"):
            score(FACTORS * math.nan, FACTORS)
    for factor, direction in ((4, 1), (-1, 1), (0, 2)):
        with pytest.raises(UsageError, match="0 to 3"):
            edit_score(FACTORS, FACTORS, factor, direction=direction)
    with pytest.raises(UsageError, match="as many names"):
        attribute_scores(FACTORS, FACTORS, ["hat"])
    with pytest.raises(UsageError, match="as many kinds"):
        edit_score(FACTORS, FACTORS, 0, spread=[1, 2])
