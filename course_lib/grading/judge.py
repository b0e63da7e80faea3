"""The verdict on recorded answers, in a process in which no student's code has ever run."""

import json
import os
import select
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from course_lib.grading import limits as limiting
from course_lib.grading.clock import LOOK

if TYPE_CHECKING:
    from course_lib.grading.warden import Warden

SPARE = 30.0  # seconds that a judge may take beyond what the answer took


def judge(warden: "Warden") -> None:
    """Report a result for each exercise. Only what the student's process claims to be right is judged again."""
    claimed = [e for e in warden.task.exercises if warden.results[e["name"]].get("tape") is not None]
    verdicts: dict[str, dict[str, Any]] = {}
    while left := [e for e in claimed if e["name"] not in verdicts]:
        _run(warden, left, verdicts)
        # the judge died, or was stopped, at the first that has no verdict
        if stuck := next((e["name"] for e in left if e["name"] not in verdicts), None):
            verdicts[stuck] = {
                "passed": False,
                "diagnosis": "unjudged",
                "message": "What your function returned cannot be judged: it is too large, or no data.",
            }
    for exercise in warden.task.exercises:
        name = exercise["name"]
        told = {k: v for k, v in warden.results[name].items() if k != "tape"}
        if name in verdicts:
            apart = verdicts[name]
            if not apart["passed"] and exercise.get("together"):
                told |= {"passed": True, "apart": False}
            else:
                told |= {k: apart[k] for k in ("passed", "diagnosis", "message")} | {"apart": True}
        else:
            told |= {"passed": False, "apart": True}
            if told["diagnosis"] == "passed":  # said without the claim: nonsense
                told["diagnosis"] = "died"
        warden.report(told)


def _run(warden: "Warden", exercises: list[dict[str, Any]], verdicts: dict[str, dict[str, Any]]) -> None:
    """One process judges one exercise after the other, for as long as it can."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            limiting.apply(warden.task.limits, count_processes=False)
            for exercise in exercises:
                line = json.dumps(_verdict(exercise, warden.results[exercise["name"]]["tape"])).encode()
                while line:
                    line = line[os.write(writer, line) :]
                os.write(writer, b"\n")
        finally:
            os._exit(0)
    os.close(writer)
    warden.child, buffer, since = child, b"", warden.clock.seconds
    most = max(e["seconds"] for e in exercises) + SPARE
    try:
        while True:
            ready, _, _ = select.select([reader], [], [], LOOK)
            if not ready:
                warden.look()
                if warden.clock.seconds - since > most:
                    break
                continue
            if not (read := os.read(reader, 1 << 16)):
                break
            *lines, buffer = (buffer + read).split(b"\n")
            for line in lines:
                said = json.loads(line)
                verdicts[said["exercise"]] = said
                since = warden.clock.seconds
    finally:
        os.close(reader)
        warden.end_all()


def _verdict(exercise: dict[str, Any], content: bytes) -> dict[str, Any]:
    from course_lib.checks.assessing import assess
    from course_lib.grading import patience, transcript

    patience.use()
    try:
        said = transcript.read(content)
        answer, tape = said["answer"], said["tape"]
        if not isinstance(tape, list):
            raise TypeError("no list")
    except Exception as error:
        return {
            "exercise": exercise["name"],
            "passed": False,
            "diagnosis": "unjudged",
            "message": str(error)[:300],
        }
    verdict = assess(
        exercise["name"],
        answer,
        exercise["seed"],
        seconds=exercise["seconds"] + SPARE / 2,
        trial=lambda *about: transcript.ReplayingTrial(*about, tape),
    )
    return asdict(verdict)
