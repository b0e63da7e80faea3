"""Exercises of Chapter 8: games of pairs, cycles, pools and margins, attention, truncation and orthogonal filters."""

from course_lib.checks.chapters.ch08 import attention, domains, pairs, scale

EXERCISES = (
    pairs.logit_parts,
    pairs.joint_table,
    pairs.lost_codes,
    domains.blind_spot,
    domains.exchange,
    domains.perceptual_losses,
    attention.attend,
    scale.truncate,
    scale.penalty,
)
