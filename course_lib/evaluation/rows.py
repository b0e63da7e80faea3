"""Features as rows (N, d): what every measure of pairs asks of them, and their distances."""

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.errors import CourseError
from course_lib.ranks import Ranks

CHUNK = 1024  # rows whose distances to all others are in memory at a time: 80 MiB against 10,000 in float64


def checked(features: Tensor, least: int = 2) -> Tensor:
    """`features` in float64, without a history.

    Raises CourseError for another shape than (N, d), for fewer than `least` rows, and for values that are not
    finite.
    """
    if features.ndim != 2 or len(features) < least or features.shape[1] == 0:
        raise CourseError(
            f"this measure needs features of shape (N, d) with at least {least} rows, not {tuple(features.shape)}: "
            "draw more samples."
        )
    if not torch.isfinite(features).all():
        raise CourseError(
            "some features are not finite and have no distance: look at the images they come from."
        )
    # float64 is a copy, except of float64
    return features.detach().double()


def checked_pair(a: Tensor, b: Tensor, least: int = 2) -> tuple[Tensor, Tensor]:
    """Both of them, `checked`, on the device of the first. Raises CourseError for rows of different lengths."""
    a, b = checked(a, least), checked(b, least)
    if a.shape[1] != b.shape[1]:
        raise CourseError(
            f"features of {a.shape[1]} and {b.shape[1]} numbers cannot be compared: use one extractor for both."
        )
    return a, b.to(a.device)


def squared_distances(
    x: Tensor, y: Tensor, centre: Tensor | None = None, here: Ranks | None = None
) -> Iterator[tuple[slice, Tensor]]:
    """|x_i − y_j|² as (rows, M) float64 for a slice of x's rows at a time; with `here`, of its share of the slices.

    One matrix product, |x|² − 2 x·y + |y|²: it costs a hundredth of the differences, and cancels when points
    are nearer to each other than to the origin. In float64, about `centre` (y's mean unless given), what is lost
    is 1e-15 of the features' variance; in float32 it would be 1e-6 of their square, more than near neighbours
    are apart.
    """
    centre = y.mean(0) if centre is None else centre
    y = y - centre
    lengths = y.square().sum(1)
    here = here or Ranks()
    for start in range(here.rank * CHUNK, len(x), here.world * CHUNK):
        part = x[start : start + CHUNK] - centre
        squares = torch.addmm(lengths, part, y.T, alpha=-2).add_(part.square().sum(1, keepdim=True))
        yield slice(start, start + len(part)), squares.clamp_(min=0)
