"""Images per second of the course's DCGAN step, beside a plain PyTorch loop of the same networks and batch."""

import json
import sys
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import ignore, pairs
from course_lib.training.device import has_native_bf16

# feature maps and batch: the paper's batch on its networks at half width (the `lab` tier), and what lessons use
CASES = ((64, 128), (32, 128), (32, 32))


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    setting, cases = {"data": pairs.RANDOM, "resolution": 32, "device": device, "workers": 0}, CASES
    if quick:
        setting, cases = setting | {"resolution": 16}, ((8, 8),)
    jobs = [{"width": width, "batch": batch} for width, batch in cases]
    # what the step reaches of the peak of single precision
    if not quick and has_native_bf16(torch.device(device).type):
        jobs.append(jobs[0] | {"precision": "fp32"})
    # as many as Fashion-MNIST has, and of its shape
    setting["shape"] = {
        "images": 256 if quick else 60_000,
        "channels": 1,
        "resolution": setting["resolution"],
    }
    return pairs.measure_cases(setting, jobs, "benchmarks.dcgan_step", quick, so_far)


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    return pairs.table(result, "DCGAN")


# a worker: one side


def _networks(job: dict[str, Any], channels: int):
    from course_lib.networks import dcgan

    width, resolution = job["width"], job["resolution"]
    generator = dcgan.Generator(64, channels, resolution, width)
    return generator, dcgan.Discriminator(channels, resolution, width)


def _course(job: dict[str, Any], dataset: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from course_lib.methods.gan import GAN, GANSettings

    method = GAN(*_networks(job, dataset.channels), GANSettings(generator_lr=1e-3, discriminator_lr=1e-3))
    pairs.course_turns(job, method, dataset, FlopCounterMode(display=False))


def _plain(job: dict[str, Any], dataset: Any) -> None:
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks import plain

    networks = nn.ModuleList(_networks(job, dataset.channels))
    options = {key: job[key] for key in ("batch", "workers", "device")}
    steps = plain.train(*networks, dataset.images, lr=1e-3, **options)
    pairs.plain_turns(job, steps, networks, FlopCounterMode(display=False))


if __name__ == "__main__":
    pairs.work(json.loads(sys.argv[1]), _course, _plain)
