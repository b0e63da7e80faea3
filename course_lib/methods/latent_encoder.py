r"""A learned encoder: a network that answers with a code where optimisation would search for one.

One step, four papers, by their settings. Projection: pairs $(g(c), c)$ alone and the latent loss. pSp (Richardson et
al., 2021): images and how far $g(\bar w + E(x))$ is from them. e4e (Tov et al., 2021): offsets that differ little from
style to style, are opened one by one, and that a discriminator of codes cannot tell from drawn ones. ReStyle (Alaluf et
al., 2021): the encoder sees what it has reached and answers with what is missing, several times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.encoding import delta_lengths, generator_space, mean_code
from course_lib.methods.generated_pairs import PairStream, evaluation
from course_lib.methods.image_loss import ImageLoss, check_judge
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.protocol import frozen, needs
from course_lib.methods.spaces import Space
from course_lib.methods.taught_by_images import TaughtByImages
from course_lib.networks.latent_encoder import LatentEncoder, code_shape
from course_lib.objectives.adversarial import GAMES
from course_lib.objectives.penalties import r1
from course_lib.schedules import decay
from course_lib.settings import Count, CountFrom0, Memory, Rate, Share, Weight, check

GAME = GAMES["non-saturating"]


@dataclass(frozen=True)
class LatentEncoderSettings:
    """What is minimised. Defaults: pSp's, as in its authors' code; the identity loss, which needs a network that knows
    persons, is left out, and Adam stands for Ranger."""

    space: Literal["z", "w", "w+"] = "w+"  # of the codes: z, w, or w+ with a code for each style
    l2: Weight = 1.0  # of the mean squared error of pixels
    lap1: Weight = 0.0  # of Lap1, the Laplacian pyramid's
    perceptual: Weight = 0.8  # of the distance of a judge's features
    judge: str = ""  # the network that judges; empty: the one that suits the data
    pairs: CountFrom0 = 0  # generated images a step, beside the batch, whose codes are known
    code_weight: Weight = 0.0  # of the mean squared error of their codes
    delta_weight: Weight = 0.0  # of the lengths of the differences between styles; e4e's is 2e-4
    open_from: CountFrom0 = 0  # step from which, with deltas, differences are opened; e4e's is 20,000
    open_every: Count = 1  # steps from one to the next; e4e's is 2,000
    discriminator_weight: Weight = 0.0  # of what a discriminator of codes says; e4e's is 0.1
    encoder_lr: Rate = 1e-4  # Adam's step size
    discriminator_lr: Rate = 2e-5  # the discriminator's
    r1: Weight = 10.0  # of the discriminator's squared slope at drawn codes, e4e's
    r1_every: Count = 16  # steps from one such penalty, of so many times its weight, to the next
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.999  # and of its square
    decay_share: Share = 0.0  # of the run, at its end, in which the rate falls to 0

    def __post_init__(self) -> None:
        check(self)
        check_judge(self.judge)
        if not (self.l2 or self.lap1 or self.perceptual or self.code_weight):
            raise UsageError("nothing is minimised: give --l2, --lap1, --perceptual or --code-weight.")

    def build(self, networks: Mapping[str, nn.Module]) -> "LatentEncoding":
        beside: dict[str, Any] = {r: networks[r] for r in ("discriminator", "pool") if r in networks}
        return LatentEncoding(**needs(networks, "encoder", "generator"), **beside, settings=self)


class LatentEncoding(TaughtByImages):
    """An encoder that learns, of a generator that stays as it is.

    encoder: a `LatentEncoder` for codes of the generator's space. discriminator: codes (B, d) -> (B,) logits, and pool:
    a `LatentPool`, where the settings give it a weight. Latents are codes of the space, and `sample` decodes them.
    """

    label = "learned encoder"
    averaged = ("encoder",)

    def __init__(
        self,
        encoder: LatentEncoder,
        generator: nn.Module,
        discriminator: nn.Module | None = None,
        pool: nn.Module | None = None,
        settings: LatentEncoderSettings | None = None,
    ):
        s = settings or LatentEncoderSettings()
        beside: dict[str, Any] = {"discriminator": discriminator, "pool": pool}
        beside = {role: network for role, network in beside.items() if network is not None}
        super().__init__(s, encoder=encoder, generator=generator, **beside)
        if encoder.shape != code_shape(generator, s.space):
            raise UsageError(
                f"this encoder answers with codes {encoder.shape}, and those of {s.space} are "
                f"{code_shape(generator, s.space)}: build it with the same --space."
            )
        if s.code_weight and not s.pairs:
            raise UsageError("codes are known of generated images alone: give --pairs with --code-weight.")
        if s.discriminator_weight and not beside:
            raise UsageError("a discriminator of codes has a weight and is not there: build one.")
        encoder.mean.copy_(mean_code(generator, s.space))
        self.loss = ImageLoss(s.l2, s.lap1, s.perceptual, s.judge)
        self.rates = {"encoder": s.encoder_lr}
        if s.discriminator_weight:
            self.rates["discriminator"] = s.discriminator_lr
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)
        self.scheduled = s.decay_share > 0
        self.open = encoder.shape[0]  # styles that may differ from the first, and it

    @property
    def space(self) -> Space:
        """Of the codes: Z, W or W+."""
        return generator_space(self.networks["generator"], self.settings.space)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of the encoder, whose passes add up their gradients, and one of the discriminator of codes."""
        s, step = self.settings, batch.draw.step
        encoder: Any = self.networks["encoder"]
        space, images, codes = self.space, batch.x, None
        if s.pairs:
            made, codes = PairStream(space, self.autocast).at(batch.draw, s.pairs)
            images = torch.cat([images, made])
        if encoder.deltas:
            self.open = opened(step, encoder.shape[0], s.open_from, s.open_every)
            encoder.opened.fill_(self.open)
        set_rates(self.optimizers, self.rates, decay(step, self.steps, s.decay_share))
        self.optimizers["encoder"].zero_grad(set_to_none=True)

        found = encoder.mean.expand(len(images), *encoder.shape)
        reached = self.shown(space, found[:1]).expand_as(images) if encoder.iterations > 1 else None
        for _ in range(encoder.iterations):
            with self.autocast():
                offsets = encoder(images, reached)
            found = found.detach() + offsets.float()
            reconstructions = self.shown(space, found)
            loss, metrics = self.objective(images, reconstructions, found, codes)
            loss.backward()  # each pass by itself: the next begins where this one got to, and not at its gradients
            reached = reconstructions.detach() if encoder.iterations > 1 else None
        self.optimizers["encoder"].step()

        if s.discriminator_weight:
            metrics |= self.judge_codes(found.detach(), batch)
        return {name: value.detach() for name, value in metrics.items()}

    def shown(self, space: Space, codes: Tensor) -> Tensor:
        """What the generator, which stays as it is, makes of codes: float32 (B, C, H, W)."""
        with frozen(space.decode), evaluation(space.decode), self.autocast():
            return space.decode(codes).float()

    def objective(
        self, images: Tensor, reconstructions: Tensor, found: Tensor, codes: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The encoder's loss, and its terms. codes: of the last images, those that were generated."""
        s, terms = self.settings, self.loss.terms(reconstructions, images)
        loss = torch.as_tensor(self.loss.total(terms), device=found.device)
        if codes is not None:
            terms["code"] = (found[-len(codes) :] - codes).square().mean()
            loss = loss + s.code_weight * terms["code"]
        if s.delta_weight:
            terms["deltas"] = delta_lengths(found).mean()
            loss = loss + s.delta_weight * terms["deltas"]
        if s.discriminator_weight:
            with frozen(self.networks["discriminator"]):
                terms["adversarial"] = GAME.generator_loss(self.logits(found))
            loss = loss + s.discriminator_weight * terms["adversarial"]
        return loss, {f"encoder/{name}": value for name, value in terms.items()}

    def judge_codes(self, found: Tensor, batch: Batch) -> dict[str, Tensor]:
        """One update of the discriminator: codes as the generator was trained on them against those of the encoder."""
        s, step = self.settings, batch.draw.step
        pool: Any = self.networks["pool"]
        shown = pool.swap(found, step, batch.draw.generator("pool"))
        drawn = generator_space(self.networks["generator"], "z" if s.space == "z" else "w")
        real = drawn.draw(len(found), batch.draw.generator("codes")).requires_grad_(True)
        real_logits, fake_logits = self.logits(real), self.logits(shown)
        loss = GAME.discriminator_loss(real_logits, fake_logits)
        if step % s.r1_every == 0:
            loss = loss + s.r1 * s.r1_every * r1(real_logits, real)
        self.update("discriminator", loss)
        return {"discriminator/real": real_logits.mean(), "discriminator/fake": fake_logits.mean()}

    def logits(self, codes: Tensor) -> Tensor:
        """Of every code, (B, d), or of every style that is open, (B, L, d): one after the other."""
        if codes.ndim == 3:
            codes = codes[:, : self.open].flatten(0, 1)
        return self.networks["discriminator"](codes)

    @torch.no_grad()
    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Codes (B, *shape) -> float32 images."""
        if labels is not None:
            raise UsageError("this method was not told of labels: sample without them.")
        return self.shown(self.space, latents)

    def again(self, images: Tensor) -> Tensor:
        """What is left of images by way of their codes: (B, C, H, W)."""
        return self.sample(self.encode(images))


def opened(step: int, styles: int, start: int, every: int) -> int:
    """How many styles may differ from the first, and it: none before `start`, then one more each `every` steps.

    Tov et al. (2021), section 4.2: coarse styles learn first, and differences are small where they bring nothing.
    """
    return 1 if step < start else min(styles, 2 + (step - start) // every)
