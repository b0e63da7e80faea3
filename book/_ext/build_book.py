"""`make book`: execute the notebooks side by side, then let Jupyter Book write the pages from what they gave.

    python book/_ext/build_book.py               all pages, into _build/html
    python book/_ext/build_book.py --page 04     one chapter, into _build/one/_build/html

Outputs go to the cache that Jupyter Book reads (`execution_cache`), so that it finds every notebook executed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import execution_cache
import yaml
from build_times import Times, words

from course_lib import notebooks, pages
from course_lib.errors import CourseError
from course_lib.figures import style

PROJECT = Path(__file__).resolve().parents[2]
# one thread a kernel: notebooks share the cores better than threads share a small network
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
DRAWINGS = {style.DRAWINGS: "1"}  # for `figure_pack`
ONE = "one"  # folder, under _build, of a chapter that is rendered by itself


class Executed(NamedTuple):
    """How many pages had to be executed, how many had kept outputs, and the outcomes of those that failed."""

    ran: int
    kept: int
    failed: list[notebooks.Outcome]


def execute(project: Path, wanted: Sequence[str], times: Times) -> Executed:
    """Execute those of the pages whose outputs are not kept, and keep what they give."""
    import nbformat
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    cache = get_cache(str(execution_cache.choose(project)))
    jobs, kept = [], 0
    for page in wanted:
        path = project / f"{page}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        # of the text of other pages, for instance: myst-nb executes it each time
        if notebook.metadata.get("mystnb", {}).get("execution_mode") == "force":
            continue
        try:
            cache.match_cache_notebook(notebook)
            kept += 1
        except KeyError:
            jobs.append(notebooks.Job(page, path, ONE_THREAD | DRAWINGS, times.of(page)))
    side_by_side = min(notebooks.side_by_side(), len(jobs))
    print(f"   {len(jobs)} of {len(jobs) + kept} notebooks to execute", end="")
    print(f", {side_by_side} side by side; {times.last_build()}" if jobs else "", flush=True)
    failed = []
    progress = notebooks.Progress(len(jobs), sys.stdout)
    for outcome in notebooks.execute(jobs, timeout=cell_limit(project), progress=progress):
        if outcome.failure:
            failed.append(outcome)
            continue
        bundle = CacheBundleIn(
            outcome.notebook, str(outcome.job.path), data={"execution_seconds": outcome.seconds}
        )
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        times.note_page(outcome.job.name, outcome)
        times.save()
    return Executed(len(jobs), kept, failed)


def cell_limit(project: Path) -> float:
    """Seconds for one cell, as _config.yml says."""
    return yaml.safe_load((project / "_config.yml").read_text("utf-8"))["execute"]["timeout"]


def render(project: Path) -> int:
    """Write all pages. Returns the exit code of Jupyter Book, to which a warning is an error."""
    return jupyter_book(project, ".", "-W", "--keep-going", "-n")


def render_one(project: Path, page: str) -> int:
    """Write one page, in a book of its own beside the whole one; links to other chapters are plain text there."""
    toc = yaml.safe_load((project / "_toc.yml").read_text("utf-8"))
    part = next(part for part in toc["parts"] for chapter in part["chapters"] if chapter["file"] == page)
    others = [name for name in ("book/references",) if (project / f"{name}.md").exists()]
    toc["parts"] = [part | {"chapters": [{"file": page}]}, {"chapters": [{"file": name} for name in others]}]
    toc["parts"] = [part for part in toc["parts"] if part["chapters"]]
    folder = project / "_build" / ONE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    return jupyter_book(
        project, ".", "--toc", str(folder / "_toc.yml"), "--path-output", str(folder), COURSE_ONE_PAGE="1"
    )


def summary(failed: Sequence[notebooks.Outcome], ran: int) -> str:
    """The failed notebooks again, at the end of what is printed, where they are not overlooked."""
    where = [
        f"  {outcome.job.path}, cell {outcome.failure.cell}: {outcome.failure.error}" for outcome in failed
    ]
    return "\n".join([f"{len(failed)} of {ran} notebooks failed:", *where])


def jupyter_book(project: Path, *arguments: str, **more: str) -> int:
    program = Path(sys.executable).parent / "jupyter-book"
    return subprocess.run(
        [program, "build", *arguments], cwd=project, env=os.environ | DRAWINGS | more
    ).returncode


def main(arguments: Sequence[str] | None = None, project: Path = PROJECT) -> int:
    """Returns the exit code: 0, 1 when a notebook or the rendering failed, 2 for an unknown page, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--page", default="", help="the beginning of a page's name: only that one")
    wanted = parser.parse_args(arguments).page
    began, times = time.monotonic(), Times(project)
    try:
        chosen = [pages.find(project, wanted)] if wanted else pages.of_book(project)
        executed = execute(project, chosen, times)
    except CourseError as error:
        print(f"make book: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nmake book: interrupted; the notebooks that had ended are kept.", file=sys.stderr)
        return 130
    notebooks_seconds = time.monotonic() - began
    if executed.failed:
        print(f"make book: {summary(executed.failed, executed.ran)}", file=sys.stderr)
        return 1
    print(f"   notebooks: {words(notebooks_seconds)}; writing the pages", flush=True)
    code = render_one(project, chosen[0]) if wanted else render(project)
    if code == 0 and not wanted and not executed.kept:
        times.note_build(notebooks_seconds, time.monotonic() - began)
        times.save()
    return code


if __name__ == "__main__":
    sys.exit(main())
