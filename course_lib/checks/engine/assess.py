"""One answer in, one verdict out: the same for a student's cell, for the tests of the exercises and for a grader."""

import os
import time
from collections.abc import Callable
from typing import Any

from course_lib import seeds
from course_lib.checks.engine.catalogue import exercise_named
from course_lib.checks.engine.exercise import Exercise, Verdict
from course_lib.checks.engine.guard import TooSlow, fixed_surroundings, time_limit, too_slow
from course_lib.checks.engine.trial import NOT_BEGUN, Trial, Wrong
from course_lib.errors import UsageError

# the inputs that a student's own check sees; a grader takes a seed that nobody knows
PUBLIC_SEED = 2014


def assess(
    exercise_name: str,
    answer: Any,
    seed: int | str | None = None,
    *,
    seconds: float | None = None,
    processor: bool = False,
    trial: Callable[[Exercise, int], Trial] = Trial,
) -> Verdict:
    """Judge one answer. Whatever the answer does, a verdict comes back, except for a KeyboardInterrupt.

    seed: of the inputs (default: the public one). seconds: after which it is cut short (default: the exercise's).
    processor: count the processor's seconds. trial: makes the trial that the checker works with; the grader's asks
    another process, in which the answer lives.
    Raises UsageError for an exercise that does not exist, or that only a person can judge.
    """
    exercise = exercise_named(exercise_name)
    if exercise.checker is None:
        raise UsageError(f"'{exercise.name}' has no check: it is read by a person, by the rubric beside it.")
    number = seeds.number(PUBLIC_SEED if seed is None else seed, purpose=exercise.name)
    limit = exercise.seconds if seconds is None else seconds
    began = time.perf_counter()
    passed, diagnosis, message = False, "passed", exercise.lesson
    try:
        if answer is None or answer is ...:
            raise Wrong("not-begun", NOT_BEGUN)
        with time_limit(limit, processor=processor), fixed_surroundings(number):
            exercise.checker(answer, trial(exercise, number))
        passed = True  # said here and nowhere else: an answer can raise whatever it likes
    except Wrong as wrong:
        diagnosis = "impossible" if wrong.diagnosis == "passed" else wrong.diagnosis
        message = wrong.message
    except TooSlow as late:
        diagnosis, message = "too-slow", too_slow(late, limit)
    except MemoryError:
        diagnosis, message = "impossible", "It asks for more memory than there is."
    except Exception as error:  # a result so odd that the checker itself fails on it
        diagnosis = "impossible"
        message = f"The check cannot make sense of what came back ({type(error).__name__}: {error})."
    return Verdict(
        exercise=exercise.name,
        passed=passed,
        message=message,
        points=exercise.points if passed else 0,
        of=exercise.points,
        diagnosis=diagnosis,
        seconds=time.perf_counter() - began,
    )


def require(exercise_name: str, answer: Any) -> None:
    """For graders that count raised errors: raise AssertionError with the message unless the answer passes.

    The inputs come from the seed in the environment variable COURSE_GRADING_SEED, which the instructor keeps secret.
    """
    verdict = assess(exercise_name, answer, os.environ.get("COURSE_GRADING_SEED"))
    if not verdict.passed:
        raise AssertionError(verdict.message)
