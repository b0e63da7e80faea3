"""How many GPUs would pay, reckoned: `python -m benchmarks.scaling [FILE]`.

Nothing here was measured on several GPUs. A step's operations, its bytes and what its processes would send are
counted by `benchmarks.recipes`: FILE is what `course bench recipes` wrote on a GPU, or `results/counted.json`, where
nothing is timed (`python -m benchmarks.recipes` makes it on any machine). From these and from the assumptions below
follows a table, and nothing else.

1. Each GPU has a batch of its own of the size that was measured: the global batch grows with the number of GPUs.
2. A step of one GPU takes as long as was measured on a GPU; where none was, the longest of three: its operations at
   `REACHED` of the GPU's peak, its bytes at `REACHED_BYTES` of its bandwidth, and its kernels, each of which the
   processor takes `STARTED` to start. The peak is bfloat16's, and half of it in single precision.
3. Gradients are sent before each optimiser's step, and nothing is computed meanwhile: as the house's hook does it.
4. A sum over N processes sends each byte of a message 2 (N − 1) / N times (a ring), at the least of the links' speeds
   on the way, and each message waits for one latency for each doubling of N. What is gathered (statistics of a batch,
   features that are compared, gradients of codes) is a sum, too, of messages with a place for each process: N times the
   bytes of one.
5. What is sent while the next step is computed (each step's vote whether to stop), or every so many steps (metrics),
   costs nothing.
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.files import write_atomic


@dataclass(frozen=True)
class Cluster:
    """What is assumed of it. Defaults: NVIDIA's data sheet of the H100 SXM, and usual links, rounded down."""

    gpus_in_a_node: int = 8
    peak: float = 989e12  # operations a second in bfloat16, dense
    bandwidth: float = 3.35e12  # bytes a second of its memory
    inside: float = 300e9  # bytes a second that a ring within a node passes on
    between: float = 40e9  # and that all GPUs of a node together pass on to another
    latency_inside: float = 15e-6  # seconds a message and doubling waits
    latency_between: float = 30e-6


REACHED, REACHED_BYTES = 0.3, 0.5
STARTED = 10e-6  # seconds a kernel, of an eager step; compiled ones have fewer, and CUDA graphs next to none
GPUS = (1, 2, 4, 8, 16, 32, 64)


def step_seconds(row: dict[str, Any], on_gpu: bool, cluster: Cluster) -> float:
    """Seconds of one GPU's step: measured, or reckoned from what it computes and moves."""
    if on_gpu:
        return row["seconds_per_step"]
    return max(reckoned(row, cluster).values())


def reckoned(row: dict[str, Any], cluster: Cluster) -> dict[str, float]:
    """Seconds that a step would take at least, by what bounds it."""
    peak = cluster.peak / 2 if row["precision"] == "fp32" else cluster.peak  # TF32's, which convolutions take
    return {
        "products": row["gflop_per_step"] * 1e9 / (REACHED * peak),
        "memory": row["gigabytes_per_step"] * 1e9 / (REACHED_BYTES * cluster.bandwidth),
        "starts": row["calls_per_step"] * STARTED,
    }


def sent_seconds(row: dict[str, Any], gpus: int, cluster: Cluster) -> float:
    """Seconds in which a step's processes send and wait."""
    if gpus == 1:
        return 0.0
    alone = gpus <= cluster.gpus_in_a_node
    link = cluster.inside if alone else min(cluster.inside, cluster.between)
    inside = math.log2(min(gpus, cluster.gpus_in_a_node)) * cluster.latency_inside
    between = max(0.0, math.log2(gpus / cluster.gpus_in_a_node)) * cluster.latency_between
    message_bytes = row["summed_bytes_per_step"] + gpus * row["gathered_bytes_per_step"]
    return 2 * (gpus - 1) / gpus * message_bytes / link + row["messages_per_step"] * (inside + between)


def efficiency(row: dict[str, Any], gpus: int, on_gpu: bool, cluster: Cluster) -> float:
    """Images per second and GPU, relative to one GPU's."""
    alone = step_seconds(row, on_gpu, cluster)
    return alone / (alone + sent_seconds(row, gpus, cluster))


def table(result: dict[str, Any], cluster: Cluster | None = None) -> str:
    """A Markdown table: for each recipe, what is sent and the share of N times one GPU's speed."""
    cluster, on_gpu = cluster or Cluster(), result["device"].startswith("cuda")
    rows = [
        "| recipe | px | batch a GPU | ms a step | MB summed | MB gathered | messages | "
        + " | ".join(f"{n} GPUs" for n in GPUS[1:]) + " |",
        "|---|" + "---:|" * (len(GPUS) + 5),
    ]  # fmt: skip
    for row in result["cases"]:
        if "error" in row or row["compiled"]:
            continue
        shares = " | ".join(f"{efficiency(row, n, on_gpu, cluster):.0%}" for n in GPUS[1:])
        rows.append(
            f"| {row['recipe']} | {row['resolution']} | {row['batch']} | "
            f"{1e3 * step_seconds(row, on_gpu, cluster):.2g} | {row['summed_bytes_per_step'] / 1e6:.3g} | "
            f"{row['gathered_bytes_per_step'] / 1e6:.2g} | {row['messages_per_step']:.0f} | {shares} |"
        )
    return "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description="How many GPUs would pay, reckoned from a file of `course bench`."
    )
    here = Path(__file__).parent / "results"
    parser.add_argument("file", nargs="?", type=Path, default=here / "counted.json")
    parser.add_argument("--out", type=Path, help="write the table there too")
    options = parser.parse_args()
    found = json.loads(options.file.read_text())
    text = table(found if "cases" in found else found["recipes"])
    print(text, end="")
    if options.out:
        write_atomic(options.out, text)


if __name__ == "__main__":
    main()
