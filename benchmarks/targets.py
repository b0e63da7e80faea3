"""What this project asks of one H100: what each of it would take, reckoned, and measured where a GPU is at hand.

`python -m benchmarks.targets` prints the reckoning, `course bench targets` measures. A step is counted on tensors
without numbers (`benchmarks.costs`), in single precision and in bfloat16, where autocast casts what a processor's rules
tell it to; the seconds follow from the assumptions of `benchmarks.scaling`. Three times are reckoned, and the longest
bounds: that of the products, that of the bytes, and that of the starts of kernels. Played back as CUDA graphs, a step
has next to no starts: the longer of the other two is left.

Searches for codes are counted through the generator of clgGAN with all its layers. Its weights are random, and the
images are its own: what they show changes no time.
"""

import itertools
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks import attempted, costs, counting, ignore, pairs, recipes
from benchmarks.scaling import REACHED, REACHED_BYTES, Cluster, reckoned

PRECISIONS = ("fp32", "bf16")
PROFILED = "bf16"  # what --precision auto takes on such a card
RATE = 0.1  # of Adam, of the search
LONGEST = 60.0  # seconds of a search on a GPU


@dataclass(frozen=True)
class Training:
    """So many epochs of so many images, in at most so many seconds, with any of these batches."""

    title: str
    recipe: str
    images: int
    epochs: int
    seconds: int
    batches: tuple[int, ...]
    resolution: int

    def steps(self, batch: int) -> int:
        return round(self.images * self.epochs / batch)


@dataclass(frozen=True)
class Search:
    """Codes of so many images by so many steps of Adam, in at most so many seconds."""

    title: str
    images: int = 1024
    descent: int = 500
    seconds: int = 60
    batches: tuple[int, ...] = (256, 1024)
    resolution: int = 128

    def steps(self, batch: int) -> int:
        """Of the search, each with so many images."""
        return self.descent * math.ceil(self.images / batch)


TRAININGS = (
    Training("DCGAN, 25 epochs of 202,599 images", "dcgan-celeba-64", 202_599, 25, 60, (128, 1024), 64),
    Training(
        "clgGAN, 44 epochs of 50,000 faces, its thesis's batch", "clggan-faces", 50_000, 44, 900, (16,), 128
    ),
    Training("clgGAN, with a batch for the card", "clggan-faces", 50_000, 44, 300, (128,), 128),
)
SEARCH = Search("codes of 1,024 generated images, 500 steps")
# trainings that are tried as CUDA graphs, too, with the first of their batches: starts of kernels bound them
GRAPHS = TRAININGS[:2]
TARGETS: tuple[Training | Search, ...] = (*TRAININGS, SEARCH)

KINDS = {
    "convolutions and products": ("convolution", "mm", "addmm", "bmm"),
    "normalisation": ("batch_norm", "layer_norm"),
    "optimisers and averages": ("_fused", "_foreach"),
}
REST = "the rest"


def kind_of(operation: str) -> str:
    """Which kind an operation of torch is of, by its name."""
    return next((kind for kind, words in KINDS.items() if any(word in operation for word in words)), REST)


