"""Projection networks (Arfeen and Zhang, 2019): P learns the way from an image to its code, on generated pairs alone.

The generator is fixed. The loss compares codes, E ‖P(G(w)) − w‖², so the best P is the conditional mean E[w | image]:
the code itself where an image has one, and the mean of all codes that give this image where it has many. No label is
used, and no photograph, unless P is tuned on a reconstruction loss, E ‖x − G(P(x))‖², as in the paper's section 4.3.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.resolution import blurred
from course_lib.data.toy import PointSet
from course_lib.errors import UsageError
from course_lib.methods.generated_pairs import evaluation
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.prefetched_pairs import PrefetchedPairs
from course_lib.methods.protocol import frozen, needs
from course_lib.methods.spaces import Space
from course_lib.methods.style_spaces import w_space
from course_lib.networks.style import StyleGenerator
from course_lib.objectives.reconstruction import l2, perceptual
from course_lib.schedules import warm_cosine
from course_lib.seeds import Draw
from course_lib.settings import CountFrom0, Memory, PartShare, Rate, Weight, check

PARTS = 8  # of a batch, each shown with a resolution of its own
UNIT_DRAWS = 4096  # codes that the mean and the spread of all codes are measured on
Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class ProjectionSettings:
    """Adam on the latent loss, as in the paper's section 4.1; the rest is section 4.3, and off by default."""

    space: Literal["z", "w"] = "z"  # where the codes are: z, or w of a style-based generator
    learning_rate: Rate = 2e-3  # Adam's step size at its peak; it falls to 0 along half a cosine
    warm_up: PartShare = 0.05  # share of the run in which it rises
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.99  # Adam's memory of its square
    latent_weight: Weight = 1.0  # of the latent loss; 0 leaves it out
    reconstruction_weight: Weight = 0.0  # of the reconstruction loss on the data's images; 0 leaves it out
    reconstruction: Literal["l2", "perceptual"] = "l2"  # how it compares: by pixels, or by features
    # pixels: each part of a batch is shown with a resolution from here on; 0: the full one
    lowest: CountFrom0 = 0

    def __post_init__(self):
        check(self)
        if not self.latent_weight and not self.reconstruction_weight:
            raise UsageError("both losses have the weight 0: give one of them another.")

    def build(self, networks: Mapping[str, nn.Module]) -> "Projection":
        return Projection(**needs(networks, "generator", "projection"), settings=self)


