"""The verdict on recorded answers, in a process in which no student's code has ever run."""

import json
import os
import select
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from course_lib.grading import limits as limiting
from course_lib.grading.clock import LOOK
from course_lib.grading.limits import Limits
from course_lib.grading.processes import Processes

SPARE = 30.0  # seconds that a replay may take beyond what the answer took


def verdicts(
    exercises: list[dict[str, Any]], recordings: Mapping[str, bytes], limits: Limits, processes: Processes
) -> dict[str, dict[str, Any]]:
    """Exercise -> passed, diagnosis and message, for each of `exercises`, from what is in its recording."""
    decided: dict[str, dict[str, Any]] = {}
    while waiting := [e for e in exercises if e["name"] not in decided]:
        _run(waiting, recordings, limits, processes, decided)
        # the process died, or was stopped, at the first that has no verdict
        if stuck := next((e["name"] for e in waiting if e["name"] not in decided), None):
            message = "What your function returned cannot be judged: it is too large, or no data."
            decided[stuck] = _undecided(stuck, message)
    return decided


def _undecided(exercise: str, message: str) -> dict[str, Any]:
    return {"exercise": exercise, "passed": False, "diagnosis": "unjudged", "message": message}


def _run(
    exercises: list[dict[str, Any]],
    recordings: Mapping[str, bytes],
    limits: Limits,
    processes: Processes,
    decided: dict[str, dict[str, Any]],
) -> None:
    """One process takes one exercise after the other, for as long as it can."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            limiting.apply(limits, count_processes=False)
            for exercise in exercises:
                line = json.dumps(_verdict(exercise, recordings[exercise["name"]])).encode()
                while line:
                    line = line[os.write(writer, line) :]
                os.write(writer, b"\n")
        finally:
            os._exit(0)
    os.close(writer)
    processes.child, buffer, since = child, b"", processes.clock.seconds
    most = max(e["seconds"] for e in exercises) + SPARE
    try:
        while True:
            ready, _, _ = select.select([reader], [], [], LOOK)
            if not ready:
                processes.measure()
                if processes.clock.seconds - since > most:
                    break
                continue
            if not (content := os.read(reader, 1 << 16)):
                break
            *lines, buffer = (buffer + content).split(b"\n")
            for line in lines:
                verdict = json.loads(line)
                decided[verdict["exercise"]] = verdict
                since = processes.clock.seconds
    finally:
        os.close(reader)
        processes.end_all()


def _verdict(exercise: dict[str, Any], content: bytes) -> dict[str, Any]:
    from course_lib.checks.engine.assess import assess
    from course_lib.grading import cpu_limit, recording

    cpu_limit.install()
    try:
        recorded = recording.read(content)
        answer, calls = recorded["answer"], recorded["calls"]
        if not isinstance(calls, list):
            raise TypeError("no list")
    except Exception as error:
        return _undecided(exercise["name"], str(error)[:300])
    verdict = assess(
        exercise["name"],
        answer,
        exercise["seed"],
        seconds=exercise["seconds"] + SPARE / 2,
        trial=lambda *about: recording.ReplayingTrial(*about, calls),
    )
    return asdict(verdict)
