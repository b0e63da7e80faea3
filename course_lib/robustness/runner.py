"""Pages executed under variations, and the record of their claims: `records/robustness/PAGE.jsonl`.

A line: claim, holds, here (the run in words), variation, machine, torch, date, and code, the fingerprint of the page
and of what it stands on. One line of each execution is not a claim of the page: that it comes to its end (ENDS), with
the seconds that it took; `here` says where it stopped.
"""

import datetime
import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from course_lib import claims, notebooks, paths, records
from course_lib.files import write_atomic
from course_lib.robustness.variations import Variation

ENDS = "the page runs to its end"
# rooms in which no number of a page is made
ELSEWHERE = {
    "cli",
    "grading",
    "checks",
    "notebooks",
    "pages",
    "robustness",
    "claims",
    "errors",
    "files",
    "paths",
}


def run(
    pages: Sequence[str],
    variations: dict[str, Variation],
    *,
    project: Path | None = None,
    folder: Path | None = None,
    again: bool = False,
    progress: notebooks.Progress | None = None,
    timeout: float | None = 3600,
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Execute each page ("book/09-glo") under each variation; record, and yield (page, variation's name, lines).

    What is recorded of the page and the library as they are now is not made again, unless `again` is set. Variations of
    one thread run side by side, one on each core; the others after them, fewer at a time.

    project: the checkout whose pages are executed (this one); folder: of the records (its records/robustness).
    """
    project = project or paths.project()
    folder = folder or project / "records" / "robustness"
    todo, library = [], library_code(project)
    for page in pages:
        code = fingerprint(page, project, library)
        known = {
            Variation.from_json(line["variation"]): line
            for line in recorded(page, folder)
            if line["claim"] == ENDS
        }
        for name, variation in variations.items():
            line = known.get(variation)
            if again or line is None or line["code"] != code:
                todo.append((page, name, code, line["seconds"] if line else None))
    progress = progress or notebooks.Progress(len(todo))
    progress.total = len(todo)
    with tempfile.TemporaryDirectory(prefix="course-robustness-") as scratch:
        logs = {
            (page, name): Path(scratch) / f"{number}.jsonl" for number, (page, name, *_) in enumerate(todo)
        }
        codes = {(page, name): code for page, name, code, _ in todo}
        by_job = {}
        for page, name, _, seconds in todo:
            environment = variations[name].environment() | {
                "COURSE_TIER": "book", claims.STRICT: None, claims.LOG: str(logs[page, name])
            }  # fmt: skip
            title = f"{short(page)}, {variations[name].label}"
            job = notebooks.Job(title, project / f"{page}.ipynb", environment, seconds)
            by_job[title] = job, page, name
        for threads in sorted({variations[name].threads for _, name, *_ in todo}):
            jobs = [job for job, _, name in by_job.values() if variations[name].threads == threads]
            workers = max(1, notebooks.side_by_side() // threads)
            for outcome in notebooks.execute(jobs, workers=workers, timeout=timeout, progress=progress):
                _, page, name = by_job[outcome.job.name]
                lines = _lines(outcome, logs[page, name], variations[name], codes[page, name])
                _replace(folder, page, variations[name], lines)
                yield page, name, lines


def recorded(page: str, folder: Path | None = None) -> list[dict[str, Any]]:
    """The lines recorded of a page; none where there is no record."""
    path = (folder or paths.records() / "robustness") / f"{short(page)}.jsonl"
    return list(records.read_lines(path)) if path.exists() else []


def fingerprint(page: str, project: Path | None = None, library: str | None = None) -> str:
    """Hash of the page's code, of the library's, and of the records and trained networks that the page names.

    library: what `library_code` gave, for a caller with many pages.
    """
    project = project or paths.project()
    cells = json.loads((project / f"{page}.ipynb").read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    digest = hashlib.sha256(code.encode() + (library or library_code(project)).encode())
    for file in sorted([*(project / "records").glob("*.jsonl"), *(project / "zoo").glob("*/config.json")]):
        name = file.parent.name if file.name == "config.json" else file.stem
        if f'"{name}"' in code:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def library_code(project: Path | None = None) -> str:
    """Hash of all code of the library in which numbers of a page can be made."""
    library, digest = (project or paths.project()) / "course_lib", hashlib.sha256()
    for file in sorted(library.rglob("*.py")):
        if file.relative_to(library).parts[0].removesuffix(".py") not in ELSEWHERE:
            digest.update(records.code_of(file).encode())
    return digest.hexdigest()


def short(page: str) -> str:
    """book/09-glo -> 09-glo"""
    return page.removeprefix("book/")


def _lines(outcome: notebooks.Outcome, log: Path, variation: Variation, code: str) -> list[dict[str, Any]]:
    """The lines of one execution: that the page came to its end, then its claims in their order."""
    from course_lib.training import device

    made: dict[str, dict[str, Any]] = {}
    for row in records.read_lines(log) if log.exists() else []:
        # a claim that is made several times holds when it always holds; the words are those of the first that fails
        if row["claim"] not in made or (made[row["claim"]]["holds"] and not row["holds"]):
            made[row["claim"]] = row
    failure = outcome.failure
    ends = {
        "claim": ENDS,
        "holds": failure is None,
        "here": f"cell {failure.cell}: {failure.error}" if failure else "",
    }
    common = {
        "variation": variation.to_json(),
        "machine": device.describe(device.torch.device("cpu"))["device"],
        "torch": metadata.version("torch"),
        "date": datetime.date.today().isoformat(),
        "code": code,
    }
    times = {"seconds": round(outcome.seconds, 1), "cpu_seconds": round(outcome.cpu_seconds, 1)}
    return [ends | times | common, *(row | common for row in made.values())]


def _replace(folder: Path, page: str, variation: Variation, lines: list[dict[str, Any]]) -> None:
    """Put the lines of one variation in the place of those that were recorded of it."""
    others = [line for line in recorded(page, folder) if line["variation"] != variation.to_json()]
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in [*others, *lines])
    write_atomic(folder / f"{short(page)}.jsonl", text)
