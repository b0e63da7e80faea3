"""Exercises of Chapter 9, in two files: the order of these imports is that of the notebook."""

from course_lib.checks import glo_learning, glo_searching

__all__ = ["glo_learning", "glo_searching"]
