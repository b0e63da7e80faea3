"""Exercises of Chapter 13: the conditional game, the projection, encoders by squared error, an edit."""

from course_lib.checks.chapters.ch13 import edits, games, means, projection

EXERCISES = (
    games.values,
    games.discriminator_loss,
    games.joint_law,
    projection.projection_logits,
    means.least_errors,
    means.error,
    edits.edited,
    edits.EXPLORE,
)
