"""Every study by name: one module for each family of them."""

from course_lib.studies import dcgan
from course_lib.studies.plan import Study

STUDIES: dict[str, Study] = {**dcgan.STUDIES}
