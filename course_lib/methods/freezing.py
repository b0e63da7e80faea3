"""The thought experiment of chapter 4: a game whose discriminator stands still from some step on."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.protocol import needs
from course_lib.settings import CountFrom0


@dataclass(frozen=True)
class FreezingSettings(GANSettings):
    """The plain game, and how long its discriminator plays."""

    freeze_at: CountFrom0 = 0  # step from which D stands still; 0 lets it play to the end

    def build(self, networks: Mapping[str, nn.Module]) -> "FreezingGAN":
        return FreezingGAN(**needs(networks, "generator", "discriminator"), settings=self)


class FreezingGAN(GAN):
    """`GAN` whose discriminator learns for `freeze_at` steps only; the generator plays on against what it then is."""

    settings: FreezingSettings

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: FreezingSettings | None = None
    ):
        super().__init__(generator, discriminator, settings or FreezingSettings())

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Algorithm 1, with a rate of 0 for D once it stands still."""
        s = self.settings
        stands_still = 0 < s.freeze_at <= batch.draw.step
        for group in self.optimizers["discriminator"].param_groups:
            group["lr"] = 0.0 if stands_still else s.discriminator_lr
        return super().step(batch)
