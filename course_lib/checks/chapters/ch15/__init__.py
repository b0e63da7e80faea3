"""Exercises of Chapter 15: the losses of today's adversarial training, dragging, and how biased samples are."""

from course_lib.checks.chapters.ch15 import bias, dragging, losses

EXERCISES = (
    losses.paired_losses,
    losses.penalties,
    losses.score_difference,
    dragging.motion_loss,
    dragging.track,
    bias.amplification,
)
