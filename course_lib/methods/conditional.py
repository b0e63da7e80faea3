"""The conditional GAN (Mirza and Osindero, 2014): both players are told what the image should be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.networks.conditions import Conditions
from course_lib.objectives.adversarial import GAMES
from course_lib.seeds import Draw
from course_lib.settings import Memory, PartShare, Rate, check


@dataclass(frozen=True)
class ConditionalSettings:
    """How the game is played. Defaults: Perarnau et al. (2016), whose rates are the DCGAN's."""

    game: str = "non-saturating"  # a name in objectives.adversarial.GAMES
    generator_lr: Rate = 2e-4  # Adam's step size
    discriminator_lr: Rate = 2e-4  # the discriminator's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    mismatched: PartShare = 0.5  # share of real images with another's condition among what D should refuse
    shuffled: bool = False  # the control: each image is told another's condition

    def __post_init__(self):
        check(self)
        if self.game not in GAMES:
            raise UsageError(f"there is no game '{self.game}': choose one of {', '.join(GAMES)}.")

    def build(self, networks: Mapping[str, nn.Module]) -> "ConditionalGAN":
        return ConditionalGAN(**needs(networks, "generator", "discriminator"), settings=self)


class Conditional(Generative):
    """What methods share whose generator takes [z, y]. Its `noise` and `conditions` say what z and y are.

    A latent of such a method is [z, y], (B, noise + size): z ~ N(0, I), and y by the law of the data.
    """

    conditions: Conditions

    def __init__(self, settings: Any, **networks: nn.Module):
        super().__init__(settings, **networks)
        generator: Any = networks["generator"]
        if not hasattr(generator, "conditions"):
            raise UsageError("this method needs a generator with conditions: take it from a conditional GAN.")
        self.conditions, self.noise = generator.conditions, int(generator.noise)

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, noise + size) draws of [z, y]."""
        return self.told(self.noises(n, generator), self.conditions.draw(n, generator))

    def noises(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, noise) draws of z."""
        return torch.randn(n, self.noise, generator=generator, device=generator.device)

    @staticmethod
    def told(z: Tensor, y: Tensor) -> Tensor:
        """(B, noise) and (B, size) -> [z, y]."""
        return torch.cat([z, y.to(z)], 1)

    def parts(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """[z, y] -> (B, noise) and (B, size)."""
        return latents[:, : self.noise], latents[:, self.noise :]

    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, noise + size) -> float32 images; labels, int64 (B,), stand in place of the latents' own conditions.

        Raises UsageError for labels where the generator is told attributes, and for a label that is no class.
        """
        if labels is not None:
            latents = self.told(self.parts(latents)[0], self.conditions.one_hot(labels))
        return super().sample(latents)


class ConditionalGAN(Conditional):
    """Two players. generator: [z, y] -> images; discriminator: images and conditions -> (B,) logits."""

    label = "conditional GAN"

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: ConditionalSettings | None = None
    ):
        s = settings or ConditionalSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        self.game = GAMES[s.game]
        rates = {"generator": s.generator_lr, "discriminator": s.discriminator_lr}
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Take the law of conditions from the data. Raises UsageError for data without them."""
        if not isinstance(dataset, ImageSet):
            raise UsageError("a conditional GAN is told of images: choose a set of images with labels.")
        self.conditions.observe(dataset)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of D, then one of G, on the batch's own conditions (equation 2).

        D should accept a real image with its condition. It should refuse a generated one with the condition that it
        was made for, and a real one with the condition of another image of the batch.
        """
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        y = self.conditions_of(batch)

        latents = self.told(self.noises(len(batch), batch.draw.generator("latents/discriminator")), y)
        with self.autocast():
            with torch.no_grad():
                fake = generator(latents)
            real_logits, fake_logits = discriminator(batch.x, y).float(), discriminator(fake, y).float()
        wrong_logits = None
        if self.settings.mismatched:
            with self.autocast():
                wrong_logits = discriminator(batch.x, self.mixed(y, batch.draw, "mismatched")).float()
        discriminator_loss = self.discriminator_loss(real_logits, fake_logits, wrong_logits)
        self.update("discriminator", discriminator_loss)

        latents = self.told(self.noises(len(batch), batch.draw.generator("latents/generator")), y)
        with frozen(discriminator):
            with self.autocast():
                logits = discriminator(generator(latents), y).float()
            generator_loss = self.game.generator_loss(logits)
            self.update("generator", generator_loss)

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),  # mean of D(x, y)
            "discriminator/fake": fake_logits.sigmoid().mean(),  # mean of D(G(z, y), y)
            "generator/loss": generator_loss,
        }
        if wrong_logits is not None:  # of real images, told another's y
            metrics["discriminator/mismatched"] = wrong_logits.sigmoid().mean()
        return {name: value.detach() for name, value in metrics.items()}

    def conditions_of(self, batch: Batch) -> Tensor:
        """(B, size): what the images of a batch are; in the control, what others of the batch are."""
        y = self.conditions.of(batch.labels, batch.factors)
        return self.mixed(y, batch.draw, "shuffled") if self.settings.shuffled else y

    def mixed(self, y: Tensor, draw: Draw, purpose: str) -> Tensor:
        """The rows of (B, size) in a random order: a draw from p(x) p(y), where some rows may meet their equal."""
        return y[torch.randperm(len(y), generator=draw.generator(purpose), device=y.device)]

    def discriminator_loss(self, real: Tensor, fake: Tensor, wrong: Tensor | None) -> Tensor:
        """Of logits (B,): of real pairs, and of the two kinds that D should refuse.

        Of these, generated images have a share of 1 − m, and real ones with a wrong condition one of m; both are a half
        in the code of Perarnau et al. Where there are no wrong pairs, the generated ones are all.
        """
        loss = self.game.discriminator_loss(real, fake)
        if wrong is None:
            return loss
        m = self.settings.mismatched
        return (1 - m) * loss + m * self.game.discriminator_loss(real, wrong)
