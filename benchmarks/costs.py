"""What a recipe costs on one GPU at the size of the lab, reckoned: `python -m benchmarks.costs`.

Nothing here was measured on a GPU. Each recipe's step is carried out on tensors that have shapes and no numbers
(torch's FakeTensorMode), with the batch that it has in the lab: its operations, the bytes that it reads and writes, its
kernels and the most memory that its tensors take together are counted, and so are the bytes of a checkpoint.
`python -m benchmarks.recipes` counts them all and writes `results/counted.json`. From these and from the assumptions
of `benchmarks.scaling` follow the minutes.

- Networks that grow are counted at `STAGES` moments of their run, and the mean is taken; what a step does lazily is
  counted as often as it comes.
- Images are counted in bfloat16, as `--precision auto` trains them on such a card, points in single precision. What
  autocast casts is what a processor's rules tell it to.
- Memory: weights, gradients, moments, averages, the minibatch and whatever lives at the worst moment of a step. What
  a library of kernels and the allocator take beside that is not in it.
- Disk: the checkpoints that stay. Pictures of samples, rows of metrics and the data are not in it.
"""

import contextlib
import functools
import json
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.scaling import Cluster, reckoned
from course_lib.methods.image_loss import ImageLoss
from course_lib.methods.prefetched_pairs import PrefetchedPairs

IMAGES = 257  # of random data: a prime, so that what has so many rows is known to have one for each image
STAGES = 8


def random_data(plan: Any) -> tuple[Any, Any]:
    """Random data of a plan's shape, of both domains where it has two: none must be there."""
    from course_lib import data

    d = plan.settings["data"]
    if d.data.startswith("toy/"):
        return data.open(d.data), None
    told = getattr(plan.settings["networks"], "conditions", "").replace(" ", "").split(",")
    target = _images(d.target, d.resolution, told, 1) if d.target else None
    return _images(d.data, d.resolution, told, 0), target


def _images(name: str, resolution: int, told: list[str], seed: int) -> Any:
    """told: factors that the recipe asks for."""
    from course_lib.data import faces
    from course_lib.data.images import ImageSet

    draw = np.random.default_rng(seed)
    grey = name.startswith(("digits", "mnist", "fashion", "sprites:")) or name in ("sprites", "faces-edges")
    shape = (IMAGES, 1 if grey else 3, resolution, resolution)
    names = tuple(dict.fromkeys([*faces.NAMES, *told]))
    factors = draw.random((IMAGES, len(names)), np.float32)
    factors[:, ::2] = factors[:, ::2].round()  # some that have two values
    return ImageSet(
        name, draw.integers(0, 256, shape, np.uint8), np.arange(IMAGES) % 10, factors=factors,
        classes=tuple("0123456789"), factor_names=names,
    )  # fmt: skip


@contextlib.contextmanager
def pretrained_at_lab_size() -> Iterator[None]:
    """Where a recipe stands on a run of the lab, which is not here, that run's networks as they begin."""
    from course_lib import recipes
    from course_lib.data import spec_of
    from course_lib.recipes import runs

    loaded = runs._pretrained

    def pretrained(role: str, run: str) -> Any:
        if not run.startswith("runs/"):
            return loaded(role, run)
        plan = recipes.resolve(Path(run).name, "lab")
        there, target = random_data(plan)
        method = recipes.build(plan, spec_of(there, target, plan.settings["data"].paired))
        return method.networks[role].requires_grad_(False)

    runs._pretrained = pretrained
    try:
        yield
    finally:
        runs._pretrained = loaded


class Living:
    """The bytes of tensors that live, and the most that lived together: told of what each operation gives."""

    def __init__(self) -> None:
        self.bytes = self.most = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def see(self, tensors: list[torch.Tensor]) -> None:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            if storage._cdata in self._known:
                continue
            size, key = storage.nbytes(), storage._cdata
            self._known[key] = weakref.ref(storage, lambda _, key=key, size=size: self._gone(key, size))
            self.bytes += size
        self.most = max(self.most, self.bytes)

    def _gone(self, key: int, size: int) -> None:
        self.bytes -= size
        del self._known[key]


def trains(name: str) -> bool:
    """Whether the recipe is a training: searches for codes are not."""
    from course_lib import recipes

    return recipes.resolve(name, "lab").settings["data"].steps > 1


