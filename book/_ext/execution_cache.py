"""Where the outputs of executed notebooks are kept: one folder for each state of what they depend on.

jupyter-cache compares the cells of a notebook only. An edit of `course_lib` would otherwise serve yesterday's figures,
so the folder's name is made of everything else that decides them.
"""

import hashlib
import os
import platform
import shutil
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

VERSIONED = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "matplotlib", "jupyter-book")
# what a run is told by its surroundings
VARIABLES = (
    "COURSE_PRECISION", "COURSE_SEED_SHIFT", "COURSE_STRICT",
    "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
)  # fmt: skip
CACHES_KEPT = 3


def digest(paths: Iterable[Path]) -> str:
    """Twelve hexadecimal digits that change with any name or content among `paths`."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def what_chapters_stand_on(project: Path) -> list[Path]:
    """The library with its browser labs, the recorded studies, and the list of trained networks."""
    library = project / "course_lib"
    found = [*library.rglob("*.py"), *library.rglob("*.js"), *(project / "records").rglob("*.jsonl")]
    manifest = project / "zoo" / "manifest.json"
    return found + ([manifest] if manifest.exists() else [])


def versions() -> dict[str, str]:
    """Name and version of what decides the outputs: Python, then the installed packages of `VERSIONED`."""
    return {"Python": platform.python_version()} | {name: metadata.version(name) for name in VERSIONED}


def choose(project: Path) -> Path:
    """The folder for the library, records, zoo, tier, variables and versions as they are now; it exists afterwards.

    Of the others, those that were used last are kept.
    """
    surroundings = [os.environ.get("COURSE_TIER", "book"), versions()]
    surroundings += [os.environ.get(name, "") for name in VARIABLES]
    caches = project / "_build" / ".jupyter_cache"
    name = f"{digest(what_chapters_stand_on(project))}-{hashlib.sha256(repr(surroundings).encode()).hexdigest()[:6]}"
    chosen = caches / name
    chosen.mkdir(parents=True, exist_ok=True)
    os.utime(chosen)
    by_age = sorted(
        (path for path in caches.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
    )
    for old in by_age[:-CACHES_KEPT]:
        shutil.rmtree(old)
    return chosen
