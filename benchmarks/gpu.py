"""What is to be measured on a GPU, in the order of its worth, in at most ten minutes: `python -m benchmarks.gpu`.

Each part is a process of its own with a share of the time, so that a fault or a hang of one costs the others nothing;
what a part leaves of its share is the next one's. What a part prints is kept, and what it measures lies in OUT as soon
as it is measured. `--smoke` goes through all parts on next to no work, on a CPU too.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.files import write_atomic


@dataclass(frozen=True)
class Part:
    """A command, and the seconds that it may take, beside what the parts before it have left."""

    name: str
    words: Callable[[argparse.Namespace], list[str]]
    seconds: int


def _pytest(*words: str) -> Callable[[argparse.Namespace], list[str]]:
    return lambda options: [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]


def _bench(*names: str) -> Callable[[argparse.Namespace], list[str]]:
    def words(options: argparse.Namespace) -> list[str]:
        quick = ["--quick"] if options.smoke else []
        return [
            sys.executable, "-m", "course_lib", "bench", *names, "--device", options.device, *quick,
            "--out", str(options.out / "bench.json"),
        ]  # fmt: skip

    return words


def _recipes(options: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "benchmarks.every_recipe", "--device", options.device,
            "--out", str(options.out / "recipes.jsonl"), *(["--few"] if options.smoke else [])]  # fmt: skip


PARTS = (
    Part("every recipe's smoke tier", _recipes, 120),
    Part(
        "streamed batches",
        _pytest("tests/data/test_batch_stream.py", "-k", "cuda or gpu or streamed_and_resident"),
        25,
    ),
    Part("steps of recipes, eager and compiled", _bench("recipes"), 145),
    Part("the targets: codes of 1,024 generated images, and trainings", _bench("targets"), 110),
    Part("steps as CUDA graphs", _bench("graphs"), 70),
    Part("the course's DCGAN step beside a plain loop", _bench("dcgan-step"), 30),
    Part("and its WGAN-GP step", _bench("wgan-gp-step"), 30),
    Part("where the time of the DCGAN step goes", _bench("step-profile"), 20),
    Part("checkpoints and sample grids behind the training", _bench("checkpoints"), 50),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("gpu-results"), help="folder for the results")
    parser.add_argument("--device", default="cuda", help="cuda, or cpu with --smoke")
    parser.add_argument("--smoke", action="store_true", help="the same motions on next to no work")
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    due = time.monotonic()
    for part in PARTS:
        due += part.seconds
        row = carried_out(part, options, due - time.monotonic())
        rows.append(row)
        write_atomic(options.out / "parts.json", json.dumps(rows, indent=2) + "\n")
        print(f"{part.name}: {row['outcome']} after {row['seconds']:.0f} s", flush=True)
    return int(any(row["outcome"] != "done" for row in rows))


def carried_out(part: Part, options: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Run one part to its end, or to the end of its time. What it says lies in OUT/NAME.log."""
    log = options.out / f"{re.sub(r'[^a-zA-Z0-9]+', '-', part.name)}.log"
    began = time.monotonic()
    with open(log, "w") as file:
        try:
            code = subprocess.run(
                part.words(options), cwd=paths.project(), stdout=file, stderr=subprocess.STDOUT,
                timeout=10 * part.seconds if options.smoke else max(1, seconds),
            ).returncode  # fmt: skip
            outcome = "done" if code == 0 else f"exit code {code}, see {log.name}"
        except subprocess.TimeoutExpired:
            outcome = "its time was over"
    return {"part": part.name, "outcome": outcome, "seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    sys.exit(main())
