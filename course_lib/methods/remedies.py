"""The game of `methods.gan` with the remedies against collapse, each a setting of its own that can be left off.

Minibatch layers and virtual batch normalisation are parts of networks (`networks.batch_aware`); the rest is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.optimisers import set_rates
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives import penalties, remedies, statistics
from course_lib.schedules import decay, fade
from course_lib.settings import Deviation, Share, SomeShare, Weight


@dataclass(frozen=True)
class RemedySettings(GANSettings):
    """Every remedy off: the plain game.

    Sources: Salimans et al. (2016), Sønderby et al. (2017), Mescheder et al. (2018). Pairing is in `methods.r3gan`.
    """

    feature_matching: bool = False  # the generator matches mean features of D, instead of fooling it
    real_target: SomeShare = 1.0  # label of real data; 0.9 is one-sided label smoothing
    instance_noise: Deviation = 0.0  # standard deviation, at the start, of noise on all that D sees
    noise_share: Share = 0.5  # share of the run over which that noise falls linearly to 0; 0: it stays
    historical_averaging: Weight = 0.0  # weight of each player's squared distance from the mean of its past
    decay_share: Share = 0.0  # last share of the run over which both rates fall linearly to 0

    def __post_init__(self):
        super().__post_init__()
        if self.real_target < 1 and self.game not in ("non-saturating", "minimax"):
            raise UsageError(
                "label smoothing changes a cross-entropy: play the non-saturating or the minimax game."
            )

    def build(self, networks: Mapping[str, nn.Module]) -> "RemedyGAN":
        return RemedyGAN(**needs(networks, "generator", "discriminator"), settings=self)


class RemedyGAN(GAN):
    """`GAN` with remedies. For feature matching the discriminator has a method `features`: (B, ...) -> (B, F)."""

    settings: RemedySettings

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: RemedySettings | None = None
    ):
        super().__init__(generator, discriminator, settings or RemedySettings())
        self.scheduled = self.settings.decay_share > 0 or self.settings.instance_noise > 0
        self.past: dict[str, list[Tensor]] = {}  # by role: the mean of its parameters so far
        self.moves: dict[str, int] = {}  # by role: how many that mean is over

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Algorithm 1 of the original game, with the remedies where they enter it."""
        generator, discriminator, s = *self.networks.values(), self.settings
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, s.decay_share))

        for part in batch.split(self.minibatches):
            latents = self.latents(len(part.x), part.draw.generator("latents/discriminator"))
            with self.autocast(), torch.no_grad():
                fake = generator(latents)
            lazily = s.r1_every if batch.draw.step % s.r1_every == 0 else 0
            real = self.shown(part.x, part, "real").detach().requires_grad_(s.r1 * lazily > 0)
            fake = self.shown(fake.float(), part, "fake").detach()
            with self.autocast():
                # `forward` and not a call: a compiled module cannot be differentiated twice, its forward can
                real_logits = discriminator.forward(real).float()
                fake_logits = discriminator.forward(fake).float()
            discriminator_loss = self.discriminator_loss(real_logits, fake_logits)
            penalty = s.r1 * lazily * penalties.r1(real_logits, real) if real.requires_grad else 0
            self.update("discriminator", discriminator_loss + penalty)

        latents = self.latents(len(part.x), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                fake = self.shown(generator(latents), batch, "generated")
                generator_loss = self.generator_loss(real.detach(), fake)
            self.update("generator", generator_loss)

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),  # mean of D(x)
            "discriminator/fake": fake_logits.sigmoid().mean(),  # mean of D(G(z))
            "generator/loss": generator_loss,
        }
        if isinstance(penalty, Tensor):
            metrics["discriminator/penalty"] = penalty
        return {name: value.detach() for name, value in metrics.items()}

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Of logits (B,): smoothed, or as in the plain game."""
        if self.settings.real_target < 1:
            return remedies.smoothed_discriminator(real, fake, self.settings.real_target)
        return self.game.discriminator_loss(real, fake)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Of images (B, ...): how far the mean features of D lie apart, where they are matched, or that of the game."""
        discriminator: Any = self.networks["discriminator"]
        if self.settings.feature_matching:
            features = discriminator.features(real).float(), discriminator.features(fake).float()
            return statistics.feature_matching(*features)
        return self.game.generator_loss(discriminator(fake).float())

    def shown(self, x: Tensor, batch: Batch, which: str) -> Tensor:
        """What D sees of x: with instance noise while there is some (Sønderby et al., 2017, section 3)."""
        s = self.settings
        std = s.instance_noise * fade(batch.draw.step, self.steps, s.noise_share)
        if std == 0:
            return x
        noise = torch.randn(x.shape, generator=batch.draw.generator(f"noise/{which}"), device=x.device)
        return x + std * noise

    def update(self, role: str, loss: Tensor) -> None:
        """One gradient step of one player, pulled towards the mean of its past where that is a setting."""
        if not self.settings.historical_averaging:
            return super().update(role, loss)
        parameters = list(self.networks[role].parameters())
        past = self.past.setdefault(role, [p.detach().clone() for p in parameters])
        past[:] = [p.to(parameters[0].device) for p in past]
        pull = statistics.historical_averaging(parameters, past)
        super().update(role, loss + self.settings.historical_averaging * pull)
        self.moves[role] = self.moves.get(role, 1) + 1
        torch._foreach_lerp_(past, [p.detach() for p in parameters], 1 / self.moves[role])

    def state_dict(self) -> dict[str, Any]:
        past = {role: {str(i): p for i, p in enumerate(past)} for role, past in self.past.items()}
        return {**super().state_dict(), "past": past, "moves": dict(self.moves)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.past = {
            role: [past[str(i)].clone() for i in range(len(past))] for role, past in state["past"].items()
        }
        self.moves = dict(state["moves"])
