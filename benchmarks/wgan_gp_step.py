"""Images per second of the course's WGAN-GP step, beside a plain PyTorch one of the same networks and batch.

A step is five updates of the critic, each with its penalty, and one of the generator. Both sides see the same number
of photographs, five minibatches a step; the rest is as in `dcgan_step`.
"""

import contextlib
import json
import sys
from typing import Any

from benchmarks.dcgan_step import Finished, Turns, facts_of, paired, turns_after_the_first
from benchmarks.dcgan_step import table as table_of

# feature maps and batch: what lessons use, the batch of most repositories, and the `lab` tier
CASES = ((32, 32), (32, 128), (64, 64))
CRITIC_STEPS = 5


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    setting = {"data": "fashion-mnist", "resolution": 32, "device": device, "workers": 0}
    setting["critic_steps"] = CRITIC_STEPS
    cases, pairs = CASES, 7
    if quick:
        setting, cases, pairs = setting | {"data": "digits", "resolution": 16}, ((8, 8),), 2
    rows = []
    for width, batch in cases:
        job = setting | {"width": width, "batch": batch, "quick": quick}
        rows.append(paired(job, pairs, "benchmarks.wgan_gp_step"))
        ratio = rows[-1]["ratio"]["median"]
        print(f"width {width}, batch {batch}: {ratio:.2f} times the plain loop", file=sys.stderr, flush=True)
    return {"setting": setting, "cases": rows}


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    return table_of(result, "WGAN-GP")


# a worker: one side


class Operations:
    """Counts the floating-point operations of convolutions and matrix products, as `flop_counter` does.

    Without its bookkeeping by module, which refuses `autograd.grad` with respect to a network's input.
    """

    def __enter__(self) -> "Operations":
        from torch.utils.flop_counter import FlopCounterMode

        class Whole(contextlib.nullcontext):
            parents = frozenset({"Global"})

        self.counter = FlopCounterMode(display=False)
        self.counter.mod_tracker = Whole()
        self.counter.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.counter.__exit__(*error)

    def get_total_flops(self) -> int:
        return self.counter.get_total_flops()


def work(job: dict[str, Any]) -> None:
    """Be one side until the parent closes the pipe."""
    import torch

    from course_lib import data

    dataset = data.open(job["data"], resolution=job["resolution"])
    torch.manual_seed(0)
    side = _course if job["side"] == "course" else _plain
    with contextlib.suppress(Finished):
        side(job, dataset)


def _networks(job: dict[str, Any], channels: int):
    from course_lib.networks import dcgan

    width, resolution = job["width"], job["resolution"]
    generator = dcgan.Generator(64, channels, resolution, width)
    return generator, dcgan.Discriminator(channels, resolution, width, norm="none")


def _course(job: dict[str, Any], dataset: Any) -> None:
    """`training.loop.fit` itself, as `course train` calls it, less checkpoints and sample grids."""
    from course_lib.data import Batches
    from course_lib.methods.wgan import WGAN, WGANSettings
    from course_lib.training import device as devices
    from course_lib.training.loop import LoopSettings, fit, prepare

    settings = LoopSettings()
    method = WGAN(*_networks(job, dataset.channels), WGANSettings(critic_steps=job["critic_steps"]))
    batches = Batches(dataset, job["batch"] * method.minibatches, seed=0, device=job["device"])
    prepare(method, batches.device, settings, images=True)
    with Operations() as counter:
        method.step(batches.at(0))
    precision = devices.resolve_precision(settings.precision, batches.device, True)
    turns = Turns(job["device"], facts_of(job, method.networks, counter, precision))
    turns()
    observe = turns_after_the_first(turns)
    fit(method, batches, 10**9, settings=settings, every=job["steps"], observe=observe, quiet=True)


def _plain(job: dict[str, Any], dataset: Any) -> None:
    from torch import nn

    from benchmarks import plain_wgan_gp

    generator, critic = _networks(job, dataset.channels)
    steps = plain_wgan_gp.train(
        generator,
        critic,
        dataset.images,
        batch=job["batch"],
        lr=1e-4,
        critic_steps=job["critic_steps"],
        workers=job["workers"],
        device=job["device"],
    )
    with Operations() as counter:
        next(steps)
    turns = Turns(job["device"], facts_of(job, nn.ModuleList([generator, critic]), counter, "fp32"))
    while True:
        turns()
        for _ in range(job["steps"]):
            next(steps)


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
