"""Judging from data alone agrees with judging on the spot, for every answer that the exercises' own tests know."""

import functools
import math

import pytest
import torch
from exercises.answers import blocks, solutions, value

from course_lib.checks.api import assess, exercise_named
from course_lib.checks.engine import masters
from course_lib.grading import recording

SECRET = "a seed that nobody knows"


def known(chapter):
    """Right and wrong answers but those that never end."""
    return [b for b in solutions(chapter) + blocks(chapter) if b.diagnosis != "too-slow"]


CASES = [pytest.param(c, b, id=f"{c} {b}") for c in masters.chapters() for b in known(c)]


@pytest.mark.parametrize(("chapter", "block"), CASES)
def test_the_recording_passes_if_and_only_if_the_answer_does(chapter, block):
    trials = []

    def recorder(*about):
        trials.append(recording.RecordingTrial(*about))
        return trials[-1]

    answer = value(chapter, block, exercise_named(block.exercise).answer)
    direct = assess(block.exercise, answer, SECRET, trial=recorder)
    written = {"answer": answer, "calls": trials[-1].calls if trials else []}
    recorded = recording.read(recording.write(written))
    apart = assess(
        block.exercise,
        recorded["answer"],
        SECRET,
        trial=lambda *about: recording.ReplayingTrial(*about, recorded["calls"]),
    )
    assert apart.passed == direct.passed, apart.message
    if direct.passed:
        assert apart.message == direct.message


def without_numbers(answer):
    """The same answer with nan in every number that it returns, and how many there were."""
    hits = []

    def spoilt(x):
        if isinstance(x, float) or (isinstance(x, torch.Tensor) and x.is_floating_point()):
            hits.append(1)
            return x * math.nan
        if isinstance(x, tuple | list):
            return type(x)(map(spoilt, x))
        return {k: spoilt(v) for k, v in x.items()} if isinstance(x, dict) else x

    if not callable(answer):
        return spoilt(answer), hits

    @functools.wraps(answer)
    def call(*arguments, **named):
        return spoilt(answer(*arguments, **named))

    return call, hits


@pytest.mark.parametrize("chapter", masters.chapters())
def test_what_is_no_number_never_passes(chapter):
    """A comparison with nan is False either way: a checker that asks whether something is too far off is fooled."""
    tried = 0
    for block in solutions(chapter):
        answer, hits = without_numbers(value(chapter, block, exercise_named(block.exercise).answer))
        verdict = assess(block.exercise, answer, SECRET)
        assert not (hits and verdict.passed), block.exercise
        tried += bool(hits)
    assert tried
