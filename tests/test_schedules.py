"""Functions of the step: their ends, their middles, and that nothing happens outside."""

import math

import pytest

from course_lib import schedules


def test_decay_holds_and_then_falls_over_its_share():
    assert [schedules.decay(s, 10, 0.5) for s in (0, 5, 6, 9, 10, 12)] == pytest.approx(
        [1, 1, 0.8, 0.2, 0, 0]
    )
    assert [schedules.decay(s, 10, 0.0) for s in (0, 9, 10)] == [1, 1, 1]


def test_fade_falls_at_once_and_stays_at_zero():
    assert [schedules.fade(s, 10, 0.5) for s in (0, 2.5, 5, 9)] == [1, 0.5, 0, 0]
    assert schedules.fade(9, 10, 0.0) == 1


def test_ramp_is_zero_before_one_after_and_straight_between():
    assert [schedules.ramp(x, 2, 4) for x in (0, 2, 3, 6, 9)] == [0, 0, 0.25, 1, 1]
    assert [schedules.ramp(x, 2, 0) for x in (1.9, 2)] == [0, 1]


def test_cosine_has_its_ends_its_middle_and_a_level_end():
    assert schedules.cosine(0, 8, 2.0, 0.5) == 2.0 and schedules.cosine(8, 8, 2.0, 0.5) == 0.5
    assert schedules.cosine(4, 8, 2.0, 0.5) == pytest.approx(1.25)
    assert schedules.cosine(20, 8, 2.0, 0.5) == 0.5
    assert schedules.cosine(2, 8) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_a_warm_cosine_rises_falls_and_loses_no_update():
    rates = [schedules.warm_cosine(s, 20, 0.25, 3.0) for s in range(20)]
    assert rates[:5] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5]) and rates[5] == 3.0
    assert all(a > b > 0 for a, b in zip(rates[5:], rates[6:], strict=False))


def test_stages_follow_one_another_and_the_last_has_no_end():
    lengths = (2, 3, 1)
    assert [schedules.stage(x, lengths) for x in (0, 1.5, 2, 4.5, 5, 9)] == [
        (0, 0), (0, 1.5), (1, 0), (1, 2.5), (2, 0), (2, 4),
    ]  # fmt: skip
