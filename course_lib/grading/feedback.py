"""One page a student: self-contained, for a telephone and for the dark, with nothing a student wrote taken as HTML."""

import re
import shutil
from html import escape
from itertools import groupby
from pathlib import Path

from course_lib.files import write_atomic
from course_lib.grading.marks import Mark, total

STYLE = """
:root { color-scheme: light dark; --text: #1d2126; --soft: #5b6470; --page: #ffffff; --box: #f4f6f8; --line: #d5dae0;
  --passed: #1a7f54; --wrong: #b4540a; --stopped: #b3261e; --other: #5b6470; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #a4adb8; --page: #14171a; --box: #1d2226;
  --line: #343b43; --passed: #5cc998; --wrong: #f0a35e; --stopped: #ff8f87; --other: #a4adb8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 0.5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere; }
p { margin: 0.25rem 0; overflow-wrap: anywhere; }
.sum { font-size: 1.1rem; }
.soft { color: var(--soft); font-size: 0.9rem; }
article { background: var(--box); border: 1px solid var(--line); border-left: 5px solid var(--kind); border-radius: 6px;
  margin: 0.6rem 0; padding: 0.6rem 0.9rem; }
article header { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; }
article header b { flex: 1 1 14rem; }
.kind { color: var(--kind); font-weight: 600; }
.passed { --kind: var(--passed); } .wrong { --kind: var(--wrong); } .stopped { --kind: var(--stopped); }
.other { --kind: var(--other); }
"""
KINDS = {
    "passed": "passed",
    "wrong": "wrong",
    "stopped": "stopped",
    "unreadable": "stopped",
    "not graded": "stopped",
    "nothing": "stopped",
}


def write(marks: list[Mark], folder: Path) -> list[Path]:
    """One page for each student of `marks`, which are sorted by student. An older set of pages is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages: list[Path] = []
    for student, own in groupby(marks, key=lambda mark: mark.student):
        stem = name = re.sub(r"[^\w-]+", "_", student)[:80].strip("_") or "student"
        number = 1
        while (folder / f"{name}.html").exists():
            number += 1
            name = f"{stem}_{number}"
        write_atomic(folder / f"{name}.html", page(student, list(own)))
        pages.append(folder / f"{name}.html")
    return pages


def page(student: str, marks: list[Mark]) -> str:
    """The page of one student."""
    points, of = total(marks)
    hand = sum(mark.of for mark in marks if mark.points is None)
    body = [
        f"<h1>{escape(student)}</h1>",
        f'<p class="sum"><b>{points} of {of} points</b> from the checks.</p>',
    ]
    if hand:
        body.append(f'<p class="soft">Up to {hand} more for what a person reads.</p>')
    for notebook, own in groupby(marks, key=lambda mark: mark.notebook):
        if notebook:
            body.append(f"<h2>{escape(notebook)}</h2>")
        body += [_article(mark) for mark in own]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(student)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _article(mark: Mark) -> str:
    kind = KINDS.get(mark.verdict, "other")
    score = f"up to {mark.of}" if mark.points is None else f"{mark.points} of {mark.of}" if mark.of else ""
    see = (
        f'<p class="soft">See {escape(mark.pointer)}.</p>'
        if mark.pointer and kind in ("wrong", "other")
        else ""
    )
    head = escape(mark.title or mark.notebook or "No file")
    return (
        f'<article class="{kind}"><header><b>{head}</b><span>{score}</span></header>'
        f'<p><span class="kind">{escape(mark.verdict.capitalize())}.</span> {escape(mark.reason)}</p>{see}</article>'
    )
