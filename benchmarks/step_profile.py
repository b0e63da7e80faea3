"""Where the time of the course's DCGAN step goes at the lab's width: what keeps it from the peak of matrix products.

Shares of the processor's or the GPU's time by kind of operation, as `torch.profiler` sees them in the steps of
`training.loop.prepare` and `GAN.step`, in each precision that the device computes in by itself.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import ignore
from benchmarks.pairs import matrix_product_peak, random_images, synchronise

WIDTH, BATCH, RESOLUTION = 64, 128, 32
# the first that an operation's name matches; each operation counts without those that it calls
KINDS = {
    "convolutions": r"conv|gemm|fprop|dgrad|wgrad",  # on a GPU kernels have other names
    "batch normalisation": r"batch_?norm|bn_",
    "optimiser and averages": r"adam|foreach|lerp",
    "casts, copies and gathers": r"copy|_to|aten::to|index|contiguous|clone|cat|empty|fill|zero",
    "activations and losses": r"relu|tanh|sigmoid|softplus|elu",
}
REST = "the rest"


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """For each precision: milliseconds of a step, its GFLOP/s beside those of products, and shares of time by kind."""
    from course_lib.training import device as devices

    auto = devices.resolve_precision("auto", torch.device(device), images=True)
    peak = matrix_product_peak(device, quick)
    result: dict[str, Any] = {"device": device, "threads": torch.get_num_threads(), "cases": []}
    for precision in dict.fromkeys(("fp32", auto)):
        result["cases"].append(case_of(precision, device, quick, peak))
        so_far(result)
    return result


def case_of(precision: str, device: str, quick: bool, peak: dict[str, float]) -> dict[str, Any]:
    from torch.profiler import ProfilerActivity, profile

    from course_lib.data import Batches
    from course_lib.methods.gan import GAN, GANSettings
    from course_lib.networks import dcgan
    from course_lib.training.loop import LoopSettings, prepare
    from course_lib.training.speed import operations

    width, batch, steps = (4, 8, 2) if quick else (WIDTH, BATCH, 10 if device == "cpu" else 100)
    torch.manual_seed(0)
    networks = dcgan.Generator(64, 1, RESOLUTION, width), dcgan.Discriminator(1, RESOLUTION, width)
    method = GAN(*networks, GANSettings())
    activity = ProfilerActivity.CUDA if device.startswith("cuda") else ProfilerActivity.CPU
    with Batches(random_images(1024, 1, RESOLUTION), batch, seed=0, device=device) as batches:
        settings = LoopSettings(precision=precision)
        prepare(method, batches.device, settings, steps, images=True)
        counted = operations(lambda: method.step(batches.at(0)))
        for number in range(3):
            method.step(batches.at(number))
        synchronise(device)
        began = time.perf_counter()
        for number in range(steps):
            method.step(batches.at(number))
        synchronise(device)
        milliseconds = 1e3 * (time.perf_counter() - began) / steps
        with profile(activities=[activity]) as seen:
            for number in range(steps):
                method.step(batches.at(number))
            synchronise(device)
    attribute = "self_device_time_total" if device.startswith("cuda") else "self_cpu_time_total"
    times = {event.key: getattr(event, attribute) for event in seen.key_averages()}
    reached = counted / milliseconds / 1e6
    return {
        "width": width,
        "batch": batch,
        "precision": precision,
        "milliseconds": round(milliseconds, 2),
        "gflop_per_second": round(reached, 1),
        "share_of_peak": round(reached / peak[precision], 3),
        "shares_of_time": shares(times),
    }  # fmt: skip


def shares(times: dict[str, float]) -> dict[str, float]:
    """Of operations' own times by name, the share of each kind of `KINDS`, and of the rest."""
    sums = dict.fromkeys((*KINDS, REST), 0.0)
    for name, spent in times.items():
        kind = next((k for k, words in KINDS.items() if re.search(words, name.lower())), REST)
        sums[kind] += spent
    return {kind: round(spent / sum(times.values()), 3) for kind, spent in sums.items()}


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    lines = [f"a DCGAN step on {result['device']}, {result['threads']} threads"]
    for case in result["cases"]:
        kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in case["shares_of_time"].items())
        lines.append(
            f"width {case['width']}, batch {case['batch']}, {case['precision']}: {case['milliseconds']:.1f} ms, "
            f"{case['gflop_per_second']:.0f} GFLOP/s, {case['share_of_peak']:.0%} of a large product's; {kinds}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure("cpu", False)))
