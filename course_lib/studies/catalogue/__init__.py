"""Every study by name, found and not listed: whatever stands in a dictionary `STUDIES` of a module of this package."""

import importlib
import pkgutil

from course_lib.studies.plan import Study


def every_study() -> dict[str, Study]:
    """Name -> study, by module and then in the order of each file. Raises ValueError for a name that stands twice."""
    studies: dict[str, Study] = {}
    for module in pkgutil.iter_modules(__path__):
        own = importlib.import_module(f"{__name__}.{module.name}").STUDIES
        if twice := studies.keys() & own.keys():
            raise ValueError(f"two modules have a study '{min(twice)}': rename one")
        studies |= own
    return studies


STUDIES = every_study()
