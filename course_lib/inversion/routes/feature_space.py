r"""A feature space F beside W+: the features of a middle layer are free, and later layers take their styles.

Kang et al. (2021) and Zhu et al. (2021, "Barbershop"): features have positions, so that they reconstruct what no style
can, a hand before a face or a face at the edge. A point is a pair $(\Delta, w)$: the image is that of the styles w,
but that the features $f(w)$ of the chosen layer are replaced by $f(w) + \Delta$. At $\Delta = 0$ it is the generator's
own, and $\|\Delta\|^2$ has a price: where styles can explain an image, they should, for only they can be edited.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.inversion.descent import Descent
from course_lib.inversion.optimise import codes_of
from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.inversion.routes.encoder import encoder_codes
from course_lib.inversion.routes.optimisation import Search, distance_of, spread_of
from course_lib.inversion.starts import Start, starts
from course_lib.methods.spaces import Space
from course_lib.settings import Count, CountFrom0, Weight


@dataclass(frozen=True)
class FeatureSpace(Search):
    """The search in F and W+ at once."""

    level: CountFrom0 = 0  # block whose features are free: 1 at 8 pixels, 2 at 16, ...; 0: in the middle
    feature_weight: Weight = 0.01  # of the mean square of what is added to them
    start: Literal["nearest", "mean", "encoder"] = "nearest"  # of drawn styles; or an encoder's codes
    pool: Count = 4096  # drawn codes of which the nearest are taken

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.noise or self.polish or self.jitter:
            raise UsageError("in the feature space neither noise nor polish has a meaning: leave them out.")


class FromFeatures(nn.Module):
    """Rows (B, features + L·width) -> images. `sides`: of the features added, (C, r, r), after block `level`.

    unit: what a number of a row counts in features, so that one rate suits both parts of a row.
    """

    def __init__(self, generator: Any, level: int, unit: float = 1.0):
        super().__init__()
        self.generator, self.level, self.unit = generator, level, unit
        self.styles = (int(generator.layers), int(generator.width))
        weight = next(generator.parameters())
        with torch.no_grad():
            probe = torch.zeros(1, *self.styles, dtype=weight.dtype, device=weight.device)
            self.sides = tuple(generator.synthesis.features(probe, level).features.shape[1:])

    @property
    def size(self) -> int:
        """Numbers of the features."""
        return torch.Size(self.sides).numel()

    def split(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """What is added to features, (B, C, r, r), and styles (B, L, width)."""
        return (
            self.unit * rows[:, : self.size].unflatten(1, self.sides),
            rows[:, self.size :].unflatten(1, self.styles),
        )

    def join(self, added: Tensor, styles: Tensor) -> Tensor:
        """What `split` takes apart."""
        return torch.cat([added.flatten(1) / self.unit, styles.flatten(1)], 1)

    def forward(self, rows: Tensor) -> Tensor:
        added, styles = self.split(rows)
        synthesis = self.generator.synthesis
        state = synthesis.features(styles, self.level)
        return synthesis.from_features(state._replace(features=state.features + added), self.level, styles)


def feature_space(styles: Space, generator: nn.Module, level: int, weight: float = 0.01) -> Space:
    """F beside W+, whose `decode` is a `FromFeatures`. styles: W+ of the generator. level: 0 takes the middle.

    weight: of the mean square of what is added, in units of the features' own mean square.
    Raises UsageError for a generator without styles, and for a block that it has not.
    """
    synthesis: Any = getattr(generator, "synthesis", None)
    if not hasattr(synthesis, "from_features"):
        raise UsageError(
            "this generator's layers cannot be entered in the middle: F is for style generators."
        )
    level = level or max(1, (len(synthesis.blocks) - 1) // 2)
    if level >= len(synthesis.blocks) - 1:
        raise UsageError(
            f"features of block {level} are an image: give a level from 1 to {len(synthesis.blocks) - 2}."
        )
    like = next(generator.parameters())
    with torch.no_grad():
        drawn = styles.draw(256, torch.Generator(like.device).manual_seed(0)).to(like)
        scale = synthesis.features(drawn, level).features.square().mean().sqrt().item()
    unit, _ = spread_of(styles)
    decode = FromFeatures(generator, level, scale / unit)

    def draw(n: int, draws: torch.Generator) -> Tensor:
        rows = styles.draw(n, draws).flatten(1)
        return torch.cat([rows.new_zeros(n, decode.size), rows], 1)

    def penalty(rows: Tensor) -> Tensor:
        return weight * (decode.split(rows)[0] / scale).square().mean((1, 2, 3))

    shape = (decode.size + torch.Size(decode.styles).numel(),)
    return Space("f/w+", shape, decode, draw, penalty=penalty)


def in_features(subject: Subject, images: Tensor, settings: FeatureSpace, seed: int) -> Outcome:
    """The route's own step."""
    space = feature_space(subject.space, subject.generator, settings.level, settings.feature_weight)
    decode: Any = space.decode
    if settings.start == "encoder":
        begins = encoder_codes(subject, images)
    else:
        begins = starts(subject.space, images, Start(settings.start, settings.pool), 256, seed)[:, 0]
    rows = decode.join(begins.new_zeros(len(begins), decode.size), begins)
    unit, _ = spread_of(subject.space)
    found = codes_of(
        space,
        images,
        loss=distance_of(settings, images),
        start=rows,
        descent=Descent(settings.steps, settings.rate * unit, settings.schedule),
        batch=max(256, len(images)),
        seed=seed,
        precision=settings.precision,
    )
    codes = found.codes.to(images)
    with torch.no_grad():
        made = decode(codes)
    added, styles = decode.split(codes)
    return Outcome(styles, losses=found.losses, reconstructions=made, changed={"features": added})


ROUTES = {
    "feature-space": Route(
        "Adam on the features of a middle layer and on W+", FeatureSpace, in_features, spaces=("w+",)
    )
}
