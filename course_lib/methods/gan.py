"""The generative adversarial network (Goodfellow et al., 2014, algorithm 1), for every game in `objectives`."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative, LatentLaw, check_gradient_per_image
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives import penalties
from course_lib.objectives.adversarial import GAMES
from course_lib.settings import Count, Memory, Rate, Weight, check


@dataclass(frozen=True)
class GANSettings:
    """How the game is played. Defaults: Radford et al. (2016), section 4, on the non-saturating game."""

    game: str = "non-saturating"  # a name in objectives.adversarial.GAMES
    generator_lr: Rate = 2e-4  # Adam's step size
    discriminator_lr: Rate = 2e-4  # the discriminator's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    discriminator_steps: Count = 1  # k of algorithm 1: updates of D for each of G
    latent_law: LatentLaw = "normal"  # of z: N(0, I), or uniform on [-1, 1]
    r1: Weight = 0.0  # weight gamma of the R1 penalty (Mescheder et al., 2018); 0 leaves it out
    r1_every: Count = 1  # apply it at every n-th step with n times the weight (lazily)

    def __post_init__(self):
        check(self)
        if self.game not in GAMES:
            raise UsageError(f"there is no game '{self.game}': choose one of {', '.join(GAMES)}.")

    def build(self, networks: Mapping[str, nn.Module]) -> "GAN":
        return GAN(**needs(networks, "generator", "discriminator"), settings=self)


class GAN(Generative):
    """Two players. `generator.latent` is the dimension of z; `discriminator` returns (B,) logits."""

    label = "GAN"

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: GANSettings | None = None):
        s = settings or GANSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        if s.r1:
            check_gradient_per_image(discriminator)
        self.game = GAMES[s.game]
        self.latent_law, self.minibatches = s.latent_law, s.discriminator_steps
        self.rates = {"generator": s.generator_lr, "discriminator": s.discriminator_lr}
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Algorithm 1: `discriminator_steps` updates of D, each on a minibatch of its own, then one update of G."""
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]

        for part in batch.split(self.minibatches):
            latents = self.latents(len(part.x), part.draw.generator("latents/discriminator"))
            with self.autocast():
                with torch.no_grad():  # D's update needs no gradient in G: its samples are data here
                    fake = generator(latents)
                real_logits, fake_logits = discriminator(part.x).float(), discriminator(fake).float()
            discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
            penalty = self.penalty(part)
            self.update(
                "discriminator", discriminator_loss if penalty is None else discriminator_loss + penalty
            )

        latents = self.latents(len(part.x), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                generated_logits = discriminator(generator(latents)).float()
            generator_loss = self.game.generator_loss(generated_logits)
            self.update("generator", generator_loss)

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),  # mean of D(x)
            "discriminator/fake": fake_logits.sigmoid().mean(),  # mean of D(G(z))
            "generator/loss": generator_loss,
        }
        if penalty is not None:
            metrics["discriminator/r1"] = penalty
        return {name: value.detach() for name, value in metrics.items()}

    def penalty(self, batch: Batch) -> Tensor | None:
        """R1 on the real data of `batch`, weighted, or None at steps that leave it out."""
        if self.settings.r1 == 0 or batch.draw.step % self.settings.r1_every:
            return None
        x = batch.x.detach().requires_grad_(True)
        with self.autocast():
            # `forward` and not a call: a compiled module cannot be differentiated twice, its forward can
            logits = self.networks["discriminator"].forward(x)
        return self.settings.r1 * self.settings.r1_every * penalties.r1(logits.float(), x)
