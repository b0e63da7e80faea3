"""Exercises of Chapter 12: the style-based generator, and the way back from an image to its code."""

from course_lib.checks.chapters.ch12 import inverting, style

EXERCISES = (
    style.modulated,
    style.lazy,
    style.variance_left,
    style.path_lengths,
    inverting.descend,
    inverting.noise_penalty,
    inverting.nearby,
    inverting.edit_direction,
)