def counted(
    name: str, profile: Counter[tuple[str, str]] | None = None, sends: bool = False, **changes: Any
) -> dict[str, Any]:
    """What a step of a recipe at the size of the lab computes, moves, starts, holds and leaves on the disk.

    profile: gets what each kind of operation moves and starts (`counting.Traffic`), added up over the moments. sends:
    also what one of several processes would send.
    """
    from course_lib import recipes

    plan = recipes.resolve(name, "lab", **changes)
    if plan.settings["loop"].precision == "auto":  # as on a GPU, whatever this machine has
        points = plan.settings["data"].data.startswith("toy/")
        plan = recipes.resolve(name, "lab", **changes, precision="fp32" if points else "bf16")
    d = plan.settings["data"]
    seen = Counter[tuple[str, str]]()
    moments = [at_moment(plan, d.steps // 2, seen, sends)]
    if moments[0].pop("grows"):
        seen.clear()
        moments = [at_moment(plan, int((i + 0.5) / STAGES * d.steps), seen, sends) for i in range(STAGES)]
    if profile is not None:
        profile.update(seen)
    means = {
        key: sum(moment[key] for moment in moments) / len(moments)
        for key in moments[0]
        if key.endswith("_per_step")
    }
    most = {key: max(moment[key] for moment in moments) for key in moments[0] if key.endswith("_bytes")}
    return {
        "recipe": name,
        "batch": d.batch,
        "resolution": d.resolution,
        "precision": plan.settings["loop"].precision,
        "steps": d.steps,
        **means,
        **most,
        "checkpoints": plan.settings["loop"].keep,
    }


def at_moment(
    plan: Any, step: int, profile: Counter[tuple[str, str]] | None = None, sends: bool = False
) -> dict[str, Any]:
    """The same of a step of a run's own, and whether its networks grow."""
    from benchmarks.counting import Traffic, add, lazy_steps, sent, shared
    from course_lib import recipes
    from course_lib.data import Batches, spec_of
    from course_lib.methods.protocol import Method
    from course_lib.training.ema import Average
    from course_lib.training.loop import prepare

    d, loop = plan.settings["data"], plan.settings["loop"]
    dataset, target = random_data(plan)
    with pretrained_at_lab_size():
        method = recipes.build(plan, spec_of(dataset, target, d.paired))
    method.prepare(dataset, 0)
    if isinstance(stream := getattr(method, "stream", None), PrefetchedPairs):
        stream.ahead = False  # what another thread computes is not seen here
    size = d.batch * method.minibatches
    totals: dict[str, float] = {}
    most = 0
    with Batches(dataset, size, seed=0, target=target, paired=d.paired, parts=method.minibatches) as batches:
        prepare(method, batches.device, loop, d.steps, len(dataset.shape) == 3)
        grows = type(method).resized is not Method.resized
        if grows:
            _grow(method, batches.at(step))
        for part in vars(method).values():
            if isinstance(part, ImageLoss):
                part.judge(batches.at(step).x[:1])  # read where there are numbers
        average, living = Average(method, loop.ema), Living()
        steps = lazy_steps(method, step)
        read = {step: batches.at(step) for step, _ in steps}
    with FakeTensorMode(allow_non_fake_inputs=True):
        with Traffic(living):  # the first step makes the optimisers' moments
            method.step(read[steps[0][0]])
        for step, share in steps:
            living.most = living.bytes
            with Traffic(living, profile) as traffic:
                method.step(read[step])
                average.update(method, step + 1)
            most = max(most, living.most)
            add(totals, traffic.found(), share)
        if sends:
            shared(method)
            for step, share in steps:
                with Traffic():  # it answers questions about numbers, of which there are none
                    add(totals, sent(functools.partial(method.step, read[step])), share)
    averages = [network.state_dict() for network in average.networks.values()]
    kept = [method.state_dict(), averages]
    images = _count(d.data)
    codes = _bytes(kept, rows=images) - _bytes(kept)
    held = _bytes([method.networks.state_dict(), averages])
    return totals | {
        "memory_bytes": most + held + codes,
        "checkpoint_bytes": _bytes(kept) + codes,
        "grows": grows,
    }


def _grow(method: Any, batch: Any) -> None:
    """Change its networks to those that it has at a step, without the step."""

    class Asked(Exception):
        pass

    def ask(stage: int) -> None:
        raise Asked(stage)

    method.enter = ask
    try:
        method.step(batch)
    except Asked as asked:
        del method.enter
        method.enter(asked.args[0])


def _count(name: str) -> int:
    """Images to learn from in a set of the course; few where there are no numbers of images."""
    from course_lib.data.sources import SOURCES

    source = SOURCES.get(name.partition(":")[0])
    return int(source.images.split(" ")[0].replace(",", "")) if source else IMAGES


def _bytes(tree: Any, rows: int = IMAGES) -> int:
    """Of all tensors of a tree, those with a row for each image as if there were `rows` of them."""
    if isinstance(tree, torch.Tensor):
        each = tree.numel() * tree.element_size()
        return each // IMAGES * rows if tree.ndim and len(tree) == IMAGES else each
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return sum(_bytes(part, rows) for part in parts)


def table(rows: list[dict[str, Any]], cluster: Cluster | None = None) -> str:
    """A Markdown table: what each recipe would take of one GPU, in time, memory and disk."""
    cluster = cluster or Cluster()
    lines = [
        "| recipe | px | batch | steps | ms a step | bound by | time | memory | checkpoints |",
        "|---|---:|---:|---:|---:|---|---:|---:|---:|",
    ]
    for row in rows:
        seconds = reckoned(row, cluster)
        bound = max(seconds, key=lambda what: seconds[what])
        lines.append(
            f"| {row['recipe']} | {row['resolution'] or ''} | {row['batch']:,} | {row['steps']:,} | "
            f"{milliseconds(seconds[bound])} | {bound} | {duration(seconds[bound] * row['steps'])} | "
            f"{size(row['memory_bytes'])} | {size(row['checkpoints'] * row['checkpoint_bytes'])} |"
        )
    return "\n".join(lines) + "\n"


def milliseconds(seconds: float) -> str:
    """To two digits, and from a hundred on to the unit."""
    return f"{1e3 * seconds:.2g}" if 1e3 * seconds < 99.5 else f"{1e3 * seconds:.0f}"


def duration(seconds: float) -> str:
    """In minutes, or in hours where there are many."""
    minutes = seconds / 60
    if minutes < 1:
        return "< 1 min"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def size(count: float) -> str:
    """Bytes in MB, or in GB where there are many."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, count / 1e6):.0f} MB"


if __name__ == "__main__":
    found = json.loads((Path(__file__).parent / "results" / "counted.json").read_text())
    print(table(found["recipes"]), end="")
