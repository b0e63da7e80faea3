"""Routes from images to codes, found and not listed: a module of this package has a dictionary `ROUTES`."""

import importlib
import pkgutil

from course_lib.errors import UsageError
from course_lib.inversion.route import Route


def every_route() -> dict[str, Route]:
    """Name -> route, by module. Raises ValueError for a name that stands twice."""
    routes: dict[str, Route] = {}
    for module in pkgutil.iter_modules(__path__):
        own = importlib.import_module(f"{__name__}.{module.name}").ROUTES
        if twice := routes.keys() & own.keys():
            raise ValueError(f"two modules have a route '{min(twice)}': rename one")
        routes |= own
    return routes


def find(name: str) -> Route:
    """The route of that name. Raises UsageError, with the names there are, when there is none."""
    routes = every_route()
    if name not in routes:
        raise UsageError(f"there is no route '{name}' to codes: choose one of {', '.join(routes)}.")
    return routes[name]
