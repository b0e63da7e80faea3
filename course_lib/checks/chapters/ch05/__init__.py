"""Exercises of Chapter 5: the earth mover's distance, a bound from a linear critic, and three ways to hold a critic."""

from course_lib.checks.chapters.ch05 import critic, penalty, transport, watched_losses

EXERCISES = (
    transport.wasserstein_line,
    transport.linear_critic,
    penalty.gradient_penalty,
    critic.critic_step,
    penalty.score_difference,
    critic.power_iteration,
    watched_losses.games,
    critic.CRITIC_EFFORT,
)
