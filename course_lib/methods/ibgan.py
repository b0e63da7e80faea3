"""IB-GAN (Jeon et al., 2021): InfoGAN whose generator sees its codes through a channel that has a price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.infogan import InfoGAN, code_weights, weight_numbers
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.methods.spaces import Space
from course_lib.objectives import information
from course_lib.objectives.adversarial import non_saturating_generator
from course_lib.objectives.elbo import reparameterised
from course_lib.schedules import fade
from course_lib.settings import Deviation, Memory, Rate, Share, Weight, check


@dataclass(frozen=True)
class IBGANSettings:
    """How the game is played. Defaults: the authors' code on dSprites (main.py)."""

    weights: str = "1"  # λ of the lower bound: one number for all codes, or one for each
    beta: Weight = 0.141  # β of the upper bound, at most λ; 0 leaves it out
    deterministic: bool = False  # the generator sees the mean of r, not a draw
    optimizer: Literal["rmsprop", "adam"] = "rmsprop"  # rmsprop with momentum beta1, or adam
    generator_lr: Rate = 5e-5  # step size of the generator
    encoder_lr: Rate = 5e-5  # that of e(r|z)
    recognition_lr: Rate = 5e-5  # that of Q
    discriminator_lr: Rate = 1e-6  # the discriminator's
    beta1: Memory = 0.9  # momentum, or Adam's memory of the gradient
    beta2: Memory = 0.99  # memory of the gradient's square
    noise_start: Deviation = 1.0  # standard deviation of the noise on what D and Q see, at the start
    noise_end: Deviation = 0.0  # the same once it has sunk
    noise_share: Share = 2 / 3  # of the run, in which it sinks along a straight line
    target_low: Weight = 1.0  # what D should say of a real image, at least
    target_spread: Weight = 0.0  # and how much more at most: 0.7 and 0.5 on faces

    def __post_init__(self):
        check(self)
        weight_numbers(self.weights)

    def build(self, networks: Mapping[str, nn.Module]) -> "IBGAN":
        roles = ("generator", "discriminator", "recognition", "encoder")
        return IBGAN(**needs(networks, *roles), settings=self)


