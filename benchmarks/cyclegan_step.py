"""Images per second of the course's step of CycleGAN, beside a plain loop of the same networks."""

import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import ignore, pairs

# feature maps, batch, and the course's precision: what the recipe's lessons use, also where bfloat16 is not native, and
# single images, as the paper has them, of twice the width
CASES = ((16, 8, "auto"), (16, 8, "fp32"), (32, 1, "auto"))


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    setting = {
        "data": "faces:without=glasses+sunglasses",
        "target": "faces:with=glasses",
        "resolution": 32,
        "device": device,
        "workers": 0,
        "turn": {"course": 192, "plain": 128},
    }
    cases = CASES
    if quick:
        setting, cases = setting | {"resolution": 16}, ((4, 4, "auto"),)
    jobs = [{"width": w, "batch": b, "precision": precision} for w, b, precision in cases]
    return pairs.measure_cases(setting, jobs, "benchmarks.cyclegan_step", quick, so_far)


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    return pairs.table(result, "CycleGAN")


# a worker: one side


def _networks(job: dict[str, Any], dataset: Any, target: Any):
    from course_lib import data
    from course_lib.networks.translation import CycleNetworks

    width = job["width"]
    layers = 2 if job["resolution"] > 16 else 1
    networks = CycleNetworks(width, 1, 3, discriminator_width=width, discriminator_layers=layers)
    return networks.build(data.spec_of(dataset, target))


def _target(job: dict[str, Any]) -> Any:
    from course_lib import data

    return data.open(job["target"], resolution=job["resolution"])


def _course(job: dict[str, Any], dataset: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from course_lib.methods.cyclegan import CycleGANSettings

    target = _target(job)
    method = CycleGANSettings(decay=0.0).build(_networks(job, dataset, target))
    pairs.course_turns(job, method, dataset, FlopCounterMode(display=False), target)


def _plain(job: dict[str, Any], dataset: Any) -> None:
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks import plain_cyclegan

    target = _target(job)
    networks = nn.ModuleDict(_networks(job, dataset, target))
    options = {key: job[key] for key in ("batch", "workers", "device")}
    steps = plain_cyclegan.train(networks, dataset.images, target.images, lr=2e-4, **options)
    pairs.plain_turns(job, steps, networks, FlopCounterMode(display=False))


if __name__ == "__main__":
    pairs.work(json.loads(sys.argv[1]), _course, _plain)
