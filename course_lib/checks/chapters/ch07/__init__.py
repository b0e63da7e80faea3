"""Exercises of Chapter 7: the bounds, the two kinds of Q, a gradient that is cut, a plane."""

from course_lib.checks.chapters.ch07 import bounds, lemma, plane, recognition, step

EXERCISES = (
    bounds.information_and_bound,
    recognition.categorical_bound,
    recognition.gaussian_bound,
    step.generator_loss,
    bounds.upper_bound,
    plane.prices,
    lemma.counterexample,
    plane.EXPLORE,
)
