"""Every notebook of the book and of the exercises, in its smallest tier: does each cell still run?

    COURSE_TIER=smoke python book/_ext/smoke.py book exercises

Nothing is kept but the times, which say what to begin with.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from build_book import ONE_THREAD, PROJECT, summary
from build_times import Times, words

from course_lib import notebooks

CELL_LIMIT = 300  # seconds


def main(arguments: Sequence[str] | None = None, project: Path = PROJECT) -> int:
    """Returns the exit code: 0, 1 when a notebook failed, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", help="folders of notebooks, relative to the project")
    folders = parser.parse_args(arguments).folders
    began, times, failed = time.monotonic(), Times(project, "smoke"), []
    paths = [path for folder in folders for path in sorted((project / folder).glob("*.ipynb"))]
    names = [path.relative_to(project).with_suffix("").as_posix() for path in paths]
    jobs = [
        notebooks.Job(name, path, ONE_THREAD, times.of(name)) for name, path in zip(names, paths, strict=True)
    ]
    progress = notebooks.Progress(len(jobs), sys.stdout)
    try:
        for outcome in notebooks.execute(jobs, timeout=CELL_LIMIT, progress=progress):
            if outcome.failure:
                failed.append(outcome)
            else:
                times.note_page(outcome.job.name, outcome)
    except KeyboardInterrupt:
        return 130
    times.save()
    print(
        summary(failed, len(jobs)) if failed else f"{len(jobs)} notebooks: {words(time.monotonic() - began)}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
