"""Codes by optimisation: Adam from the nearest of drawn codes, with noise maps if they are wanted, and a polish."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.inversion.descent import Descent
from course_lib.inversion.distances import Distance, distance_named
from course_lib.inversion.noise_maps import WEIGHT, WithNoise, with_noise
from course_lib.inversion.optimise import Found, Precision, codes_of
from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.inversion.starts import Start
from course_lib.methods.spaces import Space, no_penalty
from course_lib.settings import Bound, Count, CountFrom0, Deviation, Weight, check


@dataclass(frozen=True)
class Search:
    """How codes are sought, wherever the search begins. Defaults suit networks of 32 to 64 pixels."""

    steps: Count = 300  # of Adam
    rate: Bound = 0.1  # of Adam, in standard deviations of a code's numbers as they are drawn
    distance: str = "l2"  # l2, lap1, perceptual, or several with + between
    judge: str = ""  # network of "perceptual": vgg16, efficientnet-lite0, faces-judge, ...; empty: what suits
    perceptual_weight: Weight = 1.0  # of "perceptual" beside other distances
    schedule: Literal["cosine", "projector"] = "cosine"  # of the rate
    jitter: Deviation = 0.0  # noise on codes at first, as a share of their spread; the projector's is 0.05
    noise: bool = False  # find noise maps too, where the generator has some
    noise_weight: Weight = WEIGHT  # of what keeps a picture out of the noise maps
    space_weight: Weight = 0.0  # of the space's own penalty; of W+, how far the layers' styles differ
    polish: CountFrom0 = 0  # steps of Levenberg and Marquardt at the end, for the distance l2
    # of the generator's products; bf16 where a processor multiplies it natively
    precision: Precision = "fp32"

    def __post_init__(self) -> None:
        check(self)
        if self.polish and (self.distance != "l2" or self.noise):
            raise UsageError(
                "polish solves a least-squares problem in the code: give it with distance l2 and without noise maps."
            )


@dataclass(frozen=True)
class Optimisation(Search):
    """A search from drawn codes. `projector` gives the settings of StyleGAN2's."""

    start: Literal["nearest", "drawn", "mean", "zeros"] = "nearest"  # of drawn codes, those nearest in pixels
    pool: Count = 4096  # drawn codes of which the nearest are taken
    restarts: Count = 1  # starts of each image; the best of their ends is kept

    @classmethod
    def projector(cls, **changes: object) -> "Optimisation":
        """Those of StyleGAN2's projector (Karras et al. 2020, appendix D), but for the network that judges."""
        settings = {"steps": 1000, "schedule": "projector", "jitter": 0.05, "noise": True, "start": "mean"}
        return cls(**settings | {"distance": "perceptual"} | changes)  # type: ignore[arg-type]


def optimised(subject: Subject, images: Tensor, settings: Optimisation, seed: int) -> Outcome:
    """The route's own step: codes of a batch, all at once."""
    start = Start(settings.start, settings.pool, settings.restarts)
    return outcome_of(*searched(subject, images, settings, start, seed))


def outcome_of(space: Space, found: Found) -> Outcome:
    """Codes and noise maps apart."""
    if isinstance(space.decode, WithNoise):
        codes, maps = space.decode.split(found.codes)
        return Outcome(codes, tuple(maps), found.losses)
    return Outcome(found.codes, losses=found.losses)


def searched(
    subject: Subject, images: Tensor, settings: Search, start: Start | Tensor, seed: int
) -> tuple[Space, Found]:
    """The space with noise maps, if they are sought, and the codes that `optimise.codes_of` finds there.

    start: how each search begins, or codes (B, *shape); drawn noise maps, the same for every image, go with them.
    """
    unit, spread = spread_of(subject.space)
    space = weighted(subject.space, settings.space_weight)
    if settings.noise:
        space = with_noise(space, subject.generator, settings.noise_weight)
        if isinstance(start, Tensor):
            start = _beside_drawn_maps(space, start, seed)
    found = codes_of(
        space,
        images,
        loss=distance_of(settings, images),
        start=start,
        descent=Descent(
            settings.steps, settings.rate * unit, settings.schedule, jitter=settings.jitter * spread
        ),
        polish=settings.polish,
        # all at once; a pool of drawn codes is decoded in parts of this size, be there but one image
        batch=max(256, len(images) * (start.restarts if isinstance(start, Start) else 1)),
        seed=seed,
        precision=settings.precision,
    )
    return space, found


def weighted(space: Space, weight: float) -> Space:
    """The space with its penalty times a weight: none at all is the freest search that it allows."""
    penalty = space.penalty
    return dataclasses.replace(
        space, penalty=lambda codes: weight * penalty(codes) if weight else no_penalty(codes)
    )


def _beside_drawn_maps(space: Space, codes: Tensor, seed: int) -> Tensor:
    decode: WithNoise = space.decode  # type: ignore[assignment]
    chance = seeds.generator(seed, purpose="inversion/noise maps", device=codes.device)
    _, maps = decode.split(space.draw(1, chance).to(codes))
    return decode.join(codes, [noise.expand(len(codes), -1, -1, -1) for noise in maps])


def distance_of(settings: Search, images: Tensor) -> Distance | str:
    """What the settings minimise. By name alone for a plain one, which `optimise` may then polish."""
    if settings.distance == "l2":
        return "l2"
    shape = (images.shape[1], images.shape[2])
    return distance_named(settings.distance, shape, settings.judge or None, settings.perceptual_weight)


def spread_of(space: Space) -> tuple[float, float]:
    """Of codes as they are drawn: the standard deviation of one number, and √E‖w − E w‖² of one layer's code.

    Karras et al. (2020), appendix D, take the second as the unit of the noise on w, from 10,000 draws.
    """
    generator = seeds.generator(0, purpose="inversion/spread")
    with torch.no_grad():
        drawn = space.draw(10_000, generator).float().cpu()
    unit = drawn.std(0, correction=0).square().mean().sqrt().item()
    return unit, unit * math.sqrt(space.shape[-1])


ROUTES = {"optimisation": Route("Adam on the codes of a whole batch at once", Optimisation, optimised)}
