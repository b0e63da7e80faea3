"""How much of what a generator shows hangs on each group of latent dimensions: in pixels, and in what a judge reads."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import UsageError

BATCH = 256
Groups = Mapping[str, Sequence[int]] | Sequence[Sequence[int]]


class Sampler(Protocol):
    """Anything that draws latents (n, d) and makes samples of them."""

    device: torch.device  # where it takes latents

    def latents(self, n: int, generator: torch.Generator) -> Tensor: ...

    def sample(self, latents: Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Variability:
    """Mean standard deviation of the samples' pixels (units of the samples, 2 being the whole range of images).

    groups: by name, when only that group of latent dimensions is redrawn. total: when all are. For independent
        pixels that depend linearly on the latents the squares of the groups add up to that of the total.
    per_reference: (R, G + 1) float64, the values that were averaged, the total last: their spread over
        reference latents says how sure the means are.
    """

    groups: Mapping[str, float]
    total: float
    per_reference: Tensor = field(repr=False)


@torch.no_grad()
def group_variability(
    method: Sampler,
    groups: Groups,
    *,
    references: int = 16,
    redraws: int = 64,
    seed: int = 0,
) -> Variability:
    """Redraw one group of latent dimensions, hold the others, and measure how much the samples differ.

    Sandström (2019), section 9, proposes it and section 6.2.6 says how (without the smoothing of its equation
    15): for each pixel and channel the standard deviation over the samples, dividing by their number, and the
    mean of these. One reference latent decides much, so it is repeated for `references` of them; all groups of
    a reference are redrawn with the same numbers, which makes their differences surer.

    `groups` hold numbers of dimensions from 0, disjoint or not, with names or without ("0-7" then stands for the
    first eight). Latents that live on a sphere leave it when part of them is redrawn.
    Raises UsageError for a group that is empty or outside the latents, and for fewer than two redraws.
    """
    named = _named(groups)
    values = torch.empty(references, len(named) + 1, dtype=torch.float64)
    for r, g, samples in _redrawn(method, named, references, redraws, seed):
        values[r, g] = samples.flatten(1).double().std(0, correction=0).mean()
    means = values.mean(0).tolist()
    return Variability(dict(zip(named, means, strict=False)), means[-1], values)


@torch.no_grad()
def group_readings(
    method: Sampler,
    judge: Callable[[Tensor], Tensor],
    groups: Groups,
    *,
    references: int = 16,
    redraws: int = 64,
    seed: int = 0,
) -> Tensor:
    """How much each group of latent dimensions moves each of K factors that `judge`, (B, ...) -> (B, K), reads.

    (R, G + 1, K) float64: for each reference latent, each group and, last, all dimensions, the variance of each
    reading over the redraws, dividing by their number. Variances, because those of readings that depend linearly on
    the latents add up over disjoint groups. The draws are those of `group_variability`, and so are its errors.
    """
    named = _named(groups)
    rows: list[Tensor] = []
    for _, _, samples in _redrawn(method, named, references, redraws, seed):
        rows.append(judge(samples).double().var(0, correction=0))
    return torch.stack(rows).view(references, len(named) + 1, -1)


def mean_group(readings: Tensor) -> Tensor:
    """(K,) where among the groups each factor is moved: the groups' numbers, from 1, weighted by what each moves.

    readings: what `group_readings` gives. A factor that nothing moves has nan. Where all G groups move it alike it is
    (G + 1)/2.
    """
    moved = readings.mean(0)[:-1]  # (G, K)
    number = torch.arange(1, len(moved) + 1, dtype=moved.dtype)[:, None]
    return (number * moved).sum(0) / moved.sum(0)


def rank_correlation(a: Sequence[float] | Tensor, b: Sequence[float] | Tensor) -> float:
    """Spearman's correlation of two lists: 1 where they have the same order, -1 where the opposite."""
    from scipy import stats

    return float(
        stats.spearmanr(torch.as_tensor(a).cpu().numpy(), torch.as_tensor(b).cpu().numpy()).statistic
    )


def growing_groups(first: int = 8, dims: int = 256) -> dict[str, range]:
    """The groups of Sandström (2019), section 7: the first `first` dimensions, then what each doubling adds.

    Named from 1, as there: {"1-8", "9-16", "17-32", … "129-256"}. Raises UsageError unless dims = first · 2^k.
    """
    ends = [first]
    while 0 < ends[-1] < dims:
        ends.append(2 * ends[-1])
    if ends[-1] != dims:
        raise UsageError(f"{first} dimensions do not become {dims} by doubling: choose sizes that do.")
    return {f"{a + 1}-{b}": range(a, b) for a, b in zip([0, *ends], ends, strict=False)}


def _named(groups: Groups) -> dict[str, Sequence[int]]:
    return dict(groups) if isinstance(groups, Mapping) else {_name(g): g for g in groups}


def _redrawn(
    method: Sampler, groups: Mapping[str, Sequence[int]], references: int, redraws: int, seed: int
) -> Iterator[tuple[int, int, Tensor]]:
    """Number of the reference, number of the group (the last being all dimensions), and samples (redraws, ...)."""
    if references < 1 or redraws < 2:
        raise UsageError("A spread needs one reference latent or more, and two redraws of it or more.")
    draw = seeds.generator(seed, purpose="variability")
    origins = method.latents(references, draw)
    dims = origins.shape[1]
    columns = [torch.as_tensor(list(g), dtype=torch.int64) for g in groups.values()]
    for name, group in zip(groups, columns, strict=True):
        if len(group) == 0 or group.min() < 0 or group.max() >= dims:
            raise UsageError(f"Group {name} is no set of the latent dimensions 0 to {dims - 1}.")
    columns.append(torch.arange(dims))
    for r, origin in enumerate(origins):
        fresh = method.latents(redraws, draw)
        for g, group in enumerate(columns):
            latents = origin.expand_as(fresh).clone()
            latents[:, group] = fresh[:, group]
            yield r, g, _samples(method, latents)


def _samples(method: Sampler, latents: Tensor) -> Tensor:
    return torch.cat([method.sample(part.to(method.device)).cpu() for part in latents.split(BATCH)])


def _name(group: Sequence[int]) -> str:
    group = list(group)
    together = len(group) > 1 and group == list(range(group[0], group[-1] + 1))
    return f"{group[0]}-{group[-1]}" if together else ", ".join(map(str, group))
