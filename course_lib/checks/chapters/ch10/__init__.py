"""Exercises of Chapter 10: growth that changes no function, axes of the latent space, and minima that are excluded."""

from course_lib.checks.chapters.ch10 import axes, layers, minima, training

EXERCISES = (
    layers.grow_layer,
    training.first_step,
    training.grow,
    minima.growing_descent,
    axes.explained_share,
    axes.predictions,
    axes.diagnoses,
)
