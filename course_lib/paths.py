"""Where things lie: the project's own folders, the user's cache, and the places in which data is looked for."""

import os
from pathlib import Path


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
    """Prepared data sets: `$COURSE_CACHE`, or the user's cache folder of this operating system."""
    if "COURSE_CACHE" in os.environ:
        return Path(os.environ["COURSE_CACHE"]).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("course", appauthor=False)


def data_folders() -> list[Path]:
    """Folders searched for raw data, in order: `$COURSE_DATA` (several, like PATH), the cache, the system's."""
    own = [Path(p).expanduser() for p in os.environ.get("COURSE_DATA", "").split(os.pathsep) if p]
    return [*own, cache() / "raw", Path("/usr/share/datasets")]
