"""How long a projection network waits for its pairs, and what a step costs, with and without making them ahead.

    asked    the pairs of a step are made when the step asks for them
    ahead    those of the next step are made in a background thread meanwhile

One process, the same networks and the same steps; the two ways in turn. A share of waiting can be lowered by slowing
the learner, so that what counts is the milliseconds of a whole step.
"""

import statistics
import time
from typing import Any

import torch

RECIPES = ("projection-faces", "projection-faces-style")
PAIRS, STEPS = 7, 20


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Each recipe on one thread and on all: milliseconds of a step, shares of waiting, and their ratio by pairs."""
    there = torch.get_num_threads()
    counts = sorted({1, there}) if device == "cpu" else [there]
    try:
        cases = [case_of(name, threads, device, quick) for name in RECIPES for threads in counts]
    finally:
        torch.set_num_threads(there)
    return {"device": device, "cases": cases}


def case_of(name: str, threads: int, device: str, quick: bool) -> dict[str, Any]:
    from course_lib import recipes
    from course_lib.data import Batches, DataSpec
    from course_lib.data.images import ImageSet
    from course_lib.training.loop import prepare

    torch.set_num_threads(threads)
    turns, steps = (1, 2) if quick else (PAIRS, STEPS)
    plan = recipes.resolve(name, "smoke" if quick else "book")
    d = plan.settings["data"]
    torch.manual_seed(0)
    shape = (3, d.resolution, d.resolution)
    # P is taught with generated images alone: those of the data set are not looked at
    images = ImageSet("random", torch.randint(0, 256, (d.batch, *shape), dtype=torch.uint8).numpy())
    method = recipes.build(plan, DataSpec(shape))
    rows: dict[str, list[dict[str, float]]] = {"asked": [], "ahead": []}
    with Batches(images, d.batch, seed=0, device=device) as batches:
        prepare(method, batches.device, plan.settings["loop"], 10**6, images=True)
        number = 0
        for turn in range(-1, turns):  # the first one pays for what is done once
            for way in list(rows) if turn % 2 else reversed(list(rows)):
                method.stream.ahead = way == "ahead"
                number += steps + 2
                row = timed(method, batches, number, steps)
                if turn >= 0:
                    rows[way].append(row)
    return {
        "recipe": name, "batch": d.batch, "resolution": d.resolution, "threads": threads, "steps": steps,
        "milliseconds": {way: _spread([r["milliseconds"] for r in row]) for way, row in rows.items()},
        "waiting": {way: _spread([r["waiting"] for r in row]) for way, row in rows.items()},
        "ratio": _spread(
            [a["milliseconds"] / b["milliseconds"] for a, b in zip(rows["asked"], rows["ahead"], strict=True)]
        ),
    }  # fmt: skip


def timed(method: Any, batches: Any, first: int, steps: int) -> dict[str, float]:
    """Milliseconds of a step, and the share of them in which P waits; a step before them starts the stream."""
    from course_lib.methods.generated_pairs import waiting_share

    seconds: list[float] = []

    def step(number: int) -> None:
        began = time.perf_counter()
        method.step(batches.at(first + number))
        seconds.append(time.perf_counter() - began)

    share = waiting_share(method.stream, step, steps, warm=1)
    return {"milliseconds": 1e3 * statistics.mean(seconds[1:]), "waiting": share}


def _spread(values: list[float]) -> list[float]:
    """Median, least, greatest."""
    return [round(f(values), 4) for f in (statistics.median, min, max)]


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    lines = [f"pairs of projection networks on {result['device']}: asked for, and made ahead"]
    for case in result["cases"]:
        ms, waiting, ratio = case["milliseconds"], case["waiting"], case["ratio"]
        ways = "; ".join(
            f"{way} {ms[way][0]:.1f} ms a step ({ms[way][1]:.1f} to {ms[way][2]:.1f}), waits {waiting[way][0]:.0%}"
            for way in ms
        )
        lines.append(
            f"{case['recipe']}, {case['threads']} threads: {ways}; {ratio[0]:.2f} times as fast "
            f"({ratio[1]:.2f} to {ratio[2]:.2f})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure("cpu", False)))
