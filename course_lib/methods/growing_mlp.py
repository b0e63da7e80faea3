"""A game in which the generator's latent space grows (Sandström, 2019, sections 6.1 and 7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative, LatentLaw
from course_lib.methods.protocol import frozen, needs
from course_lib.networks.growing_mlp import check_latents, grow_latent
from course_lib.objectives.adversarial import GAMES
from course_lib.settings import Count, Memory, Rate, check


@dataclass(frozen=True)
class GrowingMLPSettings:
    """How the game is played, and when z grows. Defaults: Sandström (2019), section 7.1, and the code beside it."""

    game: str = "non-saturating"  # a name in objectives.adversarial.GAMES
    generator_lr: Rate = 1e-3  # RMSprop's step size
    discriminator_lr: Rate = 1e-3  # the discriminator's
    memory: Memory = 0.9  # RMSprop's memory of the gradient's square
    updates: Count = 10  # of each player on one minibatch, with the same latents
    latent_law: LatentLaw = "uniform"  # of z: N(0, I), or uniform on [-1, 1]
    latents: tuple[int, ...] = (1, 2)  # dimensions of z, stage by stage
    grow_at: tuple[float, ...] = (0.5,)  # shares of the run at which a stage begins, all but the first

    def __post_init__(self):
        check(self)
        check_latents(self.latents)
        if self.game not in GAMES:
            raise UsageError(f"there is no game '{self.game}': choose one of {', '.join(GAMES)}.")
        ordered = list(self.grow_at) == sorted(set(self.grow_at))
        if (
            len(self.grow_at) != len(self.latents) - 1
            or not ordered
            or not all(0 < share < 1 for share in self.grow_at)
        ):
            raise UsageError(
                f"grow_at says at which share of the run each stage after the first begins: {len(self.latents)} stages "
                f"need {len(self.latents) - 1} rising numbers between 0 and 1."
            )

    def build(self, networks: Mapping[str, nn.Module]) -> "GrowingMLP":
        return GrowingMLP(**needs(networks, "generator", "discriminator"), settings=self)


class GrowingMLP(Generative):
    """Two perceptrons; the generator is given inputs at set shares of the run. With one stage it is the plain game."""

    label = "growing MLP"
    scheduled = True

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: GrowingMLPSettings | None = None
    ):
        s = settings or GrowingMLPSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        if self.latent != s.latents[0]:
            raise UsageError(
                f"the generator takes {self.latent} latents and the first stage has {s.latents[0]}: make them equal."
            )
        self.game, self.latent_law = GAMES[s.game], s.latent_law
        rates = {"generator": s.generator_lr, "discriminator": s.discriminator_lr}
        self.optimizers = {
            role: torch.optim.RMSprop(
                self.networks[role].parameters(), rate, s.memory, eps=1e-10, foreach=True
            )
            for role, rate in rates.items()
        }

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Grow if it is time. Then update D, and after it G, `updates` times each, on one minibatch and its latents."""
        self.enter(self.stage_at(batch.draw.step))
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        latents = self.latents(len(batch), batch.draw.generator("latents"))
        with self.autocast(), torch.no_grad():  # G stands still while D learns
            both = torch.cat([batch.x, generator(latents)])
        for _ in range(self.settings.updates):
            with self.autocast():
                real_logits, fake_logits = discriminator(both).float().chunk(2)
            discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
            self.update("discriminator", discriminator_loss)
        with frozen(discriminator):
            for _ in range(self.settings.updates):
                with self.autocast():
                    logits = discriminator(generator(latents)).float()
                generator_loss = self.game.generator_loss(logits)
                self.update("generator", generator_loss)
        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),  # mean of D(x)
            "discriminator/fake": fake_logits.sigmoid().mean(),  # mean of D(G(z))
            "generator/loss": generator_loss,
        }
        return {name: value.detach() for name, value in metrics.items()}

    def stage_at(self, step: int) -> int:
        """The stage of the step, counted from 0, of a run of `self.steps`."""
        return sum(step >= share * self.steps for share in self.settings.grow_at)

    # growth

    def resized(self, role: str, network: nn.Module, stage: int) -> nn.Module:
        """The generator with the latent space of that stage; the discriminator as it is."""
        return grow_latent(network, self.settings.latents[stage]) if role == "generator" else network  # type: ignore[arg-type]

    def enter(self, stage: int) -> None:
        super().enter(stage)
        self.latent = self.settings.latents[stage]
