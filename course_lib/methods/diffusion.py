"""A diffusion model in the form of EDM (Karras et al., 2022): a denoiser for every noise level, and its sampler."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.protocol import Method, needs
from course_lib.objectives.diffusion import denoising, rows_like
from course_lib.schedules import decay
from course_lib.settings import Bound, Count, Deviation, Memory, Rate, Share, check


@dataclass(frozen=True)
class DiffusionSettings:
    """How a denoiser is taught and asked. Defaults: table 1 of the paper."""

    lr: Rate = 1e-3  # Adam's step size
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.999  # and of its square
    log_mean: float = -1.2  # of ln sigma in training, which is normal
    log_std: Deviation = 1.2  # its standard deviation
    sigma_min: Bound = 0.002  # least noise level of the sampler
    sigma_max: Bound = 80.0  # its largest, where it begins
    rho: Bound = 7.0  # how the levels between lie closer together at the small end
    sampling_steps: Count = 18  # levels of the sampler; the denoiser is asked twice at each but the last
    decay_share: Share = 0.0  # last share of the run over which the rate falls linearly to 0

    def __post_init__(self) -> None:
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "Diffusion":
        return Diffusion(**needs(networks, "denoiser"), settings=self)


class Diffusion(Method):
    """One network, `denoiser`: (B, ...) noised examples and (B,) levels -> (B, ...) clean ones."""

    label = "diffusion"
    averaged = ("denoiser",)

    def __init__(self, denoiser: nn.Module, settings: DiffusionSettings | None = None):
        s = settings or DiffusionSettings()
        super().__init__(s, denoiser=denoiser)
        self.scheduled = s.decay_share > 0
        self.rates = {"denoiser": s.lr}
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Equation 8: a noise level for each example, noise of this level, and the error of what is made of it."""
        denoiser: Any = self.networks["denoiser"]
        s, x = self.settings, batch.x
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, s.decay_share))
        sigma = (s.log_mean + s.log_std * batch.draw.normal(len(x), purpose="level")).exp()
        noise = batch.draw.normal(*x.shape, purpose="noise")
        with self.autocast():
            clean = denoiser(x + rows_like(sigma, x) * noise, sigma)
        loss = denoising(clean.float(), x, sigma, denoiser.sigma_data)
        self.update("denoiser", loss)
        return {"denoiser/loss": loss.detach()}

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, numbers of an example) draws of N(0, I): the noise with which the sampler begins, over sigma_max."""
        denoiser: Any = self.networks["denoiser"]
        return torch.randn(n, math.prod(denoiser.shape), generator=generator, device=generator.device)

    @torch.no_grad()
    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, numbers of an example) -> float32 samples, by Heun's rule (algorithm 1 of the paper, without new noise).

        Solves dx/dσ = (x − D(x; σ))/σ from the largest level to 0. Images are held in [-1, 1] at the end.
        """
        if labels is not None:
            raise UsageError("this method was not told of labels: sample without them.")
        denoiser: Any = self.networks["denoiser"]
        levels = self.levels(latents.device)
        x = levels[0] * latents.view(-1, *denoiser.shape)
        for number in range(self.settings.sampling_steps):
            now, then = levels[number], levels[number + 1]
            slope = (x - self.denoised(x, now)) / now
            ahead = x + (then - now) * slope
            # Heun: the mean of the slopes at both ends. The last level is 0, where there is none
            if number + 1 < self.settings.sampling_steps:
                slope = (slope + (ahead - self.denoised(ahead, then)) / then) / 2
                ahead = x + (then - now) * slope
            x = ahead
        return within(x.float())

    def denoised(self, x: Tensor, sigma: Tensor) -> Tensor:
        """What the denoiser makes of x at one level for all."""
        network: Any = self.networks["denoiser"]
        with self.autocast():
            return network(x, sigma.expand(len(x))).float()

    def levels(self, device: Any = "cpu") -> Tensor:
        """(sampling_steps + 1,) noise levels from the largest to the least, and 0."""
        s = self.settings
        place = torch.linspace(1, 0, s.sampling_steps, device=device)
        return torch.cat([spaced(place, s.sigma_min, s.sigma_max, s.rho), place.new_zeros(1)])


def spaced(place: Tensor, least: float, most: float, rho: float) -> Tensor:
    """Levels at places in [0, 1]: least at 0, most at 1, evenly spaced in sigma^(1/rho) (EDM, equation 5)."""
    low, high = least ** (1 / rho), most ** (1 / rho)
    return (low + place * (high - low)) ** rho


def within(samples: Tensor) -> Tensor:
    """Images in [-1, 1]; points as they are."""
    return samples.clamp(-1, 1) if samples.ndim == 4 else samples
