"""Every study by name: one module for each family of them."""

from course_lib.studies import clinic, collapse, dcgan, fgan, games, glo, wasserstein
from course_lib.studies.plan import Study

STUDIES: dict[str, Study] = {
    **games.STUDIES,
    **dcgan.STUDIES,
    **collapse.STUDIES,
    **clinic.STUDIES,
    **fgan.STUDIES,
    **wasserstein.STUDIES,
    **glo.STUDIES,
}
