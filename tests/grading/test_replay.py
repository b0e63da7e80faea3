"""Judging from data alone agrees with judging on the spot, for every answer that the exercises' own tests know."""

import pytest
from exercises.answers import blocks, solutions, value

from course_lib.checks import masters
from course_lib.checks.kit import assess, find
from course_lib.grading import transcript

SECRET = "a seed that nobody knows"


def known(chapter):
    """Right and wrong answers but those that never end."""
    return [b for b in solutions(chapter) + blocks(chapter) if b.diagnosis != "too-slow"]


CASES = [pytest.param(c, b, id=f"{c} {b}") for c in masters.chapters() for b in known(c)]


@pytest.mark.parametrize(("chapter", "block"), CASES)
def test_the_tape_passes_if_and_only_if_the_answer_does(chapter, block):
    trials = []

    def recording(*about):
        trials.append(transcript.RecordingTrial(*about))
        return trials[-1]

    answer = value(chapter, block, find(block.exercise).answer)
    direct = assess(block.exercise, answer, SECRET, trial=recording)
    written = {"answer": answer, "tape": trials[-1].tape if trials else []}
    said = transcript.read(transcript.write(written))
    apart = assess(
        block.exercise,
        said["answer"],
        SECRET,
        trial=lambda *about: transcript.ReplayingTrial(*about, said["tape"]),
    )
    assert apart.passed == direct.passed, apart.message
    if direct.passed:
        assert apart.message == direct.message
