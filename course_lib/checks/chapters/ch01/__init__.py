"""Exercises of Chapter 1: the best discriminator, the value of the game, divergences, one step of Algorithm 1."""

from course_lib.checks.chapters.ch01 import training, value

EXERCISES = (
    value.optimal_discriminator,
    value.value_on_grid,
    value.kl_and_js,
    training.train_step,
    training.js_far_apart,
    training.soft_discriminator,
    training.FASTER_EXAMINER,
)
