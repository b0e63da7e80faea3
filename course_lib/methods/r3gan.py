"""R3GAN (Huang et al., 2024): real and generated samples are scored in pairs, and D's slope is bounded on both."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.generative import Generative, check_gradient_per_image
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives import penalties, remedies
from course_lib.schedules import decay
from course_lib.settings import Count, Memory, Rate, Share, Weight, check


@dataclass(frozen=True)
class R3GANSettings:
    """How the game is played. Defaults: those of the plain game here, with the penalties of the paper's section 3.

    With r1 and r2 of 0 it is relativistic pairing alone (Jolicoeur-Martineau, 2019).
    """

    generator_lr: Rate = 2e-4  # Adam's step size
    discriminator_lr: Rate = 2e-4  # the discriminator's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    r1: Weight = 1.0  # weight gamma of the squared slope of D on real samples; 0 leaves it out
    r2: Weight = 1.0  # and on generated ones
    r1_every: Count = 1  # apply both at every n-th step with n times the weight; the paper: at every step
    decay_share: Share = 0.0  # last share of the run over which both rates fall linearly to 0

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "R3GAN":
        return R3GAN(**needs(networks, "generator", "discriminator"), settings=self)


class R3GAN(Generative):
    """Two players. `generator.latent` is the dimension of z; `discriminator` returns (B,) scores."""

    label = "R3GAN"

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: R3GANSettings | None = None):
        s = settings or R3GANSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        for name, weight in (("R1", s.r1), ("R2", s.r2)):
            if weight:
                check_gradient_per_image(discriminator, f"{name} needs a gradient per image")
        self.scheduled = s.decay_share > 0
        self.rates = {"generator": s.generator_lr, "discriminator": s.discriminator_lr}
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Equation 2: one update of D on pairs, with R1 and R2 (equation 3), then one of G on pairs."""
        generator, discriminator, s = *self.networks.values(), self.settings
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, s.decay_share))
        lazily = s.r1_every if batch.draw.step % s.r1_every == 0 else 0

        latents = self.latents(len(batch.x), batch.draw.part(0).generator("latents/discriminator"))
        with self.autocast(), torch.no_grad():
            fake = generator(latents)
        real = batch.x.detach().requires_grad_(s.r1 * lazily > 0)
        fake = fake.float().detach().requires_grad_(s.r2 * lazily > 0)
        with self.autocast():
            # `forward` and not a call: a compiled module cannot be differentiated twice, its forward can
            real_scores = discriminator.forward(real).float()
            fake_scores = discriminator.forward(fake).float()
        discriminator_loss = remedies.relativistic_discriminator(real_scores, fake_scores)
        penalty = sum(
            weight * lazily * penalties.r1(scores, x)  # on generated samples this is R2
            for weight, scores, x in ((s.r1, real_scores, real), (s.r2, fake_scores, fake))
            if x.requires_grad
        )
        self.update("discriminator", discriminator_loss + penalty)

        latents = self.latents(len(batch.x), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                against = discriminator(real.detach()).float()
                scores = discriminator(generator(latents)).float()
            generator_loss = remedies.relativistic_generator(against, scores)
            self.update("generator", generator_loss)

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_scores.sigmoid().mean(),
            "discriminator/fake": fake_scores.sigmoid().mean(),
            "generator/loss": generator_loss,
        }
        if isinstance(penalty, Tensor):
            metrics["discriminator/penalty"] = penalty
        return {name: value.detach() for name, value in metrics.items()}
