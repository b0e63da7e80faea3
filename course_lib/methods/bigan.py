"""Bidirectional GAN (Donahue, Krähenbühl and Darrell, 2017; ALI: Dumoulin et al., 2017): pairs are told apart.

One kind of pair is an image of the data and the code that the encoder E gives it, (x, E(x)); the other a code that was
drawn and what the generator makes of it, (G(z), z). Neither network ever sees what the other made. Where the two kinds
cannot be told apart, each undoes the other (`theory.joint_game`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.generative import Generative, LatentLaw
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives.adversarial import cross_entropy_discriminator
from course_lib.settings import Memory, Rate, check


@dataclass(frozen=True)
class BiGANSettings:
    """How the game is played. Defaults: section 4 and the authors' code."""

    generator_lr: Rate = 2e-4  # Adam's step size
    encoder_lr: Rate = 2e-4  # the encoder's
    discriminator_lr: Rate = 2e-4  # the discriminator's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    latent_law: LatentLaw = "uniform"  # of z: N(0, I), or uniform on [-1, 1]

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "BiGAN":
        return BiGAN(**needs(networks, "generator", "encoder", "discriminator"), settings=self)


class BiGAN(Generative):
    """generator: (B, latent) -> images; encoder: images -> (B, latent); discriminator: images and codes -> (B,)."""

    label = "BiGAN"
    averaged = ("generator", "encoder")

    def __init__(
        self,
        generator: nn.Module,
        encoder: nn.Module,
        discriminator: nn.Module,
        settings: BiGANSettings | None = None,
    ):
        s = settings or BiGANSettings()
        super().__init__(s, generator=generator, encoder=encoder, discriminator=discriminator)
        self.latent_law = s.latent_law
        rates = {
            "generator": s.generator_lr,
            "encoder": s.encoder_lr,
            "discriminator": s.discriminator_lr,
        }
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of D, then one of G and E together, whose loss is D's with the answers exchanged (section 3.4).

        Minimised as it stands, V would give G and E little gradient while D is sure; the authors exchange as well.
        """
        generator, encoder = self.networks["generator"], self.networks["encoder"]
        discriminator = self.networks["discriminator"]

        latents = self.latents(len(batch), batch.draw.generator("latents/discriminator"))
        with self.autocast():
            with torch.no_grad():
                images, codes = generator(latents), encoder(batch.x)
            encoded = discriminator(batch.x, codes).float()
            generated = discriminator(images, latents).float()
        discriminator_loss = cross_entropy_discriminator(encoded, generated)
        self.update("discriminator", discriminator_loss)

        latents = self.latents(len(batch), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                to_fool_as_generated = discriminator(batch.x, encoder(batch.x)).float()
                to_fool_as_encoded = discriminator(generator(latents), latents).float()
            loss = cross_entropy_discriminator(to_fool_as_encoded, to_fool_as_generated)
            self.update_together(loss, "generator", "encoder")

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/encoded": encoded.sigmoid().mean(),  # mean of D(x, E(x))
            "discriminator/generated": generated.sigmoid().mean(),  # mean of D(G(z), z)
            "generator/loss": loss,
        }
        return {name: value.detach() for name, value in metrics.items()}

    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> float32 (B, latent), the encoder's code, by running statistics of batch normalisation."""
        return self.evaluated("encoder", images).float()
