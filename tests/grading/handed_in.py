"""Notebooks as students hand them in, and a grader of single ones."""

import copy
import json

from course_lib.checks import cells, masters
from course_lib.grading.limits import MEGABYTE, Limits
from course_lib.grading.supervise import Job

CHAPTER = "01-gan-game"
# small and strict, so that a test is over soon; seconds stay generous, for the machine may be busy
LIMITS = Limits(seconds=2, cell_seconds=4, minutes=2, memory=600 * MEGABYTE, processes=40, printed=10_000)


def notebook(answers=(), *, before="", solved=True):
    """Chapter 1 handed in: the solutions (or the starter), with `answers` (exercise -> code) in place of some.

    before: code of a cell that the student has put right after the imports.
    """
    made = masters.read(CHAPTER)
    if not solved:
        made = masters.starter(made)
    for cell in made["cells"]:
        name = cells.exercise_of(cell)
        if cells.role(cell) == "answer" and name in dict(answers):
            cell["source"] = dict(answers)[name]
        else:
            cell["source"] = cells.solution(cell)
    if before:
        extra = {
            "cell_type": "code",
            "metadata": {},
            "source": before,
            "outputs": [],
            "execution_count": None,
        }
        made["cells"].insert(3, extra)
    return made


def hand_in(path, made):
    """Write a notebook where a student would; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


class Grader:
    """Grades single notebooks: file -> exercise -> result."""

    def __init__(self, nursery):
        self.nursery = nursery
        self.exercises = [copy.deepcopy(e) for e in nursery.exercises[CHAPTER] if e["judged"]]
        for exercise in self.exercises:
            exercise |= {"seconds": 1.5, "seed": "nobody knows"}

    def __call__(self, *files, workers=2, exercises=None):
        found = {}
        jobs = [Job(str(file), file, exercises or self.exercises) for file in files]
        self.nursery.grade(jobs, workers, lambda job, results: found.update({job.name: results}))
        return [found[str(file)] for file in files]


def passed(results):
    """Names of the exercises that passed."""
    return {name for name, result in results.items() if result["passed"]}
