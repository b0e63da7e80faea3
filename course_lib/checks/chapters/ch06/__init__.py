"""Exercises of Chapter 6: conjugates, activations, the variational bound, who covers, and what every f keeps."""

from course_lib.checks.chapters.ch06 import bounds, conjugates, every_f

EXERCISES = (
    conjugates.conjugate,
    conjugates.legendre,
    conjugates.activated,
    bounds.estimate_bound,
    bounds.kl_width,
    every_f.gap_terms,
    every_f.detour,
    every_f.DIAL,
)
