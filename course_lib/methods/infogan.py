"""InfoGAN (Chen et al., 2016): a game whose generator also raises a bound on what its images tell of their codes."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative, LatentLaw
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives import information
from course_lib.objectives.adversarial import GAMES
from course_lib.settings import Memory, Rate, check
from course_lib.theory.latent_codes import LatentCodes


def weight_numbers(text: str) -> tuple[float, ...]:
    """The numbers in "1, 0.1". Raises UsageError for what is no number of at least 0."""
    try:
        weights = tuple(float(word) for word in text.split(","))
    except ValueError:
        weights = ()
    if not weights or not all(0 <= weight < float("inf") for weight in weights):
        raise UsageError(
            f"'{text}' weighs no code: give one number of at least 0 for all, or one for each, as in '1, 0.1'."
        )
    return weights


def code_weights(text: str, codes: LatentCodes) -> tuple[float, ...]:
    """λ of each code, from "0.5" for all or "1, 0.1" for one after the other. Raises UsageError for another number."""
    weights = weight_numbers(text)
    if len(weights) == 1:
        weights *= len(codes.parts)
    if len(weights) != len(codes.parts):
        raise UsageError(
            f"'{text}' has {len(weights)} weights for {len(codes.parts)} codes: give one for all, or one for each."
        )
    return weights


@dataclass(frozen=True)
class InfoGANSettings:
    """How the game is played. Defaults: the authors' code on digits (launchers/run_mnist_exp.py)."""

    game: str = "non-saturating"  # a name in objectives.adversarial.GAMES
    weights: str = "1"  # λ of the bound: one number for all codes, or one for each, as in "1, 0.1"
    generator_lr: Rate = 1e-3  # Adam's step size
    discriminator_lr: Rate = 2e-4  # the discriminator's
    recognition_lr: Rate = 2e-4  # Q's
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    noise_law: LatentLaw = "uniform"  # of the numbers beside the codes: N(0, I), or uniform on [-1, 1]

    def __post_init__(self):
        check(self)
        weight_numbers(self.weights)
        if self.game not in GAMES:
            raise UsageError(f"there is no game '{self.game}': choose one of {', '.join(GAMES)}.")

    def build(self, networks: Mapping[str, nn.Module]) -> "InfoGAN":
        return InfoGAN(**needs(networks, "generator", "discriminator", "recognition"), settings=self)


class InfoGAN(Generative):
    """Generator, discriminator and Q.

    generator: (B, latent) -> images, fed with codes and then noise. discriminator: images -> (B,) logits.
    recognition: -> (B, codes.answers), with `codes`; where it `shares` layers with D, it reads `discriminator.features`
    and not images, and `discriminator.judge` makes logits of them. It then learns with D, whose loss has the bound too,
    as in the authors' code. Where it stands alone it learns with G: min over G and Q of V − λ L.
    """

    label = "InfoGAN"

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        recognition: nn.Module,
        settings: InfoGANSettings | None = None,
    ):
        s = settings or InfoGANSettings()
        super().__init__(s, generator=generator, discriminator=discriminator, recognition=recognition)
        self.codes: LatentCodes = recognition.codes  # type: ignore[assignment]
        self.shares = bool(recognition.shares)
        # of Q and of what it reads from, so that it answers for the averaged generator
        self.averaged = ("generator", "recognition", *(["discriminator"] if self.shares else []))
        self.weights = code_weights(s.weights, self.codes)
        self.game = GAMES[s.game]
        rates = {
            "generator": s.generator_lr,
            "discriminator": s.discriminator_lr,
            "recognition": s.recognition_lr,
        }
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of D, then one of G (equation 6), each on latents of its own. Q learns with one of them."""
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        recognition = self.networks["recognition"]

        latents = self.latents(len(batch), batch.draw.generator("latents/discriminator"))
        with self.autocast():
            with torch.no_grad():
                fake = generator(latents)
            real_logits = discriminator(batch.x).float()
            if self.shares:
                fake_logits, answers = self.read(fake)
            else:
                fake_logits = discriminator(fake).float()
        discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
        if self.shares:
            bounds = information.code_lower_bounds(self.codes, latents, answers)
            objective = discriminator_loss - information.weighted(bounds, self.weights)
            self.update_together(objective, "discriminator", "recognition")
        else:
            self.update("discriminator", discriminator_loss)

        latents = self.latents(len(batch), batch.draw.generator("latents/generator"))
        with frozen(discriminator), frozen(recognition) if self.shares else nullcontext():
            with self.autocast():
                logits, answers = self.read(generator(latents))
            generator_loss = self.game.generator_loss(logits)
            bounds = information.code_lower_bounds(self.codes, latents, answers)
            objective = generator_loss - information.weighted(bounds, self.weights)
            self.update_together(objective, "generator", *([] if self.shares else ["recognition"]))

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),  # mean of D(x)
            "discriminator/fake": fake_logits.sigmoid().mean(),  # mean of D(G(z))
            "generator/loss": generator_loss,
            "information/lower": bounds.sum(),  # nats, of all codes together
        }
        return {name: value.detach() for name, value in metrics.items()}

    def read(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> (B,) logits of D and (B, codes.answers) of Q, float32."""
        discriminator, recognition = self.networks["discriminator"], self.networks["recognition"]
        if self.shares:
            features = discriminator.features(images)  # type: ignore[operator]
            logits = discriminator.judge(features)  # type: ignore[operator]
            return logits.float(), recognition(features).float()
        return discriminator(images).float(), recognition(images).float()

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent): codes by their laws, and then noise by its own."""
        codes = self.codes.draw(n, generator)
        shape, device = (n, self.latent - self.codes.size), generator.device
        if self.settings.noise_law == "uniform":
            noise = torch.rand(shape, generator=generator, device=device) * 2 - 1
        else:
            noise = torch.randn(shape, generator=generator, device=device)
        return torch.cat([codes, noise], 1)

    @torch.no_grad()
    def answers(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, codes.answers) of Q, by running statistics of batch normalisation."""
        seen = images
        if self.shares:
            discriminator = self.networks["discriminator"]
            training = discriminator.training
            discriminator.eval()
            try:
                with self.autocast():
                    seen = discriminator.features(images)  # type: ignore[operator]
            finally:
                discriminator.train(training)
        return self.evaluated("recognition", seen).float()

    def represent(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, codes.size): what Q reads from images; means, and probabilities of categorical codes."""
        return self.codes.means(self.answers(images))

    @torch.no_grad()
    def lower_bounds(self, n: int, draw: torch.Generator, batch: int = 500) -> Tensor:
        """The bound of each code on `n` samples of its own, (codes,) in nats, with the weights where they stand."""
        total = torch.zeros(len(self.codes.parts), device=draw.device)
        for part in torch.arange(n).split(batch):
            latents = self.latents(len(part), draw)
            answers = self.answers(self.sample(latents))
            total += information.code_lower_bounds(self.codes, latents, answers) * len(part)
        return total / n
