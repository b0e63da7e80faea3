"""Every study by name: one module for each family of them."""

from course_lib.studies import clinic, collapse, dcgan, fgan, glo, glo_small, glo_table, wasserstein
from course_lib.studies.plan import Study

STUDIES: dict[str, Study] = {
    **dcgan.STUDIES,
    **collapse.STUDIES,
    **clinic.STUDIES,
    **fgan.STUDIES,
    **wasserstein.STUDIES,
    **glo.STUDIES,
    **glo_table.STUDIES,
    **glo_small.STUDIES,
}
