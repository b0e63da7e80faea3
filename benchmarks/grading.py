"""A class's notebooks, graded by `course exercises grade` and by nbgrader's autograde: how long, and the same marks?"""

import csv
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.checks import cells, masters
from course_lib.errors import CourseError
from course_lib.grading import isolation

WANTED = 3.0
STUDENTS, ROUNDS = 200, 5
# what a notebook is, and how many of a hundred are of that kind; the hostile ones are such as nbgrader survives too
KINDS = {"solution": 35, "mutants": 40, "starter": 15, "endless": 4, "dies": 4, "prints": 2}
HOSTILE = {
    "endless": "while True: pass",
    "dies": "import os\nos._exit(1)",
    "prints": "for _ in range(20_000): print('x' * 100)",
}


@dataclass(frozen=True)
class Submission:
    """One student's notebook."""

    student: str
    chapter: str
    kind: str
    notebook: dict[str, Any]


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Rounds of the same notebooks on both sides, the order alternating. Returns what `results/DEVICE.json` keeps."""
    program = os.environ.get("COURSE_NBGRADER") or shutil.which("nbgrader")
    if not program:
        return {
            "skipped": "nbgrader is not installed: pip install -c requirements.lock -e '.[grading]', or set "
            "COURSE_NBGRADER to the program `nbgrader` of another environment"
        }
    chapters = masters.chapters()[:1] if quick else masters.chapters()
    class_ = hand_in(6 if quick else STUDENTS, chapters)
    rounds = 1 if quick else ROUNDS
    times: dict[str, list[float]] = {"course": [], "nbgrader": []}
    marks: dict[str, dict[str, float | None]] = {"course": {}, "nbgrader": {}}
    sides = {"course": _course, "nbgrader": lambda part, place: _nbgrader(part, place, program)}
    for number in range(rounds):
        part = class_[number::rounds]
        for side in sorted(sides, reverse=bool(number % 2)):
            with tempfile.TemporaryDirectory(prefix="grading-") as place:
                seconds, found = sides[side](part, Path(place))
            times[side].append(round(seconds, 2))
            marks[side] |= found
    ratios = [n / c for c, n in zip(times["course"], times["nbgrader"], strict=True)]
    both = [s for s in class_ if marks["nbgrader"].get(s.student) is not None]
    differ = [
        f"{s.student} ({s.chapter}, {s.kind}): {marks['course'][s.student]} and {marks['nbgrader'][s.student]}"
        for s in both
        if marks["course"][s.student] != marks["nbgrader"][s.student]
    ]
    return {
        "setting": {
            "submissions": len(class_),
            "kinds": {kind: sum(s.kind == kind for s in class_) for kind in KINDS},
            "chapters": chapters,
            "cores": os.cpu_count(),
            "isolated": not isolation.supported(),
            "nbgrader": subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip(),
            "wanted": WANTED,
        },
        "seconds": times,
        "ratio": {
            "median": round(statistics.median(ratios), 2),
            "min": round(min(ratios), 2),
            "max": round(max(ratios), 2),
        },
        "marked_by_both": len(both),
        "marked_by_the_course_alone": len(class_) - len(both),
        "marks_that_differ": differ,
    }


def hand_in(students: int, chapters: list[str]) -> list[Submission]:
    """A class: solutions, mutants (of each exercise a right or a wrong answer), starters and hostile ones."""
    sys.path.insert(0, str(paths.project() / "tests"))
    from exercises.answers import blocks

    dice = random.Random(0)
    order = [kind for kind, share in KINDS.items() for _ in range(share)]
    dice.shuffle(order)
    if students < len(order):
        order = list(KINDS)
    answers = {c: [b for b in blocks(c) if b.diagnosis != "too-slow"] for c in chapters}
    made = []
    for number in range(students):
        chapter, kind = chapters[number % len(chapters)], order[number % len(order)]
        notebook = masters.read(chapter)
        if kind == "starter":
            notebook = masters.starter(notebook)
        own = [cell for cell in notebook["cells"] if cells.role(cell) == "answer"]
        victim = dice.choice([cell for cell in own if "def " in cell["source"]])
        for cell in notebook["cells"]:
            cell["source"] = cells.solution(cell)
            mine = [b for b in answers[chapter] if b.exercise == cells.exercise_of(cell)]
            if cells.role(cell) == "answer" and kind == "mutants" and mine:
                block = dice.choice(mine)
                cell["source"] = f"{block.imports}\n{block.source}"
        if kind in HOSTILE:
            head = victim["source"].split('"""')[0].rstrip()
            body = HOSTILE[kind].replace("\n", "\n    ")
            victim["source"] = f"{head}\n    {body}"
        made.append(Submission(f"student-{number:03}", chapter, kind, notebook))
    return made


