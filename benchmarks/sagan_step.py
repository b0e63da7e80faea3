"""Images per second of the course's step of the self-attention GAN, beside a plain loop of the same networks."""

import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import ignore, pairs

# feature maps, batch, and the course's precision: the recipe's book tier, also where bfloat16 is not native
CASES = ((16, 32, "auto"), (16, 32, "fp32"))
TURN = {"course": 768, "plain": 384}  # images: a step is several times that of a DCGAN


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    setting = {"data": "faces", "resolution": 32, "device": device, "workers": 0, "at": 16}
    setting, cases = setting | {"turn": TURN}, CASES
    if quick:
        setting, cases = setting | {"data": "digits", "resolution": 16, "at": 8}, ((8, 8, "auto"),)
    jobs = [{"width": w, "batch": b, "precision": precision} for w, b, precision in cases]
    return pairs.measure_cases(setting, jobs, "benchmarks.sagan_step", quick, so_far, turns=5)


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    return pairs.table(result, "Self-attention GAN")


# a worker: one side


def _networks(job: dict[str, Any], dataset: Any):
    from course_lib import data
    from course_lib.networks.attention import AttentionPair

    width = job["width"]
    pair = AttentionPair(latent=64, generator_width=width, discriminator_width=width, at=job["at"])
    return pair.build(data.spec_of(dataset))


def _course(job: dict[str, Any], dataset: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from course_lib.methods.gan import GANSettings

    settings = GANSettings(game="hinge", generator_lr=1e-4, discriminator_lr=4e-4, beta1=0.0, beta2=0.9)
    method = settings.build(_networks(job, dataset))
    pairs.course_turns(job, method, dataset, FlopCounterMode(display=False))


def _plain(job: dict[str, Any], dataset: Any) -> None:
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks import plain_sagan

    networks = nn.ModuleDict(_networks(job, dataset))
    options = {key: job[key] for key in ("batch", "workers", "device")}
    steps = plain_sagan.train(networks["generator"], networks["discriminator"], dataset.images, **options)
    pairs.plain_turns(job, steps, networks, FlopCounterMode(display=False))


if __name__ == "__main__":
    pairs.work(json.loads(sys.argv[1]), _course, _plain)
