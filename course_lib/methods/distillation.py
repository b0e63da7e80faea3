"""A diffusion model distilled to one step (DMD2: Yin et al., 2024), with or without an adversarial term on real images.

Three copies of the teacher's network: the student G, which makes a sample of noise in one step; the fake denoiser,
which follows the law of G's samples; and the teacher itself, which stays as it is. The difference of the two
denoisers' scores is the gradient of a divergence.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import UsageError
from course_lib.methods.diffusion import spaced, within
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.protocol import frozen, needs
from course_lib.networks.denoiser import OneStep
from course_lib.objectives.diffusion import denoising, distribution_matching, rows_like
from course_lib.schedules import decay
from course_lib.seeds import Draw
from course_lib.settings import Bound, Count, Deviation, Memory, Rate, Share, Weight, check
from course_lib.theory import scores


@dataclass(frozen=True)
class DistillationSettings:
    """What is matched, and how. Defaults: the authors' code for ImageNet at 64 pixels."""

    # whose score is the data's: the network's, or the density's own
    teacher: Literal["learnt", "exact"] = "learnt"
    # of an exact teacher: noise that it takes for part of the data, as an error of known size
    blur: Deviation = 0.0
    adversarial: Weight = 3e-3  # weight of the adversarial term in G's loss; 0 leaves it out
    adversarial_fake: Weight = 1e-2  # and in the loss of the fake denoiser, whose features D sees
    fake_steps: Count = 5  # updates of the fake denoiser for each of G
    generator_lr: Rate = 2e-6  # Adam's step size
    fake_lr: Rate = 2e-6  # that of the fake denoiser and of D's head
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.999  # and of its square
    sigma_min: Bound = 0.002  # least noise level
    sigma_max: Bound = 80.0  # largest, and what G is told of its noise
    rho: Bound = 7.0  # levels are drawn evenly in sigma^(1/rho)
    decay_share: Share = 0.0  # last share of the run over which all rates fall linearly to 0

    def __post_init__(self) -> None:
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "Distillation":
        return Distillation(**needs(networks, "denoiser", "discriminator"), settings=self)


class Distillation(Generative):
    """denoiser: the teacher, which does not change; discriminator: its features -> (B,) logits."""

    label = "one-step student"

    def __init__(
        self, denoiser: nn.Module, discriminator: nn.Module, settings: DistillationSettings | None = None
    ):
        s = settings or DistillationSettings()
        generator = OneStep(copy.deepcopy(denoiser).requires_grad_(True), s.sigma_max)  # type: ignore[arg-type]
        fake = copy.deepcopy(denoiser).requires_grad_(True)
        super().__init__(s, generator=generator, fake=fake, discriminator=discriminator, denoiser=denoiser)
        self.minibatches = s.fake_steps
        self.scheduled = s.decay_share > 0
        self.rates = {"generator": s.generator_lr, "fake": s.fake_lr, "discriminator": s.fake_lr}
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)
        self.density: Any = None

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Take the density of points, where it is the teacher. Raises UsageError for data without one."""
        self.density = getattr(dataset, "density", None)
        if self.settings.teacher == "learnt":
            return
        if self.density is None:
            raise UsageError(
                "an exact teacher needs data of known density: choose toy/ring8, or --teacher learnt."
            )
        if self.settings.blur:
            self.density = scores.noised(self.density, self.settings.blur)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Section 4 of DMD2: `fake_steps` updates of the fake denoiser with D, then one of G."""
        s, fake = self.settings, self.networks["fake"]
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, s.decay_share))

        for part in batch.split(self.minibatches):
            with self.autocast(), torch.no_grad():
                made = self.networks["generator"](
                    self.latents(len(part.x), part.draw.generator("latents/fake"))
                )
            fake_loss = following = self.following(made.float(), part.draw)
            if s.adversarial:
                real_logits = self.logits(part.x, part.draw, "real")
                made_logits = self.logits(made.float(), part.draw, "made")
                told_apart = softplus(-real_logits).mean() + softplus(made_logits).mean()
                fake_loss = following + s.adversarial_fake * told_apart
            self.update_together(fake_loss, "fake", "discriminator")

        with frozen(fake), frozen(self.networks["discriminator"]):
            with self.autocast():
                made = self.networks["generator"](self.latents(len(part.x), batch.draw.generator("latents")))
            generator_loss = matching = self.matching(made.float(), batch.draw)
            if s.adversarial:
                deceiving = softplus(-self.logits(made.float(), batch.draw, "generator")).mean()
                generator_loss = matching + s.adversarial * deceiving
            self.update("generator", generator_loss)

        metrics = {"fake/loss": following, "generator/matching": matching}
        if s.adversarial:
            metrics |= {"discriminator/loss": told_apart, "generator/adversarial": deceiving}
        return {name: value.detach() for name, value in metrics.items()}

    def noised(self, x: Tensor, draw: Draw, purpose: str, inner: bool = False) -> tuple[Tensor, Tensor]:
        """x with noise of a level drawn for each example, and the levels (B,).

        inner: of the middle 96 % of places, where the teacher's answers can be relied on.
        """
        s = self.settings
        place = torch.rand(len(x), generator=draw.generator(f"level/{purpose}"), device=x.device)
        if inner:
            place = 0.02 + 0.96 * place
        sigma = spaced(place, s.sigma_min, s.sigma_max, s.rho)
        noise = draw.normal(*x.shape, purpose=f"noise/{purpose}")
        return x + rows_like(sigma, x) * noise, sigma

    def following(self, made: Tensor, draw: Draw) -> Tensor:
        """The denoising loss of the fake denoiser on G's samples: it learns the score of their law."""
        fake: Any = self.networks["fake"]
        x, sigma = self.noised(made, draw, "fake")
        with self.autocast():
            clean = fake(x, sigma)
        return denoising(clean.float(), made, sigma, fake.sigma_data)

    def matching(self, made: Tensor, draw: Draw) -> Tensor:
        """A loss with the gradient (s_fake − s_real) ∂G/∂θ at noised samples, weighed as in DMD."""
        x, sigma = self.noised(made.detach(), draw, "matching", inner=True)
        with torch.no_grad(), self.autocast():
            fake = self.networks["fake"](x, sigma).float()
            if self.settings.teacher == "exact":
                real = scores.denoised(self.density, x, sigma).float()
            else:
                real = self.networks["denoiser"](x, sigma).float()
        return distribution_matching(made, real, fake)

    def logits(self, x: Tensor, draw: Draw, purpose: str) -> Tensor:
        """(B,) of D, which sees noised examples through the features of the fake denoiser."""
        fake: Any = self.networks["fake"]
        noised, sigma = self.noised(x, draw, f"logits/{purpose}")
        with self.autocast():
            return self.networks["discriminator"](fake.features(noised, sigma)).float()

    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, numbers of an example) -> float32 samples in one step; images are held in [-1, 1]."""
        return within(super().sample(latents))