def counted(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a step of each target computes, moves and starts, for every batch and precision.

    known: rows that were counted before, which are taken as they are.
    """
    rows = []
    for target in TARGETS:
        for batch, precision in itertools.product(target.batches, PRECISIONS):
            key = {"target": target.title, "batch": batch, "precision": precision}
            row = next((r for r in known if key.items() <= r.items()), None)
            if row is None:
                print(f"{target.title}, {batch} in {precision}: step counted", file=sys.stderr, flush=True)
                row = key | _counted(target, batch, precision)
            rows.append(row)
    return rows


def _counted(target: Training | Search, batch: int, precision: str) -> dict[str, Any]:
    profile: Counter[tuple[str, str]] = Counter()
    if isinstance(target, Search):
        found = search_step(batch, target.resolution, precision, profile)
    else:
        found = costs.counted(
            target.recipe, profile, batch=batch, resolution=target.resolution, precision=precision
        )
    return {
        "gflop_per_step": found["gflop_per_step"],
        "gigabytes_per_step": found["gigabytes_per_step"],
        "calls_per_step": found["calls_per_step"],
    } | ({"shares": shares(profile)} if precision == PROFILED else {})


def shares(profile: Counter[tuple[str, str]]) -> dict[str, dict[str, float]]:
    """Of the bytes and of the starts, what each kind of operation has."""
    found: dict[str, dict[str, float]] = {}
    for what in ("bytes", "calls"):
        of = {kind: 0.0 for kind in (*KINDS, REST)}
        for (operation, counted), number in profile.items():
            if counted == what:
                of[kind_of(operation)] += number
        total = sum(of.values())
        found[what] = {kind: round(number / total, 4) for kind, number in of.items()}
    return found


def generator(resolution: int, tier: str = "lab") -> Any:
    """clgGAN with all its layers, and random weights."""
    from course_lib import recipes as catalogue
    from course_lib.data import DataSpec

    plan = catalogue.resolve("clggan-faces", tier, resolution=resolution)
    torch.manual_seed(0)
    method = catalogue.build(plan, DataSpec((3, resolution, resolution)))
    method.enter(2 * len(method.table) - 2)  # the last phase of its table
    method.networks.to(memory_format=torch.channels_last)
    return method


def search_step(
    batch: int, resolution: int, precision: str, profile: Counter[tuple[str, str]]
) -> dict[str, float]:
    """A step of the search: what three have more than two."""
    from course_lib.inversion.descent import Descent, descend
    from course_lib.inversion.optimise import Float32, still
    from course_lib.networks.folding import folded
    from course_lib.objectives.reconstruction import loss_named

    loss = partial(loss_named("l2"), reduction="image")
    space, found, seen = generator(resolution).space, [], []
    with still(space.decode), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        decode = folded(space.decode)
        space = replace(space, decode=Float32(decode) if precision == "bf16" else decode)
        for steps in (2, 3):
            seen.append(Counter[tuple[str, str]]())
            with FakeTensorMode(allow_non_fake_inputs=True), counting.Traffic(profile=seen[-1]) as traffic:
                x = torch.zeros(batch, 3, resolution, resolution).to(memory_format=torch.channels_last)
                start = torch.zeros(batch, *space.shape)
                descend(space, x, start, loss, Descent(steps, RATE))
            found.append(traffic.found())
    profile.update(seen[1] - seen[0])
    return {key: found[1][key] - found[0][key] for key in found[0]}


def search(method: Any, x: torch.Tensor, start: torch.Tensor, steps: int, batch: int, precision: Any) -> Any:
    """Codes in Z by Adam, half a cosine and the mean squared difference, as `codes_of` finds them."""
    from course_lib.inversion.descent import Descent
    from course_lib.inversion.optimise import codes_of

    return codes_of(
        method.space, x, start=start, descent=Descent(steps, RATE), batch=batch, precision=precision
    )


# what a GPU takes


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """The search as it stands; of the trainings a few steps, from which the whole follows; on a GPU those of `GRAPHS`
    as CUDA graphs, too. What fails says why, and the others go on."""
    cases = [(target, batch, False) for target in (SEARCH, *TRAININGS) for batch in target.batches]
    if device.startswith("cuda"):
        cases += [(target, target.batches[0], True) for target in GRAPHS]
    result: dict[str, Any] = {"device": device, "targets": []}
    for target, batch, graphs in cases:
        row: dict[str, Any] = {"target": target.title, "batch": batch, "asked": target.seconds}
        row["way"] = "graphs" if graphs else "eager"
        row |= attempted(
            partial(_searched, batch, device, quick)
            if isinstance(target, Search)
            else partial(_trained, target, batch, device, quick, graphs)
        )
        result["targets"].append(row)
        print(line_of(row), file=sys.stderr, flush=True)
        so_far(result)
    return result


def _trained(target: Training, batch: int, device: str, quick: bool, graphs: bool = False) -> dict[str, Any]:
    """Of networks that grow, every step as long as one of the last stage. graphs: with `--compile --graphs`."""
    changes = {"batch": batch, "resolution": target.resolution}
    step = recipes.step_of(target.recipe, changes, device, quick, compile=graphs, graphs=graphs)
    return {
        "precision": step["precision"],
        "seconds": step["seconds_per_step"] * target.steps(batch),
        "peak_memory_gigabytes": step["peak_memory_gigabytes"],
    }


def _searched(batch: int, device: str, quick: bool) -> dict[str, Any]:
    """Batches of images one after the other, until the search is over or `LONGEST`: then the rest is reckoned."""
    images, steps, resolution, batch = (
        (8, 2, 16, 4) if quick else (SEARCH.images, SEARCH.descent, SEARCH.resolution, batch)
    )
    method = generator(resolution, "smoke" if quick else "lab")
    method.networks.to(device)
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        made = [method.sample(z.to(device)) for z in method.latents(images, draws).split(64)]
    x, start = torch.cat(made), method.latents(images, draws).to(device)
    search(method, x[:batch], start[:batch], 2, batch, "bf16")  # what is done once
    pairs.synchronise(device)
    began, done, losses = time.perf_counter(), 0, []
    while done < images and time.perf_counter() - began < LONGEST:
        rows = slice(done, done + batch)
        losses.append(search(method, x[rows], start[rows], steps, batch, "bf16").losses)
        pairs.synchronise(device)
        done = min(images, done + batch)
    seconds = time.perf_counter() - began
    return {
        "precision": "bf16",
        "seconds": seconds * images / done,
        "searched": done,
        "median_loss": torch.cat(losses).median().item(),
    }


def line_of(row: dict[str, Any]) -> str:
    name = f"{row['target']:56}{row['batch']:6}{row['way']:>7}"
    if "error" in row:
        return f"{name}  {row['error']}"
    reached = "reached" if row["seconds"] <= row["asked"] else "not reached"
    return f"{name}{row['precision']:>6}{row['seconds']:9,.0f} s of {row['asked']:,}: {reached}"


def table(result: dict[str, Any]) -> str:
    """What was measured, as plain text."""
    return "\n".join([f"targets on {result['device']}", *map(line_of, result["targets"])])


# the reckoning


def seconds_of(row: dict[str, Any], cluster: Cluster | None = None) -> dict[str, float]:
    """Seconds that the whole target would take, by what bounds it.

    `eager` and `graphs` follow from them. `limit`: where products reached the whole peak, bytes the whole bandwidth.
    """
    cluster = cluster or Cluster()
    steps = target_of(row).steps(row["batch"])
    each = {what: s * steps for what, s in reckoned(row, cluster).items()}
    return each | {
        "eager": max(each.values()),
        "graphs": max(each["products"], each["memory"]),
        "limit": max(each["products"] * REACHED, each["memory"] * REACHED_BYTES),
    }


def target_of(row: dict[str, Any]) -> Training | Search:
    return next(target for target in TARGETS if target.title == row["target"])


def reckoning(rows: list[dict[str, Any]]) -> str:
    """A Markdown table: what each target would take of one H100, and what bounds it."""
    lines = [
        "| target | px | asked | batch | precision | steps | products | memory | starts | eager | graphs | limit |",
        "|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        target, s = target_of(row), seconds_of(row)
        batch = row["batch"]
        numbers = " | ".join(
            f"{s[what]:,.0f} s" for what in ("products", "memory", "starts", "eager", "graphs", "limit")
        )
        lines.append(
            f"| {target.title} | {target.resolution} | {target.seconds:,} s | {batch:,} | "
            f"{row['precision']} | {target.steps(batch):,} | {numbers} |"
        )
    return "\n".join(lines) + "\n"


def profiles(rows: list[dict[str, Any]]) -> str:
    """A Markdown table: which kinds of operations have the bytes and the starts of a step in bfloat16."""
    kinds = (*KINDS, REST)
    lines = [
        "| target | batch | of | " + " | ".join(kinds) + " |",
        "|---|---:|---|" + "---:|" * len(kinds),
    ]
    for row in rows:
        if row["precision"] != PROFILED:
            continue
        for what, word in (("bytes", "bytes"), ("calls", "starts")):
            numbers = " | ".join(f"{row['shares'][what][kind]:.0%}" for kind in kinds)
            lines.append(f"| {row['target']} | {row['batch']:,} | {word} | {numbers} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    found = json.loads((Path(__file__).parent / "results" / "counted.json").read_text())["targets"]
    print(reckoning(found), profiles(found), sep="\n", end="")
