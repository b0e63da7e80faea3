"""The checks' public parts in one place, for those who write exercises and for the grader.

`assess(name, answer, seed) -> Verdict` is all that a grader needs; `of_chapter(stem)` lists what there is to mark.
"""

from course_lib.checks.engine.assess import PUBLIC_SEED, assess
from course_lib.checks.engine.catalogue import exercise_named, of_chapter, of_page
from course_lib.checks.engine.exercise import CHAPTERS, Exercise, Verdict, exercise, open_end
from course_lib.checks.engine.trial import Trial

__all__ = [
    "CHAPTERS",
    "PUBLIC_SEED",
    "Exercise",
    "Trial",
    "Verdict",
    "assess",
    "exercise",
    "exercise_named",
    "of_chapter",
    "of_page",
    "open_end",
]
