"""Exercises of Chapter 11: convolutions that grow, fades, the share of new channels, and what a group decides."""

from course_lib.checks.chapters.ch11 import fading, groups, models

EXERCISES = (
    fading.used_weights,
    fading.real_pictures,
    fading.faded_deviation,
    fading.final_tau,
    groups.group_variability,
    groups.expected_shares,
    models.names,
)
