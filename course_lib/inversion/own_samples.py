"""Can a generator's own samples be reconstructed? Where they can, a bad reconstruction of a photograph is no failure
of the search: the generator does not make that photograph.

Bojanowski et al. (2018), section 4.4, report more than 50 dB for samples of their GANs, and take it as evidence that
real images fail because GANs leave them out.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.descent import Descent
from course_lib.inversion.optimise import codes_of, reconstructions
from course_lib.inversion.starts import Start

TARGET = 50.0  # dB: squared differences of 1e-5 of the range, below a grey level of 256


NOISES = (0.2, 0.4, 0.8)  # standard deviations of a code by which the best so far is moved


@dataclass(frozen=True, eq=False)
class Recovered:
    """psnr float64 (n,), dB of each sample; rounds int64 (n,), how many searches it took (all, where none did)."""

    psnr: Tensor
    rounds: Tensor
    target: float = TARGET

    @property
    def share(self) -> float:
        """Share of samples above the target."""
        return (self.psnr > self.target).double().mean().item()

    @property
    def median(self) -> float:
        return self.psnr.median().item()


def recover(
    method: Any,
    n: int = 256,
    *,
    target: float = TARGET,
    rounds: int = 8,
    steps: int = 300,
    restarts: int = 4,
    polish: int = 60,
    seed: int = 0,
    batch: int = 256,
) -> Recovered:
    """Draw n samples of a method, forget their codes, and search for codes that make them again.

    A round takes the images that are not above `target` yet. Each gets `restarts` fresh starts, the nearest of a pool
    that doubles from round to round; the best of their ends is polished to machine precision. From the second
    round on, the best codes so far are tried again too, moved by noise of several sizes: rectifiers make many
    minima, and an image at 35 dB often needs only to leave one of them. No search sees the codes that the
    samples were drawn from: they, the pools and the noise come from unrelated seeds.
    """
    generator, device, unit = method.networks["generator"], method.device, scale(method)
    drawn = method.latents(n, seeds.generator(seed, purpose="inversion/own samples")).to(device)
    images = reconstructions(generator, drawn, batch).to(device)
    psnr = torch.full((n,), -torch.inf, dtype=torch.float64)
    taken = torch.zeros(n, dtype=torch.int64)
    best = torch.zeros(n, drawn.shape[1], device=device)
    common: dict[str, Any] = {"descent": Descent(steps, 0.1 * unit), "polish": polish, "batch": batch}

    def keep(rows: Tensor, codes: Tensor) -> None:
        """Where these codes (for images `rows`) are better than the best so far, they are the best."""
        made = reconstructions(generator, codes, batch)
        values = psnr_per_image(images[rows.to(device)].cpu(), made)
        better = values > psnr[rows]
        psnr[rows[better]] = values[better]
        best[rows[better].to(device)] = codes[better.to(device)].to(best)

    for number in range(rounds):
        left = (psnr <= target).nonzero()[:, 0]
        if not len(left):
            break
        x = images[left.to(device)]
        start = best[left.to(device)]
        fresh = codes_of(
            method.space,
            x,
            start=Start(pool=4096 << number, restarts=restarts),
            seed=seeds.number(seed, step=number, purpose="inversion/round"),
            **common,
        )
        keep(left, fresh.codes)
        for size in NOISES if number else ():
            noise = torch.randn(
                start.shape, generator=seeds.generator(seed, step=number, purpose=f"inversion/noise {size}")
            )
            moved = codes_of(method.space, x, start=start + size * unit * noise.to(device), **common)
            keep(left, moved.codes)
        taken[left] = number + 1
    return Recovered(psnr, taken, target)


def scale(method: Any) -> float:
    """Standard deviation of a coordinate of the method's codes: the unit in which a step on them is long or short.

    1 for a GAN's N(0, I); near 1/√d for codes in the unit ball.
    """
    return method.latents(4096, seeds.generator(0, purpose="inversion/scale")).std().item()
