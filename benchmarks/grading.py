"""A class's notebooks, graded by `course exercises grade` and by nbgrader's autograde: how long, and the same marks?

The course grades all of them, nbgrader an evenly drawn part of each round (`DRAWN`): it takes one notebook after the
other, and the whole class would take it half an hour. Seconds per submission are compared, round by round.
"""

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
from course_lib.checks.engine import cells, masters
from course_lib.errors import CourseError
from course_lib.grading import sandbox

WANTED = 3.0
ASSIGNMENT = "exercises"  # all chapters are one assignment: nbgrader is started once a round
STUDENTS, ROUNDS = 200, 5
DRAWN = 0.3  # nbgrader's part of a round
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
    rounds = 1 if quick else ROUNDS
    parts = rounds_of(hand_in(6 if quick else STUDENTS, chapters), rounds)
    drawn = [draw(part, number, rounds) for number, part in enumerate(parts)]
    times: dict[str, list[float]] = {"course": [], "nbgrader": []}
    marks: dict[str, dict[str, float | None]] = {"course": {}, "nbgrader": {}}
    with tempfile.TemporaryDirectory(prefix="grading-") as place:
        ready = _prepared(Path(place) / "ready", program, chapters)
        sides = {
            "course": lambda number, place: _course(parts[number], place),
            "nbgrader": lambda number, place: _nbgrader(drawn[number], place, program, ready),
        }
        for number in range(rounds):
            for side in sorted(sides, reverse=bool(number % 2)):
                seconds, found = sides[side](number, Path(place) / f"{side}-{number}")
                times[side].append(round(seconds, 2))
                marks[side] |= found
            print(_each(number, times, parts, drawn), file=sys.stderr, flush=True)
    each = {
        side: [s / len(part) for s, part in zip(times[side], graded, strict=True)]
        for side, graded in (("course", parts), ("nbgrader", drawn))
    }
    ratios = [n / c for c, n in zip(each["course"], each["nbgrader"], strict=True)]
    class_ = [s for part in drawn for s in part]
    both = [s for s in class_ if marks["nbgrader"][s.student] is not None]
    differ = [
        f"{s.student} ({s.chapter}, {s.kind}): {marks['course'][s.student]} and {marks['nbgrader'][s.student]}"
        for s in both
        if marks["course"][s.student] != marks["nbgrader"][s.student]
    ]
    return {
        "setting": {
            "submissions": {"course": sum(map(len, parts)), "nbgrader": len(class_)},
            "kinds": {kind: sum(s.kind == kind for part in parts for s in part) for kind in KINDS},
            "kinds_drawn_for_nbgrader": {kind: sum(s.kind == kind for s in class_) for kind in KINDS},
            "chapters": chapters,
            "rounds": rounds,
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "isolated": not sandbox.supported(),
            "nbgrader": _version(program),
            "wanted": WANTED,
        },
        "seconds": times,
        "seconds_per_submission": {
            side: round(statistics.median(values), 3) for side, values in each.items()
        },
        "ratio": {
            "median": round(statistics.median(ratios), 2),
            "min": round(min(ratios), 2),
            "max": round(max(ratios), 2),
        },
        "marked_by_both": len(both),
        "marked_by_the_course_alone": len(class_) - len(both),
        "marks_that_differ": differ,
    }


def rounds_of(class_: list[Submission], rounds: int) -> list[list[Submission]]:
    """The class dealt out, so that every round has its share of each kind and chapter."""
    ordered = sorted(class_, key=lambda s: (list(KINDS).index(s.kind), s.chapter, s.student))
    return [ordered[number::rounds] for number in range(rounds)]


def draw(part: list[Submission], number: int, rounds: int) -> list[Submission]:
    """`DRAWN` of a round at even distances, from another start in each: over all rounds each kind has its share."""
    count = max(1, round(DRAWN * len(part)))
    return [part[int((k + (number + 0.5) / rounds) * len(part) / count)] for k in range(count)]


