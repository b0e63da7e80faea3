"""One answer in, one verdict out, whatever the answer does; and nothing is left changed."""

import threading
import time

import numpy
import pytest
import torch

from course_lib.checks.engine.assess import assess, require
from course_lib.checks.engine.trial import Wrong
from course_lib.errors import UsageError


def test_a_verdict_says_all(tried):
    tried(lambda answer, trial: trial.equal(answer, 1.0, {"twice": 2.0}), lesson="Well.")
    right, wrong = assess("game-tried", 1.0), assess("game-tried", 2.0)
    assert (right.passed, right.points, right.of, right.diagnosis, right.message) == (
        True,
        3,
        3,
        "passed",
        "Well.",
    )
    assert (wrong.passed, wrong.points, wrong.of, wrong.diagnosis) == (False, 0, 3, "twice")


def test_inputs_depend_on_the_seed_and_on_nothing_else(tried):
    drawn = []
    tried(
        lambda answer, trial: drawn.append((trial.draw.normal(2, purpose="x").tolist(), torch.rand(1).item()))
    )
    for seed in (None, None, 5, 5, "secret", "secret", 6):
        torch.rand(3)
        assess("game-tried", 0, seed)
    a, b, c, d, e, f, g = drawn
    assert a == b and c == d and e == f
    assert len({str(x) for x in (a, c, e, g)}) == 4


def test_a_check_leaves_the_notebook_as_it_was(tried):
    def answer():
        torch.manual_seed(0)
        numpy.random.seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return 1.0

    tried(lambda answer, trial: trial.call(answer))
    torch.manual_seed(3)
    before = torch.get_rng_state(), numpy.random.get_state()[1].copy()
    assert assess("game-tried", answer).passed
    assert torch.equal(before[0], torch.get_rng_state()) and (before[1] == numpy.random.get_state()[1]).all()
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()


def swallowing():
    while True:
        try:
            time.sleep(0.01)
        except:  # noqa: E722
            pass
        else:
            continue
        break
    while True:
        time.sleep(0.01)


def endless():
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize("answer", [endless, swallowing])
def test_an_endless_loop_is_cut_and_its_line_is_named(tried, answer):
    tried(lambda answer, trial: trial.call(answer))
    verdict = assess("game-tried", answer, seconds=0.5)
    assert verdict.diagnosis == "too-slow" and verdict.seconds < 5
    assert "time.sleep(0.01)" in verdict.message or "while True" in verdict.message


def test_it_works_without_an_alarm_too(tried):
    tried(lambda answer, trial: trial.equal(answer, 1.0))
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(assess("game-tried", 1.0)))
    thread.start()
    thread.join()
    assert verdicts[0].passed


def test_a_checker_that_fails_is_a_verdict_and_no_traceback(tried):
    tried(lambda answer, trial: answer["no"]["such"])
    verdict = assess("game-tried", 1.0)
    assert verdict.diagnosis == "impossible" and "\n" not in verdict.message


def test_an_answer_that_raises_a_pass_does_not_get_it(tried):
    def answer():
        raise Wrong("passed", "All is well.")

    tried(lambda answer, trial: trial.equal(trial.call(answer), 1.0))
    verdict = assess("game-tried", answer)
    assert not verdict.passed and verdict.points == 0 and verdict.diagnosis != "passed"
    with pytest.raises(AssertionError):
        require("game-tried", answer)


def test_deep_recursion_is_a_verdict(tried):
    def answer(n=0):
        return answer(n + 1)

    tried(lambda answer, trial: trial.call(answer))
    assert "RecursionError" in assess("game-tried", answer).message


def test_an_unknown_exercise_and_one_for_a_person_are_errors_of_usage(tried):
    with pytest.raises(UsageError, match="game-value"):
        assess("game-valeu", 1)
    with pytest.raises(UsageError, match="No exercise"):
        assess("chess", 1)
    with pytest.raises(UsageError, match="read by a person"):
        assess("game-faster-examiner", 1)


def test_what_graders_run_raises_and_takes_the_secret_seed(tried, monkeypatch):
    drawn = []

    def checker(answer, trial):
        drawn.append(trial.draw.seed)
        trial.equal(answer, 1.0, {"twice": 2.0})

    tried(checker)
    require("game-tried", 1.0)
    monkeypatch.setenv("COURSE_GRADING_SEED", "secret")
    with pytest.raises(AssertionError, match="twice as large"):
        require("game-tried", 2.0)
    assert drawn[0] != drawn[1]
