"""Exercises of Chapter 4: counting modes, the company a sample keeps, play on xy, R1, and three failed runs."""

from course_lib.checks.chapters.ch04 import bilinear_game, failure_logs, modes, remedies

EXERCISES = (
    modes.count_modes,
    remedies.minibatch_deviation,
    bilinear_game.bilinear_path,
    remedies.r1_penalty,
    modes.expected_modes,
    failure_logs.diagnoses,
    modes.SECOND_CHANCE,
)
