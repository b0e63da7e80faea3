r"""Perceptual path length: how much an image changes for a small step between two codes (Karras et al., 2019).

$\mathbb{E}\left[\frac{1}{\epsilon^2} d\big(g(c(t)), g(c(t + \epsilon))\big)\right]$, section 4.1: c is a path between
two codes drawn at random, d a squared distance, so that the quotient is a squared speed. A space in which equal steps
change the image equally, without detours, has short paths. The number depends on d, which must be named beside it.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.evaluation.intervals import Estimate, about
from course_lib.theory.interpolation import linear, spherical

Distance = Callable[[Tensor, Tensor], Tensor]  # two batches of images -> (B,), squared
PATHS = {"linear": linear, "spherical": spherical}
BATCH = 250
OUTER = 0.01  # share of the smallest and of the largest values that is left out, as in the authors' code


class Codes(Protocol):
    """What lies between codes and images, such as a `methods.spaces.Space`."""

    @property
    def decode(self) -> Any: ...  # codes (B, ...) -> images (B, C, H, W)

    @property
    def draw(self) -> Callable[[int, torch.Generator], Tensor]: ...  # (n, generator) -> codes (n, ...)


def pixel_distance(a: Tensor, b: Tensor) -> Tensor:
    """(B, ...) twice -> (B,): the sum of squared differences."""
    return (a - b).square().flatten(1).sum(1)


@torch.no_grad()
def path_length(
    space: Codes,
    distance: Distance,
    *,
    path: Literal["linear", "spherical"] = "linear",
    at: Literal["full", "end"] = "full",
    pairs: int = 2_000,
    epsilon: float = 1e-4,
    trimmed: bool = True,
    seed: int = 0,
) -> Estimate:
    r"""Mean squared speed on paths between `pairs` of codes of a space, and the interval that holds its expectation.

    path: along the chord, as the authors take it in W, or along the sphere, as in Z. at: t uniform on [0, 1), or 0
    ("end": the first code is one that the generator was trained on). trimmed: leave out the outermost hundredth at
    either end, whose mean a few pairs would decide.

    Raises UsageError for fewer than two pairs or an epsilon that is not positive.
    """
    if pairs < 2 or not epsilon > 0:
        raise UsageError("a mean path length needs two pairs of codes or more, and a step above 0.")
    draw = seeds.generator(seed, purpose="path length")
    first, second = space.draw(pairs, draw), space.draw(pairs, draw)
    t = torch.zeros(pairs) if at == "end" else torch.rand(pairs, generator=draw)
    t = t.to(first).reshape(-1, *[1] * (first.ndim - 1))
    between = PATHS[path]
    values = []
    for a, b, here in zip(first.split(BATCH), second.split(BATCH), t.split(BATCH), strict=True):
        images = space.decode(between(a, b, here)), space.decode(between(a, b, here + epsilon))
        values.append(distance(*images).double() / epsilon**2)
    found = torch.cat(values).sort().values
    if trimmed and (left := int(OUTER * pairs)):
        found = found[left:-left]
    mean = found.mean().item()
    return Estimate(mean, about(mean, found.std().item() / len(found) ** 0.5, low=0.0))
