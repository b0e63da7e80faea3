"""Where things lie: the project's own folders, the user's cache, and the places in which data is looked for."""

import os
from pathlib import Path

from course_lib.errors import CourseError


def project() -> Path:
    """The checkout that this package was imported from; of an installed wheel, the folder of packages."""
    return Path(__file__).resolve().parent.parent


def shipped() -> Path:
    """What a wheel takes along of the checkout, inside the package; there is no such folder in a checkout."""
    return Path(__file__).resolve().parent / "shipped"


def installed() -> bool:
    """Whether this is an installed wheel. Nothing is ever written to where it lies."""
    return shipped().is_dir()


def checkout(what: str) -> Path:
    """The checkout, for what only makes sense there. Raises CourseError, naming `what`, outside of one."""
    if installed():
        raise CourseError(
            f"{what} can be done in a checkout of the course, and this is an installed package: get the repository, "
            f"`pip install -e .` there, and repeat the command."
        )
    return project()


def _part(name: str) -> Path:
    return (shipped() if installed() else project()) / name


def zoo() -> Path:
    """Trained weights that come with the course, one folder a network."""
    return _part("zoo")


def records() -> Path:
    """What longer studies measured, one JSON-lines file a study."""
    return _part("records")


def own_records() -> Path:
    """Where new measurements go: the checkout's records; of an installed course, those of the current folder."""
    return Path("records") if installed() else records()


def exercises() -> Path:
    """The starters of the exercises and, in `masters`, their sources."""
    return _part("exercises")


def restore(what: str) -> str:
    """How to get back what belongs to the course, as a clause."""
    return "install the course again" if installed() else f"restore it with `git checkout -- {what}`"


def cache() -> Path:
    """Prepared data sets: `$COURSE_CACHE`, or the user's cache folder of this operating system.

    Raises CourseError for a user without a home folder, as in some containers.
    """
    from platformdirs import user_cache_path

    named = os.environ.get("COURSE_CACHE", "").strip()
    try:
        return Path(named).expanduser() if named else user_cache_path("course", appauthor=False)
    except RuntimeError as error:
        raise CourseError(
            "this user has no home folder: set COURSE_CACHE to the whole path of a folder that can be written."
        ) from error


def data_folders() -> list[Path]:
    """Folders searched for raw data, in order: `$COURSE_DATA` (several, like PATH), the cache, the system's."""
    own = [Path(p).expanduser() for p in os.environ.get("COURSE_DATA", "").split(os.pathsep) if p]
    return [*own, cache() / "raw", Path("/usr/share/datasets")]
