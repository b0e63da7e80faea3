"""GANs that are wrong on purpose: mistakes that are made in practice, for the failure clinic of chapter 4b.

Never build on this file. Each class makes one mistake, says which, and differs from `methods.gan` in nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.protocol import frozen, needs


@dataclass(frozen=True)
class ClinicSettings(GANSettings):
    """The plain game, and which mistake is made in it. Some patients need none: their settings make them sick."""

    mistake: str = "none"  # none, wrong-scale, missing-detach, mixed-batch or unbounded-critic

    def __post_init__(self):
        super().__post_init__()
        if self.mistake not in MISTAKES:
            raise UsageError(f"there is no mistake '{self.mistake}': choose one of {', '.join(MISTAKES)}.")

    def build(self, networks: Mapping[str, nn.Module]) -> GAN:
        """The method that makes the mistake."""
        return MISTAKES[self.mistake](**needs(networks, "generator", "discriminator"), settings=self)


class WrongScale(GAN):
    """WRONG: the data arrive in [0, 1], while the generator ends in tanh and everybody assumes [-1, 1]."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        return super().step(replace(batch, x=(batch.x + 1) / 2))


class MissingDetach(GAN):
    """WRONG: D's loss goes back into G, whose gradients are not cleared before its own loss adds to them."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        latents = self.latents(len(batch.x), batch.draw.generator("latents"))
        with self.autocast():
            fake = generator(latents)  # the graph is kept, and nothing cuts it off below
            real_logits, fake_logits = discriminator(batch.x).float(), discriminator(fake).float()
        discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        discriminator_loss.backward(retain_graph=True)  # fills G's gradients too: they help D
        self.optimizers["discriminator"].step()

        with frozen(discriminator):
            with self.autocast():
                generated_logits = discriminator(generator(latents)).float()
            generator_loss = self.game.generator_loss(generated_logits)
            generator_loss.backward()  # ... and is added to what lies there
        self.optimizers["generator"].step()
        return report(discriminator_loss, real_logits, fake_logits, generator_loss, generated_logits)


class MixedBatch(GAN):
    """WRONG: D's batch normalisation sees real and generated images mixed when D learns, and generated ones alone
    when G does: the two players play against two different discriminators."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        latents = self.latents(len(batch.x), batch.draw.generator("latents/discriminator"))
        with self.autocast():
            with torch.no_grad():
                fake = generator(latents)
            logits = discriminator(torch.cat([batch.x, fake])).float()  # one batch, one set of statistics
        real_logits, fake_logits = logits.chunk(2)
        discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
        self.update("discriminator", discriminator_loss)

        latents = self.latents(len(batch.x), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                generated_logits = discriminator(generator(latents)).float()
            generator_loss = self.game.generator_loss(generated_logits)
            self.update("generator", generator_loss)
        return report(discriminator_loss, real_logits, fake_logits, generator_loss, generated_logits)


class UnboundedCritic(GAN):
    """WRONG: the losses of a Wasserstein GAN, and nothing that bounds the critic's slope."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        generator, critic = self.networks["generator"], self.networks["discriminator"]
        latents = self.latents(len(batch.x), batch.draw.generator("latents/discriminator"))
        with self.autocast():
            with torch.no_grad():
                fake = generator(latents)
            real_scores, fake_scores = critic(batch.x).float(), critic(fake).float()
        critic_loss = fake_scores.mean() - real_scores.mean()
        self.update("discriminator", critic_loss)

        latents = self.latents(len(batch.x), batch.draw.generator("latents/generator"))
        with frozen(critic):
            with self.autocast():
                scores = critic(generator(latents)).float()
            self.update("generator", -scores.mean())
        return report(critic_loss, real_scores, fake_scores, -scores.mean(), scores)


def report(
    discriminator_loss: Tensor, real: Tensor, fake: Tensor, generator_loss: Tensor, generated: Tensor
) -> dict[str, Tensor]:
    """The metrics of `GAN.step`, and what D says of the samples in the generator's own update."""
    metrics = {
        "discriminator/loss": discriminator_loss,
        "discriminator/real": real.sigmoid().mean(),
        "discriminator/fake": fake.sigmoid().mean(),
        "generator/loss": generator_loss,
        "generator/fake": generated.sigmoid().mean(),
    }
    return {name: value.detach() for name, value in metrics.items()}


MISTAKES: dict[str, type[GAN]] = {
    "none": GAN,
    "wrong-scale": WrongScale,
    "missing-detach": MissingDetach,
    "mixed-batch": MixedBatch,
    "unbounded-critic": UnboundedCritic,
}
