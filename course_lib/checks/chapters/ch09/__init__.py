"""Exercises of Chapter 9: what GLO learns, and what can be found in what it has learnt."""

from course_lib.checks.chapters.ch09 import learning, searching

EXERCISES = (
    learning.linear_glo,
    learning.lap1,
    learning.glo_step,
    searching.psnr,
    searching.better_generator,
    searching.find_codes,
    searching.draw_codes,
    searching.HELD_OUT,
)
