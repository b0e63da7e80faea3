"""Whose mark depends on the seed? `python -m exercises.robustness [--seeds 25] [--record] [CHAPTER …]`, in tests/.

Every answer that the tests know (solutions, unusual right ones, wrong ones) is assessed on so many seeds. Listed is
what does not get the same mark, or gets another diagnosis than it should, on some of them. With --record the list of
these chapters is written to `records/exercise-seeds.json`, which the instructor's guide shows.
"""

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from exercises.answers import Block, blocks, solutions, value

from course_lib import paths
from course_lib.checks.api import assess, exercise_named
from course_lib.checks.engine import masters
from course_lib.files import write_atomic

RECORD = paths.records() / "exercise-seeds.json"


def outcomes(chapter: str, block: Block, seeds: Sequence[int]) -> Counter[str]:
    """Diagnosis -> on how many seeds."""
    answer_name = exercise_named(block.exercise).answer
    return Counter(
        assess(block.exercise, value(chapter, block, answer_name), f"seed {seed}").diagnosis for seed in seeds
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    chapters = {chapter: tried(chapter, options.seeds) for chapter in masters.chapters(options.chapters)}
    if options.record:
        known = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
        write_atomic(
            RECORD, json.dumps(dict(sorted({**known, **chapters}.items())), indent=1, ensure_ascii=False)
        )
    answers, marks, diagnoses = (
        sum(chapter["answers"] for chapter in chapters.values()),
        *(sum(len(chapter[kind]) for chapter in chapters.values()) for kind in ("marks", "diagnoses")),
    )
    print(
        f"{answers} answers on {options.seeds} seeds: {marks} marks and {diagnoses} diagnoses depend on the seed"
    )
    return int(marks > 0)


def tried(chapter: str, seeds: int) -> dict[str, Any]:
    """What came of a chapter's answers: how many there are, and those whose mark or diagnosis depends on the seed."""
    found: dict[str, Any] = {"seeds": seeds, "answers": 0, "marks": {}, "diagnoses": {}}
    for block in [*solutions(chapter), *blocks(chapter)]:
        if block.diagnosis == "too-slow":
            continue
        found["answers"] += 1
        counts = outcomes(chapter, block, range(seeds))
        passed = counts["passed"]
        if passed not in (0, seeds) or (passed > 0) != (block.diagnosis == "passed"):
            found["marks"][str(block)] = dict(counts)
            print(f"the mark depends on the seed: {block}: {dict(counts)}", flush=True)
        elif set(counts) != {block.diagnosis}:
            found["diagnoses"][str(block)] = dict(counts)
            print(f"the diagnosis depends on the seed: {block}: {dict(counts)}", flush=True)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
