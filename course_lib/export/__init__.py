"""Trained networks for other programs: `networks` writes them, `laws` says what a generator is to be fed with."""

from course_lib.export.networks import HOW, TOLERANCE, export, traced, traced_parts

__all__ = ["HOW", "TOLERANCE", "export", "traced", "traced_parts"]