class IBGAN(InfoGAN):
    """z -> r ~ e(r|z) -> G(r), with Q that recognises z.

    generator: (B, size) -> images, fed with r; encoder: z -> mean and log-variance (B, size) of e(r|z), with `latent`
    and `size`. A latent of this method is [z, ε]: what `sample` makes of it is G(mean(z) + deviation(z) ε).
    """

    label = "IB-GAN"
    scheduled = True  # the noise sinks over the run

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        recognition: nn.Module,
        encoder: nn.Module,
        settings: IBGANSettings | None = None,
    ):
        s = settings or IBGANSettings()
        networks = {"generator": generator, "discriminator": discriminator, "recognition": recognition}
        # what InfoGAN sets up that has another meaning here is set up anew below
        super(InfoGAN, self).__init__(s, **networks, encoder=encoder)
        self.codes = recognition.codes  # type: ignore[assignment]
        self.shares = bool(recognition.shares)
        shared = ["discriminator"] if self.shares else []
        self.averaged = ("generator", "encoder", "recognition", *shared)
        self.size = int(encoder.size)  # type: ignore[arg-type]
        self.inputs = int(encoder.latent)  # type: ignore[arg-type]
        self.latent = self.inputs + self.size
        self.weights = code_weights(s.weights, self.codes)
        if s.beta > max(self.weights):
            raise UsageError(
                f"beta is {s.beta:g} and the lower bound weighs {max(self.weights):g}: with a dearer upper bound the "
                f"best code is none; give a beta of at most that."
            )
        rates = {
            "generator": s.generator_lr,
            "encoder": s.encoder_lr,
            "recognition": s.recognition_lr,
            "discriminator": s.discriminator_lr,
        }
        if s.optimizer == "adam":
            self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)
        else:
            self.optimizers = {
                role: torch.optim.RMSprop(
                    self.networks[role].parameters(), rate, alpha=s.beta2, momentum=s.beta1
                )
                for role, rate in rates.items()
            }

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of D, then one of G, e and Q together (equation 10), each on latents of its own.

        The authors compute one batch of samples for both and step D before G's backward pass, which differentiates
        weights that have changed meanwhile: PyTorch refuses that since 1.5. Here G meets the D that has moved, as in
        every game of this project. Q that shares D's front takes it as it is: only D's loss trains it.
        """
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]

        latents = self.latents(len(batch), batch.draw.generator("latents/discriminator"))
        with self.autocast(), torch.no_grad():
            fake = generator(self.channel(latents)[0])
        real, fake = self.shown(batch.x, batch, "real"), self.shown(fake.float(), batch, "fake")
        with self.autocast():
            real_logits, fake_logits = discriminator(real).float(), discriminator(fake).float()
        discriminator_loss = self.discriminator_loss(real_logits, fake_logits, batch)
        self.update("discriminator", discriminator_loss)

        latents = self.latents(len(batch), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                r, mean, log_variance = self.channel(latents)
                images = self.shown(generator(r).float(), batch, "generated")
                logits, answers = self.read(images)
            adversarial = non_saturating_generator(logits)
            lower = information.code_lower_bounds(self.codes, latents, answers)
            upper = information.upper_bound(mean.float(), log_variance.float())
            objective = adversarial - information.weighted(lower, self.weights) + self.settings.beta * upper
            self.update_together(objective, "generator", "encoder", "recognition")

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),  # mean of D(x), with noise on x
            "discriminator/fake": fake_logits.sigmoid().mean(),
            "generator/loss": adversarial,
            "information/lower": lower.sum(),  # nats, of all codes together
            "information/upper": upper,  # nats
        }
        return {name: value.detach() for name, value in metrics.items()}

    def channel(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[z, ε] (B, latent) -> r, and mean and log-variance of e(r|z), all (B, size)."""
        z, noise = latents.split([self.inputs, self.size], 1)
        mean, log_variance = self.networks["encoder"](z)
        r = mean if self.settings.deterministic else reparameterised(mean, log_variance, noise)
        return r, mean, log_variance

    def discriminator_loss(self, real: Tensor, fake: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of logits (B,), against targets for real images that are drawn where they have a range."""
        s = self.settings
        target = s.target_low + s.target_spread * (batch.draw.uniform(len(real), purpose="targets") + 1) / 2
        return (softplus(real) - target * real).mean() + softplus(fake).mean()

    def shown(self, images: Tensor, batch: Batch, which: str) -> Tensor:
        """What D and Q see: with noise while there is some, clamped to the range of images as the authors do."""
        std = self.noise(batch.draw.step)
        if std == 0:
            return images
        noise = torch.randn(
            images.shape, generator=batch.draw.generator(f"noise/{which}"), device=images.device
        )
        return (images + std * noise).clamp(-1, 1)

    def noise(self, step: int) -> float:
        """Standard deviation of the noise at a step."""
        s = self.settings
        return s.noise_end + (s.noise_start - s.noise_end) * fade(step, self.steps, s.noise_share)

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent): z, codes by their laws and further numbers N(0, 1), and then ε ~ N(0, I)."""
        codes = self.codes.draw(n, generator)
        rest = torch.randn(n, self.latent - self.codes.size, generator=generator, device=generator.device)
        return torch.cat([codes, rest], 1)

    @torch.no_grad()
    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, latent) of [z, ε] -> float32 images, by running statistics of batch normalisation."""
        if labels is not None:
            raise UsageError("this method was not told of labels: sample without them.")
        z, noise = latents.split([self.inputs, self.size], 1)
        mean, log_variance = self.posterior(z)
        r = mean if self.settings.deterministic else reparameterised(mean, log_variance, noise)
        return self.decode(r)

    def posterior(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(B, inputs) -> mean and log-variance, both (B, size) float32, of e(r|z)."""
        mean, log_variance = self.evaluated("encoder", z)
        return mean.float(), log_variance.float()

    def decode(self, r: Tensor) -> Tensor:
        """(B, size) -> float32 images: what a traversal of r shows."""
        return self.evaluated("generator", r).float()

    def represent(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, size): the mean of r at the z that Q reads (section 4.4)."""
        z = self.codes.means(self.answers(images))
        return self.posterior(torch.nn.functional.pad(z, (0, self.inputs - z.shape[1])))[0]

    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, latent): [z that Q reads, 0], of which `sample` makes G(represent(images))."""
        z = self.codes.means(self.answers(images))
        return torch.nn.functional.pad(z, (0, self.latent - z.shape[1]))

    @property
    def space(self) -> Space:
        """The space of r, drawn as in training: z, and then e(r|z)."""

        def draws(n: int, generator: torch.Generator) -> Tensor:
            latents = self.latents(n, generator).to(self.device)
            with torch.no_grad():
                return self.channel(latents)[0]

        return Space("r", (self.size,), self.networks["generator"], draws)

    @torch.no_grad()
    def upper_bounds(self, n: int, draw: torch.Generator) -> Tensor:
        """The upper bound by dimensions of r, (size,) in nats, over `n` draws of z; their sum is the bound."""
        z = self.latents(n, draw)[:, : self.inputs]
        return information.upper_bound_by_dimension(*self.posterior(z.to(self.device)))
