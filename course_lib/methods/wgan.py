"""Wasserstein GANs: a critic whose slope is kept down by clipping, a gradient penalty, or spectral norms.

None of the three makes a critic 1-Lipschitz: clipping bounds its slope by some number that follows from the weights'
bound and the architecture, the penalty charges for slopes other than one where it looks, and spectral norms divide by
estimates that lag behind the weights. `evaluation.lipschitz` measures what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative, check_gradient_per_image
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives.piecewise_linear import FixedKinks
from course_lib.objectives.wasserstein import (
    clip_weights,
    critic_loss,
    generator_loss,
    gradient_norms,
    interpolates,
)
from course_lib.settings import Bound, Count, Memory, Rate, Weight, check

Constraint = Literal["clip", "penalty", "spectral"]
Rule = Literal["adam", "rmsprop"]


@dataclass(frozen=True)
class WGANSettings:
    """How the critic is kept Lipschitz, and how both learn. Defaults: Gulrajani et al. (2017), algorithm 1.

    The original (Arjovsky et al., 2017, algorithm 1) is constraint "clip", optimizer "rmsprop" and both rates 5e-5.
    """

    constraint: Constraint = "penalty"  # clip, penalty or spectral: what keeps the slope down
    critic_steps: Count = 5  # updates of the critic for each of G
    clip: Bound = 0.01  # with "clip": every weight of the critic stays in [-clip, clip]
    penalty: Weight = 10.0  # with "penalty": lambda, the weight of (norm of the gradient - 1)^2
    optimizer: Rule = "adam"  # adam or rmsprop
    generator_lr: Rate = 1e-4  # step size
    critic_lr: Rate = 1e-4  # the critic's
    beta1: Memory = 0.0  # Adam's memory of the gradient: none, since the critic that made it has moved on
    beta2: Memory = 0.9  # Adam's memory of its square

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "WGAN":
        """The critic is what a pair of players calls its discriminator."""
        return WGAN(**needs(networks, "generator", critic="discriminator"), settings=self)


class WGAN(Generative):
    """Generator and critic. `generator.latent` is the dimension of z; `critic` returns (B,) scores, of any sign."""

    label = "WGAN"

    def __init__(self, generator: nn.Module, critic: nn.Module, settings: WGANSettings | None = None):
        s = settings or WGANSettings()
        super().__init__(s, generator=generator, critic=critic)
        _check_critic(critic, s.constraint)
        self.minibatches = s.critic_steps
        rates = {"generator": s.generator_lr, "critic": s.critic_lr}
        if s.optimizer == "rmsprop":
            self.optimizers = {
                role: torch.optim.RMSprop(self.networks[role].parameters(), rate)
                for role, rate in rates.items()
            }
        else:
            self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Algorithm 1 of both papers: `critic_steps` updates of the critic, each on data of its own, then one of G."""
        generator, critic = self.networks["generator"], self.networks["critic"]

        for part in batch.split(self.minibatches):
            latents = self.latents(len(part.x), part.draw.generator("latents/critic"))
            with self.autocast():
                with torch.no_grad():  # the critic's update needs no gradient in G: its samples are data here
                    fake = generator(latents)
                real_scores, fake_scores = critic(part.x).float(), critic(fake).float()
            loss = critic_loss(real_scores, fake_scores)
            norms = None
            if self.settings.constraint == "penalty":
                norms = self.slopes(part, fake.to(part.x.dtype))
                loss = loss + self.settings.penalty * (norms - 1).square().mean()
            self.update("critic", loss)
            if self.settings.constraint == "clip":
                clip_weights(critic.parameters(), self.settings.clip)

        latents = self.latents(len(part.x), batch.draw.generator("latents/generator"))
        with frozen(critic):
            with self.autocast():
                scores = critic(generator(latents)).float()
            self.update("generator", generator_loss(scores))

        metrics = {
            "critic/loss": loss,
            # estimates K times W1, where K is the critic's slope
            "critic/distance": real_scores.mean() - fake_scores.mean(),
            "generator/loss": -scores.mean(),
        }
        if norms is not None:
            # of the critic, between data and samples: what the penalty pulls towards 1
            metrics["critic/slope"] = norms.mean()
        return {name: value.detach() for name, value in metrics.items()}

    def slopes(self, batch: Batch, fake: Tensor) -> Tensor:
        """(B,) norms of the critic's gradient, one for each sample, at random points between data and samples."""
        epsilon = torch.rand(
            len(fake), generator=batch.draw.generator("interpolates"), device=fake.device, dtype=fake.dtype
        )
        x = interpolates(batch.x, fake, epsilon).requires_grad_(True)
        with self.autocast(), FixedKinks():
            # `forward` and not a call: a compiled module cannot be differentiated twice, its forward can
            scores = self.networks["critic"].forward(x)
        return gradient_norms(scores.float(), x)


def _check_critic(critic: nn.Module, constraint: Constraint) -> None:
    """Raises UsageError for a critic that the constraint cannot hold."""
    if constraint != "clip":
        check_gradient_per_image(
            critic,
            "the slope of a critic is a matter of one image",
            "none (spectral with --constraint spectral)",
        )
    if constraint == "spectral":
        layers = [module for module in critic.modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
        if not all(parametrize.is_parametrized(layer, "weight") for layer in layers):
            raise UsageError(
                "constraint 'spectral' is kept by the critic's own layers: add --discriminator-norm spectral."
            )
