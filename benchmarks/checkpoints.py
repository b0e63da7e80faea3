"""What checkpoints and sample grids cost a training: written behind the loop, beside written while it waits.

    behind    as `fit` writes: the state is copied, and a thread writes the copy (`training.background`)
    waiting   the same pieces of work, each done before the loop goes on
    none      nothing is written: what a step costs by itself

All three are `training.loop.fit` on the same DCGAN, each in a process of its own, and work in turn. The disk is that of
the system's temporary folder (TMPDIR).
"""

import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import ignore
from benchmarks.pairs import ENDLESS, Finished, Turns, Worker, random_images, turns_after_the_first

SIDES = ("behind", "waiting", "none")
# DCGAN's networks at the widths of the lessons and of the paper, and the steps between two checkpoints
CASES = ((16, 64, 20), (64, 16, 5))
NEVER = 100_000_000
KEYS = ("width", "batch", "every")


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Both ways of writing and none for every case, in turn. Returns what `results/DEVICE.json` keeps."""
    cases, turns = (((4, 4, 1),), 2) if quick else (CASES, 5)
    result: dict[str, Any] = {"device": device, "cases": []}
    for case in cases:
        job = dict(zip(KEYS, case, strict=True)) | {"device": device, "quick": quick}
        with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
            result["cases"].append(_turns(job | {"folder": folder}, turns))
        so_far(result)
    return result


def _turns(job: dict[str, Any], turns: int) -> dict[str, Any]:
    writes = 2 if job["quick"] else 3 if job["device"] == "cpu" else 20  # checkpoints and grids of a turn
    with contextlib.ExitStack() as stack:
        workers = {
            side: stack.enter_context(
                Worker(job | {"side": side, "steps": writes * job["every"]}, "benchmarks.checkpoints")
            )
            for side in SIDES
        }
        facts = workers["behind"].ask("facts")
        for side in SIDES:  # the first turn pays for what is done once
            workers[side].ask("go")
        seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        for number in range(turns):
            for side in SIDES if number % 2 == 0 else SIDES[::-1]:
                seconds[side].append(workers[side].ask("go")["seconds"])
        sizes = [file.stat().st_size for file in Path(job["folder"], "waiting").rglob("state.safetensors")]
    held = {
        side: [1e3 * (a - b) / writes for a, b in zip(seconds[side], seconds["none"], strict=True)]
        for side in SIDES[:2]
    }
    ratios = [a / b for a, b in zip(seconds["waiting"], seconds["behind"], strict=True)]
    return {k: job[k] for k in KEYS} | {
        "threads": facts["threads"],
        "checkpoint_megabytes": round(max(sizes) / 1e6, 1),
        "step_milliseconds": round(1e3 * statistics.median(seconds["none"]) / (writes * job["every"]), 2),
        "milliseconds_a_checkpoint": {side: _spread(values) for side, values in held.items()},
        "ratio": _spread(ratios),
    }


def _spread(values: list[float]) -> list[float]:
    """Median, least, greatest."""
    return [round(f(values), 3) for f in (statistics.median, min, max)]


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    lines = [f"checkpoints and sample grids on {result['device']}: written behind the loop, or waited for"]
    for case in result["cases"]:
        ways = "; ".join(
            f"{side} {ms[0]:.0f} ms a checkpoint ({ms[1]:.0f} to {ms[2]:.0f})"
            for side, ms in case["milliseconds_a_checkpoint"].items()
        )
        ratio = case["ratio"]
        lines.append(
            f"width {case['width']}, batch {case['batch']}, {case['threads']} threads, a step of "
            f"{case['step_milliseconds']:.1f} ms, {case['checkpoint_megabytes']:.0f} MB every {case['every']} steps: "
            f"{ways}; {ratio[0]:.2f} times as fast ({ratio[1]:.2f} to {ratio[2]:.2f})"
        )
    return "\n".join(lines)


# a worker: one side


def work(job: dict[str, Any]) -> None:
    """Be one side until the parent closes the pipe."""
    import torch

    from course_lib.data import Batches
    from course_lib.methods.gan import GAN, GANSettings
    from course_lib.networks import dcgan
    from course_lib.training.checkpoint import RunDirectory
    from course_lib.training.loop import LoopSettings, fit

    torch.manual_seed(0)
    sizes = 3, 64, job["width"]
    method = GAN(dcgan.Generator(100, *sizes), dcgan.Discriminator(*sizes), GANSettings())
    batches = Batches(random_images(512, 3, 64), job["batch"], seed=0, device=job["device"])
    directory = RunDirectory(Path(job["folder"]) / job["side"])
    if job["side"] == "waiting":
        directory.in_background = contextlib.nullcontext
    every = NEVER if job["side"] == "none" else job["every"]
    settings = LoopSettings(checkpoint_every=every, sample_every=every, tensorboard=False)
    turns = Turns(job["device"], {"threads": torch.get_num_threads(), "quick": job["quick"]})
    turns()
    timed = turns_after_the_first(turns)

    def observe(step: int, run: Any) -> None:
        directory.wait()  # what this turn began is not written in another side's time
        timed(step, run)

    with contextlib.suppress(Finished):
        fit(
            method, batches, ENDLESS, directory, settings=settings, every=job["steps"], observe=observe, quiet=True,
        )  # fmt: skip


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
