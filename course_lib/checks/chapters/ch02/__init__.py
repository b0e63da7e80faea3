"""Exercises of Chapter 2: losses on logits, who is listened to, the frozen gradient, the maximum-likelihood cost."""

from course_lib.checks.chapters.ch02 import gradients, losses, recorded_gradients

EXERCISES = (
    losses.losses_from_logits,
    losses.shares,
    gradients.frozen_gradient,
    gradients.value_of_cost,
    gradients.jeffreys_cost,
    recorded_gradients.costs,
    gradients.LEARNING_RATE,
)