def _lay(part: list[Submission], place: Path) -> None:
    for s in part:
        file = place / "submitted" / s.student / s.chapter / f"{s.chapter}.ipynb"
        file.parent.mkdir(parents=True)
        file.write_text(masters.text(s.notebook), "utf-8")


def _environment(place: Path) -> dict[str, str]:
    """One thread for each notebook, and the smallest tier, on both sides."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "COURSE_TIER": "smoke",
        "COURSE_GRADING_SEED": "nobody knows",
        "JUPYTER_PATH": str(place / "jupyter"),
        "HOME": str(place),
    }


def _course(part: list[Submission], place: Path) -> tuple[float, dict[str, float | None]]:
    _lay(part, place)
    command = [
        sys.executable,
        "-m",
        "course_lib.cli",
        "exercises",
        "grade",
        str(place),
        "--out",
        str(place / "out"),
    ]
    command += ["--seed", "nobody knows"] + (["--without-isolation"] if isolation.supported() else [])
    began = time.perf_counter()
    _done(
        subprocess.run(command, cwd=paths.project(), env=_environment(place), capture_output=True, text=True)
    )
    seconds = time.perf_counter() - began
    found: dict[str, float | None] = {}
    with open(place / "out" / "grades.csv", newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            found[line["student"]] = (found.get(line["student"]) or 0.0) + float(line["points"] or 0)
    return seconds, found


def _nbgrader(part: list[Submission], place: Path, program: str) -> tuple[float, dict[str, float | None]]:
    """Setting up the course and exporting the marks are not timed; `autograde` of each chapter is."""
    _lay(part, place)
    kernel = place / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(about))
    (place / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'gan'\nc.ExecutePreprocessor.timeout = 60\n"
        "c.ExecutePreprocessor.interrupt_on_timeout = True\n"
    )
    environment = _environment(place)
    # nbgrader calls alembic by name
    environment["PATH"] = f"{Path(program).parent}{os.pathsep}{environment['PATH']}"
    options = {"cwd": place, "env": environment, "capture_output": True, "text": True}
    chapters = sorted({s.chapter for s in part})
    for chapter in chapters:
        source = place / "source" / chapter
        source.mkdir(parents=True)
        shutil.copy(masters.folder() / "masters" / f"{chapter}.ipynb", source)
        _done(subprocess.run([program, "generate_assignment", chapter], **options))
    began = time.perf_counter()
    for chapter in chapters:
        subprocess.run([program, "autograde", chapter], **options)  # fails as a whole where one notebook does
    seconds = time.perf_counter() - began
    _done(subprocess.run([program, "export"], **options))
    found: dict[str, float | None] = {s.student: None for s in part}
    with open(place / "grades.csv", newline="", encoding="utf-8") as file:
        marks = {
            (line["student_id"], line["assignment"]): float(line["raw_score"])
            for line in csv.DictReader(file)
        }
    for s in part:
        if (place / "autograded" / s.student / s.chapter / f"{s.chapter}.ipynb").is_file():
            found[s.student] = marks[s.student, s.chapter]
    return seconds, found


def _done(process: subprocess.CompletedProcess) -> None:
    if process.returncode:
        raise CourseError(
            f"{' '.join(map(str, process.args[:4]))} … ended with {process.returncode}: {process.stderr[-600:].strip()}"
        )


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    if "skipped" in result:
        return f"grading: skipped, for {result['skipped']}"
    s, seconds = result["setting"], result["seconds"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in s["kinds"].items() if count)
    lines = [
        f"{s['submissions']} notebooks ({kinds}) on {s['cores']} cores",
        f"course {sum(seconds['course']):.0f} s, nbgrader {s['nbgrader']} {sum(seconds['nbgrader']):.0f} s",
        f"nbgrader / course: {result['ratio']['median']} ({result['ratio']['min']} to {result['ratio']['max']}); "
        f"wanted {s['wanted']}",
        f"marked by both: {result['marked_by_both']}; marks that differ: {len(result['marks_that_differ'])}",
        *result["marks_that_differ"],
    ]
    return "\n".join(lines)
