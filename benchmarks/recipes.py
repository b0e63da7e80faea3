"""The steps of whole recipes: how fast, how near to what the machine can do, and what a process of many would send."""

import contextlib
import difflib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks import attempted, counting, ignore, pairs
from course_lib.errors import UsageError
from course_lib.files import write_atomic

# recipe and what is changed of its lab tier: the methods whose steps differ, at the sizes of the lab
CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dcgan-faces-64", {"batch": 128}),
    ("wgan-gp-fashion", {"batch": 64}),
    ("stylegan-faces-64", {"batch": 32}),
    ("clggan-faces", {"batch": 16, "resolution": 128}),
    ("clggan-faces", {"batch": 128, "resolution": 128}),
    ("glo-faces-64", {"batch": 128}),
    ("projection-faces", {"batch": 64}),
)
# what a processor is measured on within minutes
ON_CPU = {"resolution": 32}
SECONDS = 3.0  # that a case is timed for
IMAGES = 1024  # random ones: their content costs nothing and changes no time


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Every case eager and then, on a GPU, compiled. A case that fails says why, and the others go on."""
    on_gpu = device.startswith("cuda")
    cases = CASES if on_gpu and not quick else tuple((name, changes | ON_CPU) for name, changes in CASES)
    peaks, bandwidth = pairs.matrix_product_peak(device, quick), memory_bandwidth(device, quick)
    result: dict[str, Any] = {
        "device": device,
        "peak_gflop_per_second": peaks,
        "gigabytes_per_second": bandwidth,
        "cases": [],
    }
    for compiled in (False, True) if on_gpu else (False,):
        for name, changes in cases:
            row: dict[str, Any] = {"recipe": name, "changes": changes, "compiled": compiled}
            row |= attempted(
                partial(bounded, peaks, bandwidth, name, changes, device, quick, compile=compiled)
            )
            result["cases"].append(row)
            print(line_of(row), file=sys.stderr, flush=True)
            so_far(result)
    return result


def bounded(peaks: dict[str, float], bandwidth: float, *case: Any, **how: Any) -> dict[str, Any]:
    """`step_of` with what bounds it."""
    row = step_of(*case, **how)
    return row | bounds(row, peaks, bandwidth)


def step_of(
    name: str, changes: dict[str, Any], device: str, quick: bool, compile: bool = False, graphs: bool = False
) -> dict[str, Any]:
    """One recipe's step on random images, late in its run: timed, and counted as it is when nothing is compiled."""
    from course_lib.training import device as devices
    from course_lib.training.ema import Average

    with _prepared(name, changes, device, quick, compile, graphs) as (plan, method, batches):
        d, average = plan.settings["data"], Average(method, plan.settings["loop"].ema)
        first = int(0.9 * d.steps)  # of networks that grow, the last

        def steps(begin: int, count: int) -> None:
            for step in range(begin, begin + count):
                if graphs:
                    torch.compiler.cudagraph_mark_step_begin()
                method.step(batches.at(step))
                average.update(method, step + 1)
            pairs.synchronise(device)

        _reset_memory(device)
        steps(first, 1 if quick else 3)
        round_ = 1 if quick else counting.round_of(method)
        began, count = time.perf_counter(), 0
        while count == 0 or (not quick and time.perf_counter() - began < SECONDS):
            steps(first + count, round_)
            count += round_
        seconds = (time.perf_counter() - began) / count
        memory = _peak_memory(device)
        if compile:
            # of fused kernels nobody can count; that torch 2.14 does without them while it is asked is no promise
            with _prepared(name, changes, device, quick) as (_, eager, its_batches):
                eager.step(its_batches.at(first))  # the first step makes the optimisers' moments
                found = counting.counts(eager, its_batches, first)
        else:
            found = counting.counts(method, batches, first)
        return {
            "batch": d.batch,
            "resolution": d.resolution,
            "precision": devices.resolve_precision(plan.settings["loop"].precision, batches.device, True),
            "parameters": sum(p.numel() for p in method.networks.parameters()),
            "seconds_per_step": seconds,
            "images_per_second": d.batch * method.minibatches / seconds,
            **found,
            "peak_memory_gigabytes": memory,
        }


@contextlib.contextmanager
def _prepared(
    name: str, changes: dict[str, Any], device: str, quick: bool, compile: bool = False, graphs: bool = False
) -> Iterator[tuple[Any, Any, Any]]:
    """The plan of a case, its method on the device, and batches of random images."""
    from course_lib import recipes
    from course_lib.data import Batches, DataSpec
    from course_lib.data.images import ImageSet
    from course_lib.training.loop import prepare

    tier, size = ("smoke", {"batch": 4, "resolution": 16}) if quick else ("lab", {})
    if recipes.find(name).pretrained:  # made for images of its own size
        size.pop("resolution", None)
    plan = recipes.resolve(name, tier, **{"data": "faces"} | changes | size)
    d = plan.settings["data"]
    torch.manual_seed(0)
    shape = (3, d.resolution, d.resolution)
    images = torch.randint(0, 256, (64 if quick else IMAGES, *shape), dtype=torch.uint8).numpy()
    dataset = ImageSet("random", images)
    method = recipes.build(plan, DataSpec(shape))
    method.prepare(dataset, 0)
    settings = replace(plan.settings["loop"], compile=compile, graphs=graphs)
    with Batches(dataset, d.batch * method.minibatches, seed=0, device=device) as batches:
        prepare(method, batches.device, settings, d.steps, images=True)
        yield plan, method, batches


