"""Does what a page says of its own runs hold on other machines? Pages executed otherwise, and their claims recorded.

Another processor, number of threads, precision or seed gives another run. `course robustness` tries each in turn:
variations.py says what is varied, runner.py executes and records, report.py tells which claims held where.
"""

from course_lib.robustness.report import FAILS, HOLDS, UNKNOWN, disagreements, grid, labels, origin
from course_lib.robustness.runner import ENDS, fingerprint, library_code, recorded, run, short
from course_lib.robustness.variations import BASE, VARIATIONS, Variation

__all__ = [
    "BASE",
    "ENDS",
    "FAILS",
    "HOLDS",
    "UNKNOWN",
    "VARIATIONS",
    "Variation",
    "disagreements",
    "fingerprint",
    "grid",
    "labels",
    "library_code",
    "origin",
    "recorded",
    "run",
    "short",
]
