"""Every exercise against the answers of students: right ones pass, wrong ones are told their very mistake."""

import pytest
import torch
from exercises.answers import MUTANTS, blocks, solutions, starters, value

from course_lib.checks.api import assess, exercise_named, of_chapter
from course_lib.checks.engine import masters

CHAPTERS = masters.chapters()
# kept by the instructor: the inputs of a grader are not those that students see
SECRET = "a seed that nobody knows"


@pytest.fixture(scope="module", autouse=True)
def compiler():
    """The first optimiser has torch import its compiler, which takes seconds that are not an answer's."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)


def cases(kind):
    return [
        pytest.param(chapter, block, id=f"{chapter} {block}")
        for chapter in CHAPTERS
        for block in kind(chapter)
    ]


def verdict_on(chapter, block, seed=None):
    answer = value(chapter, block, exercise_named(block.exercise).answer)
    return assess(block.exercise, answer, seed, seconds=1 if block.diagnosis == "too-slow" else None)


@pytest.mark.parametrize(("chapter", "block"), cases(solutions))
def test_the_solution_passes_on_any_seed(chapter, block):
    for seed in (None, SECRET, 1, 2, 3):
        verdict = verdict_on(chapter, block, seed)
        assert verdict.passed, (seed, verdict.message)
        assert verdict.points == verdict.of == exercise_named(block.exercise).points
        assert verdict.seconds < 5


@pytest.mark.parametrize(("chapter", "block"), cases(starters))
def test_the_untouched_starter_is_not_begun(chapter, block):
    verdict = verdict_on(chapter, block)
    assert (verdict.diagnosis, verdict.points) == ("not-begun", 0)


@pytest.mark.parametrize(("chapter", "block"), cases(blocks))
def test_an_answer_gets_its_diagnosis(chapter, block):
    for seed in (None, SECRET):
        verdict = verdict_on(chapter, block, seed)
        assert verdict.diagnosis == block.diagnosis, (seed, verdict.message)
        assert verdict.passed == (block.diagnosis == "passed") and verdict.seconds < 5
        assert verdict.message and "Traceback" not in verdict.message


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_there_are_enough_answers_to_every_exercise(chapter):
    written = blocks(chapter)
    for exercise in of_chapter(chapter):
        if exercise.checker is None:
            continue
        mine = [block for block in written if block.exercise == exercise.name]
        wrong = [block for block in mine if block.diagnosis != "passed"]
        assert len(wrong) >= 4, f"{exercise.name} has {len(wrong)} wrong answers"
        assert len(mine) - len(wrong) >= 2, f"{exercise.name} has too few alternative right answers"
        missing = exercise.mistakes.keys() - {block.diagnosis for block in wrong}
        assert not missing, f"{exercise.name}: no answer makes the mistake {missing}"
    strangers = {block.exercise for block in written} - {exercise.name for exercise in of_chapter(chapter)}
    assert not strangers


def test_every_file_of_answers_belongs_to_a_master():
    assert {path.name for path in MUTANTS.iterdir()} == set(CHAPTERS)
