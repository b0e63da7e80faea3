"""The f-GAN (Nowozin et al., 2016): a critic bounds an f-divergence from below, the generator lowers the bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.generative import Generative, LatentLaw
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives import fgan
from course_lib.settings import Count, Limits, Memory, Rate, check
from course_lib.theory import fdivergences

Order = Annotated[float, Limits("an order", *fdivergences.ALPHAS)]


@dataclass(frozen=True)
class FGANSettings:
    """Which divergence, and how the game is played. Defaults: Nowozin et al. (2016), section 4 and algorithm 1."""

    divergence: str = "gan"  # a name in theory.fdivergences.FAMILY, or alpha
    alpha: Order = 0.5  # order of the divergence "alpha", from -2 to 2
    alternative_generator: bool = False  # raise E[g(v(G(z)))] instead of lowering the bound
    generator_lr: Rate = 2e-4  # Adam's step size
    critic_lr: Rate = 2e-4  # the critic's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    critic_steps: Count = 1  # updates of the critic for each of the generator
    latent_law: LatentLaw = "normal"  # of z: N(0, I), or uniform on [-1, 1]

    def __post_init__(self):
        check(self)
        fdivergences.find(self.divergence, self.alpha)

    def build(self, networks: Mapping[str, nn.Module]) -> "FGAN":
        """The critic is what a pair of players calls its discriminator."""
        return FGAN(**needs(networks, "generator", critic="discriminator"), settings=self)


class FGAN(Generative):
    """Two players. `generator.latent` is the dimension of z; `critic` returns (B,) raw outputs v, of any size."""

    label = "f-GAN"

    def __init__(self, generator: nn.Module, critic: nn.Module, settings: FGANSettings | None = None):
        s = settings or FGANSettings()
        super().__init__(s, generator=generator, critic=critic)
        self.divergence = fdivergences.find(s.divergence, s.alpha)
        self.latent_law, self.minibatches = s.latent_law, s.critic_steps
        rates = {"generator": s.generator_lr, "critic": s.critic_lr}
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """`critic_steps` updates that raise the bound, each on a minibatch of its own, then one that lowers it."""
        generator, critic = self.networks["generator"], self.networks["critic"]

        for part in batch.split(self.minibatches):
            latents = self.latents(len(part.x), part.draw.generator("latents/critic"))
            with self.autocast():
                with torch.no_grad():  # the critic's update needs no gradient in G: its samples are data here
                    samples = generator(latents)
                real, fake = critic(part.x), critic(samples)
            critic_loss = fgan.critic_loss(self.divergence, real, fake)
            self.update("critic", critic_loss)

        latents = self.latents(len(part.x), batch.draw.generator("latents/generator"))
        with frozen(critic):
            with self.autocast():
                generated = critic(generator(latents))
            if self.settings.alternative_generator:
                generator_loss = fgan.alternative_generator_loss(self.divergence, generated)
            else:
                generator_loss = fgan.generator_loss(self.divergence, generated)
            self.update("generator", generator_loss)

        return {
            "critic/bound": -critic_loss.detach(),  # F, in nats: what the critic finds of the divergence
            "critic/real": real.detach().float().mean(),
            "critic/fake": fake.detach().float().mean(),
            "generator/loss": generator_loss.detach(),
        }
