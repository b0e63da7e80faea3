"""Perceptual adversarial networks (Wang, Xu, Wang and Tao, 2018): D's own layers measure how far an answer is off.

The distance between translation and truth is taken in four hidden layers of the discriminator, which the translator
makes small and the discriminator large, up to a margin: a perceptual distance that is trained along.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import Method, frozen, needs
from course_lib.objectives.adversarial import cross_entropy_discriminator, non_saturating_generator
from course_lib.settings import Memory, Rate, Weight, check


@dataclass(frozen=True)
class PANSettings:
    """How both learn. Defaults: section 4 for removing rain."""

    layer_weights: tuple[Weight, ...] = (5.0, 1.5, 1.5, 1.0)  # λ of the four layers, from the image on
    margin: Weight = 3.0  # m: above this distance D no longer learns to enlarge it
    adversarial: Weight = 1.0  # weight of the game on D's output; 0 leaves the distance alone
    perceptual: Weight = 1.0  # weight of the distance in D's layers; 0 leaves the game alone
    pixels: Weight = 0.0  # weight of the mean absolute error of pixels; the paper has none
    generator_lr: Rate = 2e-4  # Adam's step size
    discriminator_lr: Rate = 2e-4  # the discriminator's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square

    def __post_init__(self):
        check(self)
        if len(self.layer_weights) != 4:
            raise UsageError(
                f"four layers need four weights, not {len(self.layer_weights)}: give 5,1.5,1.5,1."
            )

    def build(self, networks: Mapping[str, nn.Module]) -> "PAN":
        return PAN(**needs(networks, "generator", "discriminator"), settings=self)


class PAN(Method):
    """generator T: images of the first domain -> of the second; discriminator: `features` gives (B,) logits and layers.

    Batches are pairs: `target` shows what `x` shows.
    """

    label = "PAN"
    averaged = ("generator",)

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: PANSettings | None = None):
        s = settings or PANSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        rates = {"generator": s.generator_lr, "discriminator": s.discriminator_lr}
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of D (the game, and the distance enlarged up to the margin), then one of T (both made small)."""
        s, truth = self.settings, self.truth(batch)
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]

        with self.autocast():
            with torch.no_grad():
                made = generator(batch.x)
            real_logits, of_truth = discriminator.features(truth)  # type: ignore[operator]
            fake_logits, of_made = discriminator.features(made)  # type: ignore[operator]
        game = cross_entropy_discriminator(real_logits.float(), fake_logits.float())
        enlarged = self.distance(of_made, of_truth)
        # [m - distance]+ for each pair
        short = (s.margin - enlarged).relu().mean()
        self.update("discriminator", s.adversarial * game + s.perceptual * short)

        with frozen(discriminator):
            with self.autocast():
                made = generator(batch.x)
                with torch.no_grad():
                    _, of_truth = discriminator.features(truth)  # type: ignore[operator]
                logits, of_made = discriminator.features(made)  # type: ignore[operator]
            distance = self.distance(of_made, of_truth).mean()
            adversarial = non_saturating_generator(logits.float())
            error = (made.float() - truth).abs().mean()
            loss = s.adversarial * adversarial + s.perceptual * distance + s.pixels * error
            self.update("generator", loss)

        metrics = {
            "discriminator/loss": game,
            "discriminator/distance": enlarged.mean(),  # before D's update; the margin is where it stops to grow
            "generator/loss": loss,
            "generator/distance": distance,
            "generator/error": error,  # of pixels in [-1, 1]
        }
        return {name: value.detach() for name, value in metrics.items()}

    def distance(self, made: list[Tensor], truth: list[Tensor]) -> Tensor:
        """Σ λ_i |d_i(T(x)) − d_i(y)|, of each pair the mean over a layer's numbers: four (B, c, h, w) each -> (B,)."""
        terms = [
            weight * (a.float() - b.float()).abs().flatten(1).mean(1)
            for weight, a, b in zip(self.settings.layer_weights, made, truth, strict=True)
        ]
        return torch.stack(terms).sum(0)

    @staticmethod
    def truth(batch: Batch) -> Tensor:
        """The answers. Raises UsageError for a batch without."""
        if batch.target is None:
            raise UsageError("this method learns from pairs: give --target the set of answers, and --paired.")
        return batch.target

    def translate(self, images: Tensor) -> Tensor:
        """(B, C, H, W) of the first domain -> float32 of the second, by running statistics of batch normalisation."""
        return self.evaluated("generator", images).float()

    def preview(self, batch: Batch, draw: torch.Generator) -> Tensor | None:
        """Rows of x, T(x) and the truth: (24, C, H, W) or fewer."""
        rows = [batch.x[:8], self.translate(batch.x[:8]), self.truth(batch)[:8]]
        channels = max(r.shape[1] for r in rows)
        return torch.cat([r.expand(-1, channels, -1, -1) for r in rows]).cpu()
