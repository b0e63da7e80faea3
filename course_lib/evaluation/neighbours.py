"""Nearest training images: a sample that is a copy of one was remembered, not generated."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.data.images import ImageSet
from course_lib.errors import CourseError
from course_lib.evaluation.features import Extractor


class Neighbours(NamedTuple):
    """For each query, nearest first: index (Q, k) int64 among the keys, and Euclidean distance (Q, k) float64."""

    index: Tensor
    distance: Tensor


def nearest(queries: Tensor, keys: Tensor, k: int = 1, chunk: int = 4096) -> Neighbours:
    """The k rows of `keys` (N, d) nearest to each row of `queries` (Q, d), by an exhaustive search.

    Raises CourseError when there are fewer than k keys.
    """
    return _search(queries, keys.split(chunk), k)


def nearest_images(
    samples: Tensor, images: ImageSet, k: int = 1, *, extractor: Extractor | None = None, chunk: int = 4096
) -> Neighbours:
    """The k images of a data set nearest to each sample (Q, C, H, W) in [-1, 1].

    Distance is Euclidean between pixels, or between features when an extractor is given.
    """
    represent = extractor or (lambda x: x.flatten(1))
    starts = range(0, len(images), chunk)
    keys = (represent(images.tensor(torch.arange(s, min(s + chunk, len(images))))) for s in starts)
    return _search(represent(samples), keys, k)


def _search(queries: Tensor, chunks: Iterable[Tensor], k: int) -> Neighbours:
    # |q - x|^2 = |q|^2 - 2 q.x + |x|^2 by one matrix product; in float32 its cancellation would reorder
    # neighbours that are close to the query, in float64 what it leaves is below 1e-13 of the norms
    queries = queries.detach().to("cpu", torch.float64)
    lengths = queries.square().sum(1, keepdim=True)
    squares = queries.new_empty(len(queries), 0)
    index = torch.empty(len(queries), 0, dtype=torch.int64)
    nearby = queries.new_empty(len(queries), 0, queries.shape[1])
    offset = 0
    for chunk in chunks:
        keys = chunk.detach().to("cpu", torch.float64)
        found = lengths - 2 * queries @ keys.T + keys.square().sum(1)
        best = found.topk(min(k, len(keys)), largest=False)
        squares, order = torch.cat([squares, best.values], 1).sort(dim=1, stable=True)
        squares, order = squares[:, :k], order[:, :k]
        index = torch.cat([index, best.indices + offset], 1).gather(1, order)
        rows = torch.cat([nearby, keys[best.indices]], 1)
        nearby = rows.gather(1, order[..., None].expand(-1, -1, rows.shape[2]))
        offset += len(keys)
    if offset < k:
        raise CourseError(
            f"{k} neighbours cannot be found among {offset} candidates: ask for at most {offset}."
        )
    # measured directly, a copy is at distance 0 and not at the root of a rounding error
    distance = (queries[:, None] - nearby).norm(dim=2)
    distance, order = distance.sort(dim=1, stable=True)
    return Neighbours(index.gather(1, order), distance)