def _each(number: int, times: dict[str, list[float]], parts: list[list], drawn: list[list]) -> str:
    ours, theirs = times["course"][number], times["nbgrader"][number]
    return (
        f"round {number + 1}: the course {len(parts[number])} notebooks in {ours:.0f} s, "
        f"nbgrader {len(drawn[number])} in {theirs:.0f} s"
    )


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
        file = place / "submitted" / s.student / ASSIGNMENT / f"{s.chapter}.ipynb"
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
    command += ["--seed", "nobody knows"] + (["--without-isolation"] if sandbox.supported() else [])
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


def _prepared(place: Path, program: str, chapters: list[str]) -> Path:
    """An nbgrader course with the masters released; that is not timed."""
    kernel = place / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(about))
    (place / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'gan'\nc.ExecutePreprocessor.timeout = 60\n"
        "c.ExecutePreprocessor.interrupt_on_timeout = True\n"
    )
    source = place / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    for chapter in chapters:
        shutil.copy(masters.folder() / "masters" / f"{chapter}.ipynb", source)
    _done(_run(program, place, "generate_assignment", ASSIGNMENT))
    return place


def _run(program: str, place: Path, *command: str) -> subprocess.CompletedProcess:
    environment = _environment(place)
    # nbgrader calls alembic by name
    environment["PATH"] = f"{Path(program).parent}{os.pathsep}{environment['PATH']}"
    options = {"cwd": place, "env": environment, "capture_output": True, "text": True}
    return subprocess.run([program, *command], **options)


def _version(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    return said.split()[-1] if said.strip() else "unknown"


def _nbgrader(
    part: list[Submission], place: Path, program: str, ready: Path
) -> tuple[float, dict[str, float | None]]:
    """Laying out the course and exporting the marks are not timed; one `autograde` of all notebooks is."""
    shutil.copytree(ready, place)
    _lay(part, place)
    began = time.perf_counter()
    _run(program, place, "autograde", ASSIGNMENT)  # fails as a whole where one notebook does
    seconds = time.perf_counter() - began
    _done(_run(program, place, "export"))
    with open(place / "grades.csv", newline="", encoding="utf-8") as file:
        marks = {line["student_id"]: float(line["raw_score"]) for line in csv.DictReader(file)}
    return seconds, {s.student: marks[s.student] if _graded(place, s) else None for s in part}


def _graded(place: Path, s: Submission) -> bool:
    return (place / "autograded" / s.student / ASSIGNMENT / f"{s.chapter}.ipynb").is_file()


def _done(process: subprocess.CompletedProcess) -> None:
    if process.returncode:
        raise CourseError(
            f"{' '.join(map(str, process.args[:4]))} … ended with {process.returncode}: {process.stderr[-600:].strip()}"
        )


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    if "skipped" in result:
        return f"grading: skipped, for {result['skipped']}"
    s, seconds, each = result["setting"], result["seconds"], result["seconds_per_submission"]
    kinds, drawn = (
        ", ".join(f"{count} {kind}" for kind, count in s[name].items() if count)
        for name in ("kinds", "kinds_drawn_for_nbgrader")
    )
    lines = [
        f"{s['submissions']['course']} notebooks ({kinds}) on {s['cores']} cores, {s['rounds']} rounds",
        f"the course grades all of them: {sum(seconds['course']):.0f} s, {each['course']:.2f} s each",
        f"nbgrader {s['nbgrader']} a part, {s['submissions']['nbgrader']} evenly drawn ({drawn}): "
        f"{sum(seconds['nbgrader']):.0f} s, {each['nbgrader']:.2f} s each",
        f"nbgrader / course, seconds per submission: {result['ratio']['median']} ({result['ratio']['min']} to "
        f"{result['ratio']['max']}); wanted {s['wanted']}",
        f"of this part marked by both: {result['marked_by_both']}, by the course alone: "
        f"{result['marked_by_the_course_alone']}; marks that differ: {len(result['marks_that_differ'])}",
        *result["marks_that_differ"],
    ]
    return "\n".join(lines)
