"""P, G and a discriminator trained together, which Arfeen and Zhang (2019), section 4.3, could not make converge.

P alone is bound to what its generator can make. Here the generator may change too, so that G(P(x)) comes nearer to real
images x, and a discriminator is to keep those reconstructions from being smoothed. The paper tries three losses of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.generated_pairs import evaluation
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.projection import Projection, ProjectionSettings, latent_loss
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives.adversarial import GAMES
from course_lib.schedules import warm_cosine
from course_lib.settings import Rate, Weight

Adversarial = Literal["none", "original", "feature-matching", "multi-scale"]
Maps = Sequence[Sequence[Tensor]]  # by scale and layer; the last layer's are logits


@dataclass(frozen=True)
class JointProjectionSettings(ProjectionSettings):
    """The paper names the losses and none of their weights, which are this course's."""

    reconstruction_weight: Weight = 10.0  # of the reconstruction loss on the data's images; 0 leaves it out
    # what D gives P and G: none, original, feature-matching, multi-scale
    adversarial: Adversarial = "original"
    adversarial_weight: Weight = 1.0  # of that loss beside the latent loss
    train_generator: bool = True  # let the generator change too
    generator_lr: Rate = 2e-4  # Adam's step size for the generator
    discriminator_lr: Rate = 2e-4  # the discriminator's

    def build(self, networks: Mapping[str, nn.Module]) -> "JointProjection":
        return JointProjection(**needs(networks, "generator", "projection", "discriminator"), settings=self)


class JointProjection(Projection):
    """Three players. `discriminator` is a `networks.multi_scale.MultiScale`."""

    label = "joint projection"
    averaged = ("projection", "generator")
    settings: JointProjectionSettings

    def __init__(
        self,
        generator: nn.Module,
        projection: nn.Module,
        discriminator: nn.Module,
        settings: JointProjectionSettings | None = None,
    ):
        s = settings or JointProjectionSettings()
        super().__init__(generator, projection, s)
        self.networks["discriminator"] = discriminator
        self.rates = {"projection": s.learning_rate, "discriminator": s.discriminator_lr}
        if s.train_generator:
            generator.requires_grad_(True)
            self.rates["generator"] = s.generator_lr
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)
        self.game = GAMES["least-squares" if s.adversarial == "multi-scale" else "non-saturating"]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of D on images and their reconstructions, then one of P, and of G where it is trained."""
        s, generator, projection = self.settings, self.networks["generator"], self.networks["projection"]
        set_rates(self.optimizers, self.rates, warm_cosine(batch.draw.step, self.steps, s.warm_up))
        pairs = self.stream.at(batch.draw, len(batch), more=batch.draw.step + 1 < self.steps)
        with evaluation(generator), self.autocast():  # the running statistics of a trained generator stay
            made = self.space.decode(projection(batch.x))
            answers = projection(pairs.images)
        metrics = self.judge(batch.x, made.detach())
        latent = latent_loss(answers.float(), pairs.codes, projection)
        reconstruction = self.distance(made.float(), batch.x)
        adversarial = self.adversarial(batch.x, made)
        loss = s.latent_weight * latent + s.reconstruction_weight * reconstruction
        loss = loss + s.adversarial_weight * adversarial
        for role in self.players:
            self.optimizers[role].zero_grad(set_to_none=True)
        loss.backward()
        for role in self.players:
            self.optimizers[role].step()
        metrics |= {
            "projection/latent": latent,
            "projection/reconstruction": reconstruction,
            "projection/adversarial": adversarial,
        }
        return {name: value.detach() for name, value in metrics.items()}

    @property
    def players(self) -> list[str]:
        """The roles that move together, against D."""
        return ["projection", "generator"] if self.settings.train_generator else ["projection"]

    def judge(self, images: Tensor, made: Tensor) -> dict[str, Tensor]:
        """One update of D: images are real, their reconstructions are not. Nothing where there is no such game."""
        if self.settings.adversarial == "none":
            return {}
        discriminator = self.networks["discriminator"]
        with self.autocast():
            real, fake = logits(discriminator(images)), logits(discriminator(made))
        losses = [self.game.discriminator_loss(r, f) for r, f in zip(real, fake, strict=True)]
        loss = torch.stack(losses).mean()
        self.update("discriminator", loss)
        said = {"real": torch.cat(real).mean(), "fake": torch.cat(fake).mean()}
        return {"discriminator/loss": loss} | {f"discriminator/{k}": v for k, v in said.items()}

    def adversarial(self, images: Tensor, made: Tensor) -> Tensor:
        """What D, which stands still meanwhile, gives P and G: how much its answers say against the reconstructions."""
        if self.settings.adversarial == "none":
            return made.new_zeros((), dtype=torch.float32)
        discriminator = self.networks["discriminator"]
        with frozen(discriminator):
            with self.autocast():
                maps = discriminator(made)
                if self.settings.adversarial == "feature-matching":
                    with torch.no_grad():
                        wanted = discriminator(images)
                    return feature_matching(maps, wanted)
            return torch.stack([self.game.generator_loss(f) for f in logits(maps)]).mean()


def logits(maps: Maps) -> list[Tensor]:
    """float32 (n,) a scale: every answer of the last layers."""
    return [scale[-1].float().flatten() for scale in maps]


def feature_matching(maps: Maps, wanted: Maps) -> Tensor:
    """Mean |D_i(G(P(x))) − D_i(x)| of each layer but the last, averaged over layers and scales.

    Wang et al. (2018), equation 4: an image is compared with its own reconstruction. Salimans et al. (2016) compare
    means over a batch (`objectives.statistics`): that asks much less.
    """
    terms = [
        (a.float() - b.float()).abs().mean()
        for scale, other in zip(maps, wanted, strict=True)
        for a, b in zip(scale[:-1], other[:-1], strict=True)
    ]
    return torch.stack(terms).mean()
