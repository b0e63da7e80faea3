"""The solutions graded before anything else: do they pass with this seed, and can they be judged from data alone?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from course_lib import paths
from course_lib.grading.supervise import Job, Nursery


def calibrated(
    nursery: Nursery, chapters: Sequence[str], seed: Callable[[str], str], workers: int
) -> list[str]:
    """Grade each chapter's own solutions first. Returns a sentence for each that fails; marks what is judged together.

    Some judges look at more than data (a network that the student made): for these, and only for these, the verdict
    of the student's own process counts.
    """
    masters = paths.project() / "exercises" / "masters"
    jobs = []
    for chapter in chapters:
        exercises = [e | {"seed": seed(e["name"]), "together": True} for e in nursery.exercises[chapter]]
        if (masters / f"{chapter}.ipynb").is_file():
            jobs.append(Job(chapter, masters / f"{chapter}.ipynb", exercises))
    wrong: list[str] = []

    def done(job: Job, results: dict[str, dict[str, Any]]) -> None:
        for exercise in nursery.exercises[job.name]:
            result = results.get(exercise["name"])
            if result and not result["passed"]:
                wrong.append(f"{exercise['name']}: the solution itself does not pass ({result['message']})")
            exercise["together"] = bool(result and result["passed"] and not result["apart"])

    generous = replace(nursery.limits, seconds=2 * nursery.limits.seconds)
    strict, nursery.limits = nursery.limits, generous
    try:
        nursery.grade(jobs, workers, done)
    finally:
        nursery.limits = strict
    return wrong
