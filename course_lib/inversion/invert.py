"""One front for every route from images to codes: `invert(generator, images, by="optimisation", space="w")`."""

import dataclasses
import difflib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.inversion import routes
from course_lib.inversion.noise_maps import with_noise
from course_lib.inversion.optimise import still
from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.inversion.spaces import generator_of, space_named


@dataclass(frozen=True, eq=False)
class Inversion:
    """What is known of N images after a route, on the CPU.

    codes: (N, *shape) in `space`. noise: maps (N, 1, r, r), or (). reconstructions: (N, C, H, W) float32.
    losses: (N,), what the route minimised; of a route that minimises nothing, the mean squared error.
    changed: what else makes these reconstructions (tuned weights, features), by name, with a row an image.
    seconds: of the whole call.
    """

    by: str
    space: str
    codes: Tensor = field(repr=False)
    noise: tuple[Tensor, ...] = field(repr=False)
    reconstructions: Tensor = field(repr=False)
    losses: Tensor = field(repr=False)
    changed: Mapping[str, Tensor] = field(repr=False)
    seconds: float

    def __len__(self) -> int:
        return len(self.codes)


def invert(
    target: Any,
    images: Tensor,
    by: str = "optimisation",
    space: str | None = None,
    *,
    networks: Mapping[str, nn.Module] | None = None,
    batch: int = 256,
    seed: int = 0,
    **options: Any,
) -> Inversion:
    """Codes of images by a route. Each image gets what it would get alone, whatever `batch` is.

    target: a method with a generator, or a generator (B, d) -> images. images: (N, C, H, W) in [-1, 1].
    by: a name in `inversion.routes`. space: a name in `inversion.spaces.spaces_of`; None for the method's own.
    networks: what a route needs beside the generator, by role. options: the route's settings.

    Raises UsageError for names, options and images that cannot be meant, CourseError when a loss is not finite.
    """
    began = time.perf_counter()
    parts = list(inverted(target, images, by, space, networks=networks, batch=batch, seed=seed, **options))
    joined = [torch.cat(column) for column in zip(*(part.noise for part in parts), strict=True)]
    return Inversion(
        by,
        parts[0].space,
        torch.cat([part.codes for part in parts]),
        tuple(joined),
        torch.cat([part.reconstructions for part in parts]),
        torch.cat([part.losses for part in parts]),
        {name: torch.cat([part.changed[name] for part in parts]) for name in parts[0].changed},
        time.perf_counter() - began,
    )


def inverted(
    target: Any,
    images: Tensor,
    by: str = "optimisation",
    space: str | None = None,
    *,
    networks: Mapping[str, nn.Module] | None = None,
    batch: int = 256,
    seed: int = 0,
    **options: Any,
) -> Iterator[Inversion]:
    """The same as `invert`, batch by batch, for those who show or save what there is."""
    subject, route, settings = prepared(target, by, space, networks or {}, options)
    check_images(subject.generator, images)
    if batch < 1:
        raise UsageError("batch counts images: give at least 1.")
    for part in images.split(batch):
        began = time.perf_counter()
        with still(subject.generator) as (device, dtype):
            x = part.to(device, dtype)
            outcome = route.run(subject, x, settings, seed)
            made = outcome.reconstructions
            if made is None:
                made = decoded(subject, outcome)
        made = made.float().cpu()
        losses = outcome.losses
        if losses is None:
            losses = (made - part.float().cpu()).square().flatten(1).mean(1)
        yield Inversion(
            by,
            subject.space.name,
            outcome.codes.float().cpu(),
            tuple(noise.float().cpu() for noise in outcome.noise),
            made,
            losses.float().cpu(),
            {name: tensor.cpu() for name, tensor in outcome.changed.items()},
            time.perf_counter() - began,
        )


def prepared(
    target: Any, by: str, space: str | None, networks: Mapping[str, nn.Module], options: Mapping[str, Any]
) -> tuple[Subject, Route, Any]:
    """Subject, route and settings that the words mean. Raises UsageError for what cannot be meant."""
    route = routes.find(by)
    names = [f.name for f in dataclasses.fields(route.settings)]
    for option in options:
        if option not in names:
            near = difflib.get_close_matches(option, names, n=1) or names
            raise UsageError(f"the route '{by}' has no option '{option}': it has {', '.join(near)}.")
    chosen = space_named(target, space)
    if route.spaces and chosen.name not in route.spaces:
        raise UsageError(
            f"the route '{by}' finds codes in {', '.join(route.spaces)}, and not in {chosen.name}."
        )
    own = getattr(target, "networks", {})
    subject = Subject(generator_of(target), chosen, {**dict(own.items()), **networks})
    for role in route.needs:
        subject.network(role)  # which says what is missing
    return subject, route, route.settings(**options)


@torch.no_grad()
def decoded(subject: Subject, outcome: Outcome) -> Tensor:
    """(B, C, H, W): what the generator makes of codes and noise maps."""
    if not outcome.noise:
        return subject.space.decode(outcome.codes.to(next(subject.generator.parameters())))
    decode: Any = with_noise(subject.space, subject.generator).decode
    rows = decode.join(outcome.codes, list(outcome.noise))
    return decode(rows.to(next(subject.generator.parameters())))


def check_images(generator: nn.Module, images: Tensor) -> None:
    """Raises UsageError unless these are images in [-1, 1] of the generator's shape."""
    if images.ndim != 4 or not len(images) or not images.is_floating_point():
        raise UsageError(
            f"images are numbers (N, C, H, W) in [-1, 1], not {images.dtype} of {tuple(images.shape)}."
        )
    with still(generator) as (device, dtype), torch.no_grad():
        made = generator(torch.zeros(1, int(generator.latent), device=device, dtype=dtype))  # type: ignore[arg-type]
    if made.shape[1:] != images.shape[1:]:
        raise UsageError(
            f"this generator makes images of shape {tuple(made.shape[1:])}, and these are "
            f"{tuple(images.shape[1:])}: resize them first."
        )
