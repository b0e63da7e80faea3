"""Handing out: starters for students, or the masters as the source of an nbgrader course."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from course_lib import paths
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic

CONFIG = "nbgrader_config.py"
README = """# Exercises

Open a notebook in JupyterLab, in the environment of the course (`make lab` in a checkout, or
`pip install -e ".[lab]"` beside your own torch). Write each answer in its cell, run it, and run the check below it: it
says at once whether the answer is right. `hint("...")` gives a hint, and a second one when asked again.

Keep the names of the functions and of the notebook, clear the outputs, and hand the notebook in.
"""


def release(out: Path | str, chapters: Sequence[str] = ()) -> list[Path]:
    """Write the starters of `chapters` (default: all) and a README into a folder, or into a file that ends in .zip.

    Returns what was written, as paths inside it. Raises UsageError for a chapter without a starter.
    """
    chosen, out = _chosen(paths.exercises(), "starter", chapters), Path(out)
    names = [Path("README.md"), *(Path(f"{chapter}.ipynb") for chapter in chosen)]
    contents = [README, *(path.read_text("utf-8") for path in chosen.values())]
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in zip(names, contents, strict=True):
                archive.writestr(f"exercises/{name}", content)
    else:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in zip(names, contents, strict=True):
            write_atomic(out / name, content)
    return names


def release_nbgrader(out: Path | str, chapters: Sequence[str] = ()) -> list[Path]:
    """Write the masters of `chapters` (default: all), which hold the solutions, as source of an nbgrader course.

    `out`/source/CHAPTER/CHAPTER.ipynb and `out`/nbgrader_config.py, with which nbgrader makes our starters of them. A
    config that is there already stays. Returns what was written. Raises UsageError for a chapter without a master.
    """
    folder, out = paths.exercises(), Path(out)
    if out.suffix == ".zip":
        raise UsageError("--nbgrader fills the folder of an nbgrader course: give --out a folder, not a zip.")
    written = []
    for chapter, path in _chosen(folder / "masters", "master", chapters).items():
        written.append(out / "source" / chapter / f"{chapter}.ipynb")
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        write_atomic(written[-1], path.read_text("utf-8"))
    if not (out / CONFIG).exists():
        write_atomic(out / CONFIG, (folder / CONFIG).read_text("utf-8"))
        written.append(out / CONFIG)
    return written


def _chosen(folder: Path, kind: str, chapters: Sequence[str]) -> dict[str, Path]:
    known = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not known:
        raise CourseError(f"there are no {kind}s in {folder}: run this in a checkout of the course.")
    for chapter in chapters:
        if chapter not in known:
            raise UsageError(f"there is no {kind} '{chapter}': choose from {', '.join(known)}.")
    return {name: path for name, path in known.items() if name in chapters or not chapters}
