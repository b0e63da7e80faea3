"""R3GAN as its authors train it (Huang et al., 2024): rates, Adam's memory and gamma change during the run.

The game and the penalties are those of `methods.r3gan`. What is added are three schedules along half a cosine: the
rates fall to a quarter, Adam's memory of squares rises from 0.9 to 0.99, and gamma falls to a tenth. The authors let
them last for a burn-in, the first 8 to 20 % of a run (2 of 10, 20 of 100 to 250, 200 of 1,000 million images; their
appendix D), and then keep the values. In it they also change the memory of the averaged weights and the probability of
augmentation, which this method leaves alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.protocol import needs
from course_lib.methods.r3gan import R3GAN, R3GANSettings
from course_lib.schedules import cosine
from course_lib.settings import Memory, Share, SomeShare, check


@dataclass(frozen=True)
class ScheduledR3GANSettings(R3GANSettings):
    """How the game is played, and where its schedules end. Defaults: the presets of the authors' code.

    Only `schedule` is not theirs: by default it is the whole run, for runs that are shorter than their burn-in. r1 and
    r2 are where gamma begins; each data set of the paper has its own (`theory.penalty_scale.PUBLISHED`).
    """

    beta1: Memory = 0.0  # Adam's memory of the gradient: none
    beta2: Memory = 0.9  # of its square, at the start
    final_beta2: Memory = 0.99  # and at the end
    final_rate: Share = 0.25  # both rates at the end, as a share of those at the start
    final_gamma: Share = 0.1  # r1 and r2 at the end, as a share of those at the start
    schedule: SomeShare = 1.0  # share of the run in which all three change; then they stay

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "ScheduledR3GAN":
        return ScheduledR3GAN(**needs(networks, "generator", "discriminator"), settings=self)


class ScheduledR3GAN(R3GAN):
    """Two players, as in `methods.r3gan`; their rates, memory and penalties are functions of the step."""

    label = "R3GAN"

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: ScheduledR3GANSettings | None = None
    ):
        super().__init__(generator, discriminator, settings or ScheduledR3GANSettings())
        self.start, self.start_rates = self.settings, dict(self.rates)
        self.scheduled = True

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """The step of R3GAN with this step's rates, memory of squares and gamma."""
        s = self.start
        left = cosine(batch.draw.step, s.schedule * self.steps)  # from 1 to 0

        def now(start: float, end: float) -> float:
            return end + (start - end) * left

        self.rates = {role: now(rate, s.final_rate * rate) for role, rate in self.start_rates.items()}
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["betas"] = (s.beta1, now(s.beta2, s.final_beta2))
        gamma = {name: now(start, s.final_gamma * start) for name, start in (("r1", s.r1), ("r2", s.r2))}
        self.settings = replace(s, **gamma)
        return super().step(batch)
