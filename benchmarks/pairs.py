"""Two ways to do the same work, each in a process of its own, timed in turn.

What one side sets (the allocator, the layout, the precision) cannot help or hurt the other. Both stay alive and work in
turn, A B A B: a change in the machine's mood meets both. A turn is timed by the clock and by the processor's time, all
threads together: other work takes the clock's time in lumps, which a turn may or may not meet, and little of the other.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import ignore
from course_lib import paths
from course_lib.errors import CourseError

SIDES = ("course", "plain")
RANDOM = "random images"  # where their content is not what is measured: then no set must be there


# the parent: two workers, timed in turn


ENDLESS = 10**9  # steps: more than any measurement takes


class Worker:
    """One side, in a process that waits between its turns."""

    def __init__(self, job: dict[str, Any], module: str):
        # settings of the allocator in the environment would reach both sides
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(job)],
            cwd=paths.project(),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str) -> dict[str, Any]:
        try:
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError) as error:
            code = self.process.wait()
            cause = f"signal {-code}" if code < 0 else f"exit code {code}, its message stands above"
            raise CourseError(
                f"one side of the benchmark ended early ({cause}): mend that and measure again."
            ) from error

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # in the middle of a turn, after Ctrl-C
            self.process.kill()
            self.process.wait()


def measure_cases(
    setting: dict[str, Any],
    cases: list[dict[str, Any]],
    module: str,
    quick: bool,
    so_far: Callable[[dict[str, Any]], None] = ignore,
    *,
    turns: int = 7,
) -> dict[str, Any]:
    """Both sides of `module` for every case, in `turns` pairs. Returns what `results/DEVICE.json` keeps."""
    rows: list[dict[str, Any]] = []
    for case in cases:
        rows.append(paired(setting | case | {"quick": quick}, 2 if quick else turns, module) | case)
        name, ratio = ", ".join(f"{k} {v}" for k, v in case.items()), rows[-1]["ratio"]["median"]
        print(f"{name}: {ratio:.2f} times the plain loop", file=sys.stderr, flush=True)
        so_far({"setting": setting, "cases": rows})
    return {"setting": setting, "cases": rows}


def paired(job: dict[str, Any], pairs: int, module: str) -> dict[str, Any]:
    """Both sides of one case, in turn. `module` is run as a worker for each; a step sees `images_a_step(job)`."""
    # about two seconds a turn on two cores: long beside a hiccup, short beside a change of load
    images = job.get("turn", {"course": 4096, "plain": 2048})
    steps = (
        {"course": 3, "plain": 2}
        if job["quick"]
        else {side: images[side] // images_a_step(job) for side in SIDES}
    )
    with (
        Worker(job | {"side": "course", "steps": steps["course"]}, module) as ours,
        Worker(job | {"side": "plain", "steps": steps["plain"]}, module) as plain,
    ):
        workers = {"course": ours, "plain": plain}
        facts = {side: workers[side].ask("facts") for side in SIDES}
        for side in SIDES:  # the first turn pays for what is done once
            workers[side].ask("go")
        peaks = [ours.ask("peak")]
        rates: dict[str, list[float]] = {side: [] for side in SIDES}
        of_processor: dict[str, list[float]] = {side: [] for side in SIDES}
        for number in range(pairs):
            for side in SIDES if number % 2 == 0 else SIDES[::-1]:
                turn, seen = workers[side].ask("go"), steps[side] * images_a_step(job)
                rates[side].append(seen / turn["seconds"])
                of_processor[side].append(seen / turn["processor_seconds"])
        peaks.append(ours.ask("peak"))
    peak = {kind: round(max(p[kind] for p in peaks), 1) for kind in peaks[0]}
    sides = {}
    for side in SIDES:
        speed, fact = statistics.median(rates[side]), facts[side]
        reached = speed * fact["gflop_per_image"]
        sides[side] = fact | {
            "images_per_second": round(speed, 1),
            "gflop_per_second": round(reached, 1),
            "share_of_peak": {kind: round(reached / flops, 3) for kind, flops in peak.items()},
        }
    return {
        "width": job["width"],
        "batch": job["batch"],
        "ratio": _ratio(rates),
        "processor_ratio": _ratio(of_processor),
        "peak_gflop_per_second": peak,
        **sides,
    }


def _ratio(rates: dict[str, list[float]]) -> dict[str, float]:
    """Of each pair of turns, the course's rate over the other's."""
    found = [ours / plain for ours, plain in zip(rates["course"], rates["plain"], strict=True)]
    return {
        "median": statistics.median(found),
        "min": min(found),
        "max": max(found),
        "pairs": len(found),
    }


def images_a_step(job: dict[str, Any]) -> int:
    """Photographs that one step looks at."""
    return job["batch"] * job.get("critic_steps", 1)


def table(result: dict[str, Any], name: str) -> str:
    """The result as plain text."""
    s = result["setting"]
    lines = [
        f"{name}, {s['data']} at {s['resolution']} px, on {s['device']}",
        f"{'width':>5}{'batch':>7}  {'side':8}{'precision':>10}{'images/s':>10}{'GFLOP/image':>13}{'GFLOP/s':>9}"
        f"{'of fp32 peak':>14}{'of bf16 peak':>14}",
    ]
    for row in result["cases"]:
        for side in SIDES:
            fact, share = row[side], row[side]["share_of_peak"]
            lines.append(
                f"{row['width']:5}{row['batch']:7}  {side:8}{fact['precision']:>10}{fact['images_per_second']:10,.0f}"
                f"{fact['gflop_per_image']:13.4f}{fact['gflop_per_second']:9.1f}"
                + "".join(
                    f"{share[kind]:14.0%}" if kind in share else f"{'-':>14}" for kind in ("fp32", "bf16")
                )
            )
        r, by, peak = row["ratio"], row["processor_ratio"], row["peak_gflop_per_second"]
        lines.append(
            f"{'':14}course / plain: {r['median']:.2f} (median of {r['pairs']} pairs, {r['min']:.2f} to "
            f"{r['max']:.2f}), by the processor's time {by['median']:.2f} ({by['min']:.2f} to {by['max']:.2f}); "
            f"peak {', '.join(f'{flops:,.0f} GFLOP/s in {kind}' for kind, flops in peak.items())}"
        )
    return "\n".join(lines)


# a worker: one side


class Finished(Exception):
    """The parent has no more questions."""


class Turns:
    """Answers the parent between turns of `steps` steps. Called at the end of each turn."""

    def __init__(self, device: str, facts: dict[str, Any]):
        self.device, self.facts, self.began, self.out = device, facts, None, os.fdopen(os.dup(1), "w")
        self.processor = 0.0  # its time when the turn began
        os.dup2(2, 1)  # what anything else prints goes to standard error

    def answer(self, **message: Any) -> None:
        self.out.write(json.dumps(message) + "\n")
        self.out.flush()

    def __call__(self, *_: Any) -> None:
        if self.began is not None:
            synchronise(self.device)
            self.answer(
                seconds=time.perf_counter() - self.began,
                processor_seconds=time.process_time() - self.processor,
            )
        for line in sys.stdin:
            question = line.strip()
            if question == "go":
                self.began, self.processor = time.perf_counter(), time.process_time()
                return
            self.answer(**self.told(question))
        raise Finished

    def told(self, question: str) -> dict[str, Any]:
        return self.facts if question == "facts" else matrix_product_peak(self.device, self.facts["quick"])


def synchronise(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def matrix_product_peak(device: str, quick: bool) -> dict[str, float]:
    """GFLOP/s of large square matrix products, the best of several: what the machine can do at all.

    In "fp32", and in "bf16" where the machine has it.
    """
    import torch

    from course_lib.training import speed

    size = 128 if quick else 8192 if device.startswith("cuda") else 2048
    return speed.products(torch.device(device), size, repeats=2 if quick else 8)


def turns_after_the_first(turns: Turns):
    """`fit` calls its observer before the first step too, when a turn has just begun."""

    def observe(step: int, run: Any) -> None:
        if step:
            turns()

    return observe


def facts_of(job: dict[str, Any], networks: Any, counter: Any, precision: str) -> dict[str, Any]:
    import torch

    return {
        "precision": precision,
        "parameters": sum(p.numel() for p in networks.parameters()),
        "gflop_per_image": counter.get_total_flops() / images_a_step(job) / 1e9,
        "threads": torch.get_num_threads(),
        "quick": job["quick"],
    }


def course_turns(job: dict[str, Any], method: Any, dataset: Any, counter: Any, target: Any = None) -> None:
    """`training.loop.fit` itself, as `course train` calls it, less checkpoints and sample grids.

    `counter` counts the floating-point operations of one step.
    """
    from course_lib.data import Batches
    from course_lib.training import device as devices
    from course_lib.training.loop import LoopSettings, fit, prepare

    settings = LoopSettings(precision=job.get("precision", "auto"))
    batches = Batches(dataset, images_a_step(job), seed=0, target=target, device=job["device"])
    prepare(method, batches.device, settings, ENDLESS, images=True)
    with counter:
        method.step(batches.at(0))
    precision = devices.resolve_precision(settings.precision, batches.device, True)
    turns = Turns(job["device"], facts_of(job, method.networks, counter, precision))
    turns()
    observe = turns_after_the_first(turns)
    fit(method, batches, ENDLESS, settings=settings, every=job["steps"], observe=observe, quiet=True)


def plain_turns(job: dict[str, Any], steps: Iterator[Any], networks: Any, counter: Any) -> None:
    """A generator of steps that knows nothing of the course."""
    with counter:
        next(steps)
    turns = Turns(job["device"], facts_of(job, networks, counter, "fp32"))
    while True:
        turns()
        for _ in range(job["steps"]):
            next(steps)


def random_images(images: int, channels: int, resolution: int) -> Any:
    """As many as a set has, and of its shape."""
    import numpy as np

    from course_lib.data.images import ImageSet

    shape = (images, channels, resolution, resolution)
    return ImageSet(RANDOM, np.random.default_rng(0).integers(0, 256, shape, np.uint8))


def work(job: dict[str, Any], course: Any, plain: Any) -> None:
    """Be one side until the parent closes the pipe: `course(job, dataset)` or `plain(job, dataset)`."""
    import torch

    from course_lib import data

    random = job["data"] == RANDOM
    dataset = (
        random_images(**job["shape"]) if random else data.open(job["data"], resolution=job["resolution"])
    )
    torch.manual_seed(0)
    with contextlib.suppress(Finished):
        (course if job["side"] == "course" else plain)(job, dataset)
