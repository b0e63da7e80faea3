"""Where things lie: the project's own folders, the user's cache, and the places in which data is looked for."""

import os
from pathlib import Path

from course_lib.errors import CourseError


def project() -> Path:
    """The checkout that this package was imported from."""
    return Path(__file__).resolve().parent.parent


def zoo() -> Path:
    """Trained weights that come with the course, one folder a network."""
    return project() / "zoo"


def records() -> Path:
    """What longer studies measured, one JSON-lines file a study."""
    return project() / "records"


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
