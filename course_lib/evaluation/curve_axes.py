r"""How far an axis of the latent space follows a curve, such as the Swiss roll, that the data lie along.

A sample's place on the curve is the arc length from the curve's start to the point of it that is nearest. Two numbers
say how an axis moves it. Spearman's rank correlation of $z_k$ with the arc length is 1 or -1 where the place only
rises or only falls along the axis. The share of the arc length's variance that $z_k$ explains,

$$\operatorname{Var}(\mathbb{E}[s \mid z_k]) / \operatorname{Var}(s),$$

is 1 where $z_k$ alone decides the place, in whatever order; over independent latents the shares of all axes sum to at
most 1, and what is missing is decided by several together (Sobol, 1993: first-order sensitivity indices).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.evaluation.variability import Sampler


def arc_length(points: Tensor, curve: Tensor, *, chunk: int = 1024) -> tuple[Tensor, Tensor]:
    """Where the nearest point of the polyline through `curve` (M, d) lies, and how far it is: two (N,) float64.

    The first is counted along the curve from its first point, in the units of the points (N, d). Samples at equal
    distances from two places get the first of them. Raises UsageError for shapes that do not fit.
    """
    points, curve = points.detach().double(), curve.to(points.device).double()
    if points.ndim != 2 or curve.ndim != 2 or points.shape[1] != curve.shape[1] or len(curve) < 2:
        raise UsageError(
            f"A place on a curve needs points (N, d) and a curve (M >= 2, d), not {tuple(points.shape)} and "
            f"{tuple(curve.shape)}."
        )
    start, along = curve[:-1], curve.diff(dim=0)
    length = along.norm(dim=1)
    before = length.cumsum(0) - length
    places, distances = [], []
    for part in points.split(chunk):  # (chunk, M - 1, d) at a time
        offset = part[:, None] - start
        fraction = ((offset * along).sum(-1) / length.square().clamp(min=1e-300)).clamp(0, 1)
        distance, nearest = (offset - fraction[..., None] * along).norm(dim=-1).min(1)
        places.append(before[nearest] + fraction.gather(1, nearest[:, None]).squeeze(1) * length[nearest])
        distances.append(distance)
    return torch.cat(places), torch.cat(distances)


def rank_correlation(a: Tensor, b: Tensor) -> float:
    """Spearman's correlation of two (N,), in [-1, 1]; 0 where one of them does not vary."""
    from scipy.stats import spearmanr

    a, b = a.cpu(), b.cpu()
    if a.min() == a.max() or b.min() == b.max():
        return 0.0
    return float(spearmanr(a, b).statistic)


def explained_share(scores: Tensor, values: Tensor, bins: int = 64) -> float:
    """Var(E[value | score]) / Var(value), of two (N,): at most 1, and about 0 where the score says nothing.

    The scores are cut into `bins` parts of equal numbers. The variance of the parts' means is larger than that of the
    true means, by the variance within the parts over their size: this is taken off, so that the estimate has no
    bias towards 1 and can be a little below 0. Raises UsageError for fewer than two values in a part.
    """
    size = len(values) // bins
    if size < 2:
        raise UsageError(f"{len(values)} values do not fill {bins} parts: draw more, or take fewer parts.")
    ordered = values[scores.argsort(stable=True)][: size * bins].double().view(bins, size)
    within = ordered.var(1).mean()
    between = ordered.mean(1).var() - within / size
    total = between + within
    return float(between / total) if total > 0 else 0.0


@dataclass(frozen=True)
class CurveAxes:
    """What `follow_curve` found.

    rank: for each axis |Spearman| of z_k with the arc length; explained: for each axis its share of the variance of
    the arc length. angle: of the direction in the plane of z_1 and z_2, in degrees from the axis of z_1, that explains
    most, and directed, its share; nan where z has one dimension. distance: mean distance of samples to the curve;
    covered: share of twenty equal pieces of the curve with a fifth or more of their even share of samples.
    """

    rank: tuple[float, ...]
    explained: tuple[float, ...]
    angle: float
    directed: float
    distance: float
    covered: float


@torch.no_grad()
def group_share(
    method: Sampler, curve: Tensor, group: Sequence[int], *, samples: int = 8192, seed: int = 0
) -> float:
    """The share of the variance of the arc length that the latents of `group`, numbered from 0, explain together.

    Each sample is drawn twice with the same latents in the group and others outside; the share is the correlation of
    the two places (pick and freeze; Sobol, 1993). Its standard error is about 1/sqrt(samples).
    """
    draw = seeds.generator(seed, purpose="group share")
    first, second = (method.latents(samples, draw) for _ in range(2))
    second[:, list(group)] = first[:, list(group)]
    places = [arc_length(method.sample(z.to(method.device)).cpu(), curve)[0] for z in (first, second)]
    return float(torch.corrcoef(torch.stack(places))[0, 1])


@torch.no_grad()
def follow_curve(method: Sampler, curve: Tensor, *, samples: int = 8192, seed: int = 0) -> CurveAxes:
    """Draw samples and say how each axis of their latents follows the curve (M, d)."""
    latents = method.latents(samples, seeds.generator(seed, purpose="curve axes"))
    places, distances = arc_length(method.sample(latents.to(method.device)).cpu(), curve)
    axes = [latents[:, k].double() for k in range(latents.shape[1])]
    angle = directed = math.nan
    if len(axes) > 1:
        shares = direction_shares(latents, places)
        angle = float(shares.argmax()) * 180 / len(shares)
        directed = shares.max().item()
    length = curve.double().diff(dim=0).norm(dim=1).sum().item()
    pieces = torch.histc(places, 20, 0, length)
    return CurveAxes(
        rank=tuple(abs(rank_correlation(axis, places)) for axis in axes),
        explained=tuple(explained_share(axis, places) for axis in axes),
        angle=angle,
        directed=directed,
        distance=distances.mean().item(),
        covered=(pieces >= samples / 100).double().mean().item(),
    )


def direction_shares(latents: Tensor, values: Tensor, directions: int = 36) -> Tensor:
    """(directions,) float64: what z_1 cos a + z_2 sin a explains of the values (N,), angles a from 0 to below 180°."""
    angles = torch.arange(directions, dtype=torch.float64) * math.pi / directions
    scores: Sequence[Tensor] = [
        latents[:, 0].double() * a.cos() + latents[:, 1].double() * a.sin() for a in angles
    ]
    return torch.tensor([explained_share(score, values) for score in scores], dtype=torch.float64)