class Projection(Generative):
    """P and the fixed generator whose codes it says. A code is what `sample` takes."""

    label = "projection"
    averaged: tuple[str, ...] = ("projection",)
    scheduled = True
    settings: ProjectionSettings

    def __init__(
        self, generator: nn.Module, projection: nn.Module, settings: ProjectionSettings | None = None
    ):
        s = settings or ProjectionSettings()
        super().__init__(s, generator=generator, projection=projection)
        generator.requires_grad_(False)
        projection.requires_grad_(True)  # one that comes from another run is tuned
        calibrate(projection, self.space)
        self.optimizers = adam(
            nn.ModuleDict({"projection": projection}), {"projection": s.learning_rate}, s.beta1, s.beta2
        )
        self.distance: Distance = l2
        self.stream = PrefetchedPairs(self.space, lambda: self.autocast())

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Choose the network of a perceptual loss. Raises UsageError for points, and for images of another shape than
        the generator's."""
        if not isinstance(dataset, ImageSet):
            raise UsageError("a projection network sees images: give --data a set of images.")
        one = self.sample(self.latents(1, seeds.generator(seed, purpose="projection/shape")).to(self.device))
        if (made := tuple(one.shape[1:])) != tuple(dataset.shape):
            raise UsageError(
                f"this generator makes images of the shape {made}, and the data's have {tuple(dataset.shape)}: give "
                f"--resolution {made[-1]}, or another generator."
            )
        if self.settings.reconstruction_weight and self.settings.reconstruction == "perceptual":
            self.distance = perceptual_for(dataset)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One step on the latent loss of fresh pairs, plus the weighted reconstruction loss of the batch's images."""
        s, projection = self.settings, self.networks["projection"]
        set_rates(
            self.optimizers,
            {"projection": warm_cosine(batch.draw.step, self.steps, s.warm_up)},
            s.learning_rate,
        )
        pairs = self.stream.at(batch.draw, len(batch), more=batch.draw.step + 1 < self.steps)
        shown = self.shown(pairs.images, batch.draw)
        with self.autocast():
            answers = projection(shown)
        latent = latent_loss(answers.float(), pairs.codes, projection)
        loss, metrics = s.latent_weight * latent, {"projection/latent": latent.detach()}
        if s.reconstruction_weight:
            reconstruction = self.reconstruction(batch.x)
            loss = loss + s.reconstruction_weight * reconstruction
            metrics["projection/reconstruction"] = reconstruction.detach()
        self.update("projection", loss)
        return metrics

    def reconstruction(self, images: Tensor) -> Tensor:
        """E d(x, G(P(x))) on a batch of the data's images, with gradients for P."""
        decode = self.space.decode
        with evaluation(decode), frozen(decode), self.autocast():
            made = decode(self.networks["projection"](images))
        return self.distance(made.float(), images)

    def shown(self, images: Tensor, draw: Draw) -> Tensor:
        """What P is shown of (B, C, R, R): the images, or parts of them with fewer pixels, enlarged again.

        Every batch has full images and reduced ones, since batch normalisation learns one mean and one variance for
        all. Raises UsageError where `lowest` is more than R.
        """
        full, lowest = images.shape[-1], self.settings.lowest
        if not lowest:
            return images
        if lowest > full:
            raise UsageError(f"lowest is {lowest} pixels, and the images have {full}: give at most that.")
        first, *others = images.chunk(PARTS)
        sides = [
            lowest
            + seeds.number(draw.seed, rank=draw.rank, step=draw.step, purpose=f"resolution/{i}")
            % (full - lowest + 1)
            for i in range(len(others))
        ]
        parts = [blurred(part, side) for part, side in zip(others, sides, strict=True)]
        return torch.cat([first, *parts]).contiguous(memory_format=torch.channels_last)

    # what it gives

    @property
    def space(self) -> Space:
        """Where P's codes are: Z, or W. Raises UsageError for a W of a generator that has none."""
        if self.settings.space == "z":
            return super().space
        generator = self.networks["generator"]
        if not isinstance(generator, StyleGenerator):
            raise UsageError("this generator has no W: leave out --space w, or take a style-based generator.")
        return w_space(generator)

    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> float32 (B, *space.shape): P's codes."""
        return self.evaluated("projection", images.to(self.device)).float()

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, *space.shape) codes of the space, drawn as the generator was trained on them."""
        return super().latents(n, generator) if self.settings.space == "z" else self.space.draw(n, generator)

    @torch.no_grad()
    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Codes -> float32 images, by the generator's running statistics."""
        if labels is not None:
            raise UsageError("this method was not told of labels: sample without them.")
        with evaluation(self.space.decode), self.autocast():
            return self.space.decode(latents).float()

    def reconstruct(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> G(P(x)), float32 and of the same shape, where the networks are."""
        return self.sample(self.encode(images))

    def preview(self, batch: Batch, draw: torch.Generator) -> Tensor:
        """The batch's images in odd rows, and below each its reconstruction."""
        x = batch.x[:32]
        rows = zip(x.split(8), self.reconstruct(x).split(8), strict=True)
        return torch.cat([part for pair in rows for part in pair])


def calibrate(projection: nn.Module, space: Space) -> None:
    """Tell a new P the mean and the standard deviation of a space's codes; one that has been told keeps what it has.

    Raises UsageError where P has another number of outputs than a code has numbers.
    """
    centre, spread = projection.centre, projection.spread
    assert isinstance(centre, Tensor) and isinstance(spread, Tensor), (
        "buffers of `networks.projection.Projection`"
    )
    if (len(centre),) != space.shape:
        raise UsageError(
            f"this generator's codes have the shape {space.shape}, and P says {len(centre)} numbers: give --code "
            f"{space.shape[-1]}."
        )
    if centre.any() or spread != 1:
        return
    codes = space.draw(
        UNIT_DRAWS, seeds.generator(0, purpose="projection/unit", device=centre.device)
    ).float()
    with torch.no_grad():
        centre.copy_(codes.mean(0))
        spread.copy_((codes - codes.mean(0)).square().mean().sqrt())


def latent_loss(answers: Tensor, codes: Tensor, projection: nn.Module) -> Tensor:
    """E ‖P(x) − w‖² / E ‖w − E w‖², of (B, d) and (B, d): the share of the codes' variance that P leaves unexplained.

    0 is recovery; 1 is what the mean of all codes scores, which has not looked at the image.
    """
    spread = projection.spread
    assert isinstance(spread, Tensor)
    return (answers - codes).square().mean() / spread.square()


def perceptual_for(dataset: ImageSet) -> Distance:
    """The perceptual distance (mean over a batch): by VGG-16 where its weights lie, else by what suits the data."""
    from course_lib import notices
    from course_lib.evaluation import features, perception

    judge = perception.judge_of(None if perception.vgg_weights() else features.suited(dataset))
    notices.say(f"the perceptual loss is measured by {judge.name}.", once=f"perceptual {judge.name}")
    return lambda made, images: perceptual(made, images, judge.stages)
