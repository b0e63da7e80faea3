r"""Five Wasserstein GANs of one architecture that grow, or do not, on the way to it (Sandström, 2019).

With layers that grow and nothing else, this is the progressive growing of Karras et al. (2018).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import schedules
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.networks.fading import blend
from course_lib.networks.progressive import Progressive
from course_lib.networks.stages import Stage, phases
from course_lib.objectives.piecewise_linear import FixedKinks
from course_lib.objectives.wasserstein import critic_loss, generator_loss, gradient_norms, interpolates
from course_lib.settings import Memory, Rate, Weight, check

# Sandström (2019), section 7.2.3
FAITHFUL = {
    "generator_lr": 1e-4, "discriminator_lr": 1e-4, "beta1": 0.0, "beta2": 0.99, "penalty": 10.0, "drift": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class GrowingSettings:
    """How both players learn. Defaults: Sandström (2019), section 7.2.3; the networks say what grows, and when.

    With `faithful`, these and the networks' settings are the thesis's, whatever a recipe or a command says of them.
    Its batch of 16, and that it averages no weights, are settings of data and loop: --batch 16 --ema 0.
    """

    faithful: bool = False  # the thesis's rates and weights in place of those given here

    generator_lr: Rate = 1e-4  # Adam's step size
    discriminator_lr: Rate = 1e-4  # the discriminator's
    beta1: Memory = 0.0  # Adam's memory of the gradient
    beta2: Memory = 0.99  # of its square
    penalty: Weight = 10.0  # lambda, the weight of (norm of the gradient - 1)^2
    # of the mean squared score of real images, which holds the scores near 0 (ProGAN: 0.001)
    drift: Weight = 0.0

    def __post_init__(self):
        if self.faithful:
            for name, value in FAITHFUL.items():
                object.__setattr__(self, name, value)
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "Growing":
        return Growing(**needs(networks, "generator", "discriminator"), settings=self)


class Growing(Generative):
    """Networks of `networks.progressive`, of one table of stages. z is drawn whole, whatever part of it is used."""

    label = "growing GAN"
    scheduled = True  # a stage takes its share of the run's steps

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: GrowingSettings | None = None
    ):
        s = settings or GrowingSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        for role, network in self.networks.items():
            if not isinstance(network, Progressive):
                raise UsageError(
                    f"the {role} must be one that grows: choose the networks of a growing recipe."
                )
        rates = {"generator": s.generator_lr, "discriminator": s.discriminator_lr}
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    @property
    def table(self) -> tuple[Stage, ...]:
        """The stages of the run."""
        return self.networks["generator"].table  # type: ignore[return-value]

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) draws, uniform on the sphere of radius 1, of which each stage uses the first dimensions."""
        return F.normalize(super().latents(n, generator), dim=1)

    def position(self, step: int) -> tuple[int, float]:
        """The phase of the networks at a step, and how far a growth is faded in, from 0 to 1."""
        lengths = phases(self.table, self.steps)
        phase, inside = schedules.stage(step, lengths)
        return phase, inside / lengths[phase] if phase % 2 else 1.0

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Grow if it is time, then one update of each player (Gulrajani et al., 2017, algorithm 1 with one of D)."""
        phase, fade = self.position(batch.draw.step)
        self.enter(phase)
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        for network in (generator, discriminator):
            network.fade.fill_(fade)  # type: ignore[operator, union-attr]
        real = self.real(batch.x, fade)

        latents = self.latents(len(real), batch.draw.generator("latents/discriminator"))
        with self.autocast():
            with torch.no_grad():
                fake = generator(latents)
            real_scores, fake_scores = discriminator(real).float(), discriminator(fake).float()
        norms = self.slopes(batch, real, fake.to(real.dtype))
        loss = critic_loss(real_scores, fake_scores) + self.settings.penalty * (norms - 1).square().mean()
        if self.settings.drift:
            loss = loss + self.settings.drift * real_scores.square().mean()
        self.update("discriminator", loss)

        latents = self.latents(len(real), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                scores = discriminator(generator(latents)).float()
            self.update("generator", generator_loss(scores))

        metrics = {
            "discriminator/loss": loss,
            "discriminator/distance": real_scores.mean() - fake_scores.mean(),
            "discriminator/slope": norms.mean(),
            "generator/loss": -scores.mean(),
        }
        return {name: value.detach() for name, value in metrics.items()}

    def slopes(self, batch: Batch, real: Tensor, fake: Tensor) -> Tensor:
        """(B,) norms of the gradient at random points between real and generated images.

        Of the sum of all scores: the minibatch deviation lets an image change the scores of others too. ProGAN and the
        thesis take it so.
        """
        epsilon = torch.rand(len(fake), generator=batch.draw.generator("interpolates"), device=fake.device)
        x = interpolates(real, fake, epsilon.to(fake.dtype)).requires_grad_(True)
        with self.autocast(), FixedKinks():
            # `forward` and not a call: a compiled module cannot be differentiated twice, its forward can
            scores = self.networks["discriminator"].forward(x)
        return gradient_norms(scores.float(), x)

    def real(self, images: Tensor, fade: float) -> Tensor:
        """Images as the present stage shows them: reduced, from the last stage's resolution faded to this one's."""
        discriminator: Progressive = self.networks["discriminator"]  # type: ignore[assignment]
        before = discriminator.previous.real if discriminator.fading else None
        return shown(images, discriminator.stage, before, fade)

    def resized(self, role: str, network: nn.Module, stage: int) -> nn.Module:
        """The network, in a later phase of its table."""
        network.advance(stage)  # type: ignore[operator]
        return network


def reduced(images: Tensor, resolution: int) -> Tensor:
    """(B, C, H, W) -> (B, C, resolution, resolution): the means of equal squares."""
    size = images.shape[-1] // resolution
    return images if size == 1 else F.avg_pool2d(images, size)


def enlarged(images: Tensor, resolution: int) -> Tensor:
    """(B, C, H, W) -> (B, C, resolution, resolution), each pixel repeated."""
    size = resolution // images.shape[-1]
    return images if size == 1 else F.interpolate(images, scale_factor=float(size))


def shown(images: Tensor, stage: Stage, before: int | None, alpha: float) -> Tensor:
    r"""Real images as a stage shows them: (B, C, H, W) -> (B, C, stage.resolution, stage.resolution).

    Reduced to `stage.real` pixels; where a stage of `before` pixels is left behind, blended with their reduction to
    these, $(1 - \alpha)$ to $\alpha$ (Sandström, 2019, section 6.2.7); then enlarged to what the layers work at.
    """
    images = reduced(images, stage.real)
    if before is not None and before != stage.real:
        images = blend(enlarged(reduced(images, before), stage.real), images, alpha)
    return enlarged(images, stage.resolution)
