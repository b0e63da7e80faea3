"""The solutions graded before anything else: do they pass with this seed?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from course_lib import paths
from course_lib.grading.dispatcher import Dispatcher, Job


def calibrate(
    dispatcher: Dispatcher, chapters: Sequence[str], seed: Callable[[str], str], workers: int
) -> list[str]:
    """Grade each chapter's own solutions first. Returns a sentence for each that fails."""
    masters = paths.exercises() / "masters"
    jobs = []
    for chapter in chapters:
        exercises = [e | {"seed": seed(e["name"])} for e in dispatcher.exercises[chapter]]
        if (masters / f"{chapter}.ipynb").is_file():
            jobs.append(Job(chapter, masters / f"{chapter}.ipynb", exercises))
    wrong: list[str] = []

    def done(job: Job, results: dict[str, dict[str, Any]]) -> None:
        for exercise in dispatcher.exercises[job.name]:
            result = results.get(exercise["name"])
            if result and not result["passed"]:
                wrong.append(f"{exercise['name']}: the solution itself does not pass ({result['message']})")

    generous = replace(dispatcher.limits, seconds=2 * dispatcher.limits.seconds)
    strict, dispatcher.limits = dispatcher.limits, generous
    try:
        dispatcher.grade(jobs, workers, done)
    finally:
        dispatcher.limits = strict
    return wrong
