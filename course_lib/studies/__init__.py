"""Named studies: recipes under several settings and seeds, measured while they train.

A chapter that claims what it cannot train within its ninety seconds reads the record of a study; anyone can make
that record again with `course study run NAME`.
"""

from course_lib.studies.catalogue import STUDIES
from course_lib.studies.confirmation import Confirmation, confirm
from course_lib.studies.plan import Measure, Study
from course_lib.studies.runner import find, measured, run

__all__ = ["STUDIES", "Confirmation", "Measure", "Study", "confirm", "find", "measured", "run"]
