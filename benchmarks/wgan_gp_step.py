"""Images per second of the course's WGAN-GP step, beside a plain PyTorch one of the same networks and batch.

A step is five updates of the critic, each with its penalty, and one of the generator. Both sides see the same number
of photographs, five minibatches a step.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import ignore, pairs

# feature maps and batch: what lessons use, the batch of most repositories, and the `lab` tier
CASES = ((32, 32), (32, 128), (64, 64))
CRITIC_STEPS = 5


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    setting = {"data": pairs.RANDOM, "resolution": 32, "device": device, "workers": 0}
    setting, cases = setting | {"critic_steps": CRITIC_STEPS}, CASES
    if quick:
        setting, cases = setting | {"resolution": 16}, ((8, 8),)
    jobs = [{"width": width, "batch": batch} for width, batch in cases]
    # as many as Fashion-MNIST has, and of its shape
    setting["shape"] = {
        "images": 256 if quick else 60_000,
        "channels": 1,
        "resolution": setting["resolution"],
    }
    return pairs.measure_cases(setting, jobs, "benchmarks.wgan_gp_step", quick, so_far)


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    return pairs.table(result, "WGAN-GP")


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


def _networks(job: dict[str, Any], channels: int):
    from course_lib.networks import dcgan

    width, resolution = job["width"], job["resolution"]
    generator = dcgan.Generator(64, channels, resolution, width)
    return generator, dcgan.Discriminator(channels, resolution, width, norm="none")


def _course(job: dict[str, Any], dataset: Any) -> None:
    from course_lib.methods.wgan import WGAN, WGANSettings

    method = WGAN(*_networks(job, dataset.channels), WGANSettings(critic_steps=job["critic_steps"]))
    pairs.course_turns(job, method, dataset, Operations())


def _plain(job: dict[str, Any], dataset: Any) -> None:
    from torch import nn

    from benchmarks import plain_wgan_gp

    networks = nn.ModuleList(_networks(job, dataset.channels))
    options = {key: job[key] for key in ("batch", "critic_steps", "workers", "device")}
    steps = plain_wgan_gp.train(*networks, dataset.images, lr=1e-4, **options)
    pairs.plain_turns(job, steps, networks, Operations())


if __name__ == "__main__":
    pairs.work(json.loads(sys.argv[1]), _course, _plain)
