"""Whose mark depends on the seed? `python -m exercises.robustness [--seeds 25] [CHAPTER …]`, in the folder tests.

Every answer that the tests know (solutions, unusual right ones, wrong ones) is assessed on so many seeds. Listed is
what does not get the same mark, or gets another diagnosis than it should, on some of them.
"""

import argparse
import warnings
from collections import Counter
from collections.abc import Sequence

from exercises.answers import Block, blocks, solutions, value

from course_lib.checks.api import assess, exercise_named
from course_lib.checks.engine import masters


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
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    marks = diagnoses = answers = 0
    for chapter in masters.chapters(options.chapters):
        for block in [*solutions(chapter), *blocks(chapter)]:
            if block.diagnosis == "too-slow":
                continue
            answers += 1
            found = outcomes(chapter, block, range(options.seeds))
            passed = found["passed"]
            if passed not in (0, options.seeds) or (passed > 0) != (block.diagnosis == "passed"):
                marks += 1
                print(f"the mark depends on the seed: {block}: {dict(found)}", flush=True)
            elif set(found) != {block.diagnosis}:
                diagnoses += 1
                print(f"the diagnosis depends on the seed: {block}: {dict(found)}", flush=True)
    print(
        f"{answers} answers on {options.seeds} seeds: {marks} marks and {diagnoses} diagnoses depend on the seed"
    )
    return int(marks > 0)


if __name__ == "__main__":
    raise SystemExit(main())
