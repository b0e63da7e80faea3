"""Exercises of Chapter 14: conditional means, what fewer pixels leave, and clusters that are compared fairly."""

from course_lib.checks.chapters.ch14 import clusters, means, survival

EXERCISES = (
    means.fibre_means,
    means.linear_projection,
    means.latent_error,
    survival.predictions,
    clusters.first_merge,
    clusters.purity,
)
