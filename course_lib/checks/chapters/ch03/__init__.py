"""Exercises of Chapter 3: stamps and grids, batch normalisation, copies up to a shift, paths between latents."""

from course_lib.checks.chapters.ch03 import batch_norm, samples, stopped_early, transposed

EXERCISES = (
    transposed.transposed_convolution,
    transposed.variance_ratio,
    batch_norm.batch_norm,
    batch_norm.after_step,
    samples.nearest_up_to_shift,
    samples.spherical,
    stopped_early.normalised,
    samples.FEW_IMAGES,
)
