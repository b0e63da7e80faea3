"""Time as a grader counts it."""

import pytest

from course_lib.grading.clock import Clock


def test_a_machine_that_sleeps_costs_nobody_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Clock(longest=0.2)
    for passed in (0.1, 1000.0, 0.1):
        now[0] += passed
        clock.look()
    assert clock.seconds == pytest.approx(0.4)
    now[0] += 0.1
    assert clock.look(used=0.01, busy=True) == pytest.approx(0.41)  # it waited for a core
    now[0] += 0.1
    assert clock.look(used=0.01, busy=False) == pytest.approx(0.51)  # it sleeps of its own will