def counted(names: list[str], before: dict[str, Any]) -> dict[str, Any]:
    """Steps of recipes at the size of the lab, and those of `CASES`: nothing is computed and nothing timed.

    names: what is counted anew ("targets" are those of `benchmarks.targets`), all when empty; the rest is taken from
    `before`. Raises UsageError for a name of which nothing is counted.
    """
    from benchmarks import costs, targets
    from course_lib import recipes

    trained = [name for name in recipes.RECIPES if costs.trains(name)]
    known = [*trained, "targets"]
    if unknown := [name for name in names if name not in known]:
        near = difflib.get_close_matches(unknown[0], known, n=3)
        raise UsageError(
            f"no step of '{unknown[0]}' is counted: "
            + (
                f"the nearest names are {', '.join(near)}."
                if near
                else "name a recipe that trains, or targets."
            )
        )

    def row(kind: str, name: str, **changes: Any) -> dict[str, Any]:
        known = [r for r in before.get(kind, []) if r["recipe"] == name and r.get("changes", {}) == changes]
        if known and names and name not in names:
            return known[0]
        print(f"{name}: step counted", file=sys.stderr, flush=True)
        return costs.counted(name, sends=kind == "cases", **changes)

    cases = [
        {"changes": changes, "compiled": False} | row("cases", name, **changes) for name, changes in CASES
    ]
    whole = [row("recipes", name) for name in trained]
    kept = [] if not names or "targets" in names else before.get("targets", [])
    return {
        "device": "counted, not timed",
        "cases": cases,
        "recipes": whole,
        "targets": targets.counted(kept),
    }


def memory_bandwidth(device: str, quick: bool) -> float:
    """GB/s, read and written, of copying a tensor that no cache holds."""
    floats = torch.empty(
        (1 << 22) if quick else (1 << 28) if device.startswith("cuda") else (1 << 26), device=device
    )
    to = torch.empty_like(floats)
    best = float("inf")
    for _ in range(2 if quick else 8):
        began = time.perf_counter()
        to.copy_(floats)
        pairs.synchronise(device)
        best = min(best, time.perf_counter() - began)
    return 2 * floats.numel() * 4 / best / 1e9


def bounds(row: dict[str, Any], peaks: dict[str, float], bandwidth: float) -> dict[str, Any]:
    """Shares of both limits that a step reached, and which of them it is nearer to."""
    seconds = row["seconds_per_step"]
    peak = peaks.get(row["precision"], peaks["fp32"])
    compute = row["gflop_per_step"] / seconds / peak
    memory = row["gigabytes_per_step"] / seconds / bandwidth
    return {
        "gflop_per_second": row["gflop_per_step"] / seconds,
        "share_of_peak": compute,
        "share_of_bandwidth": memory,
        "bound_by": "neither" if max(compute, memory) < 0.1 else "products" if compute > memory else "memory",
    }


def _reset_memory(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _peak_memory(device: str) -> float:
    """GB: of tensors on a GPU, else of this process since it began."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def line_of(row: dict[str, Any]) -> str:
    name = f"{row['recipe']:20}{'compiled' if row['compiled'] else 'eager':>10}"
    if "error" in row:
        return f"{name}  {row['error']}"
    size = f"{row['resolution']:5} px{row['batch']:6}{row['precision']:>6}"
    return f"{name}{size}{row['images_per_second']:12,.0f} images/s"


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    peaks = ", ".join(f"{v:,.0f} GFLOP/s in {k}" for k, v in result["peak_gflop_per_second"].items())
    lines = [
        f"steps of recipes on {result['device']}: products reach {peaks}; copies "
        f"{result['gigabytes_per_second']:.0f} GB/s"
    ]
    for row in result["cases"]:
        more = "" if "error" in row else (
            f"{row['gflop_per_second']:12,.0f} GFLOP/s{row['share_of_peak']:6.0%} of peak"
            f"{row['share_of_bandwidth']:6.0%} of bandwidth, bound by {row['bound_by']}, "
            f"{row['peak_memory_gigabytes']:.1f} GB"
        )  # fmt: skip
        lines.append(line_of(row) + more)
    return "\n".join(lines)


def main(names: list[str]) -> None:
    """Count them anew, all when empty, and write the file that `benchmarks.scaling` and `benchmarks.costs` reckon from.

    Raises SystemExit, with the file as it was, for a name of which nothing is counted.
    """
    file = Path(__file__).parent / "results" / "counted.json"
    try:
        found = counted(names, json.loads(file.read_text()) if file.exists() else {})
    except UsageError as error:
        raise SystemExit(f"benchmarks.recipes: {error}") from None
    write_atomic(file, json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
