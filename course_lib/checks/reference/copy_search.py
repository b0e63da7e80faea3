"""Small images with shifted copies among them, and searches that miss some."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.engine.trial import Trial
from course_lib.evaluation import neighbours


def shifted_copies(trial: Trial, reach: int) -> tuple[Tensor, Tensor]:
    """Samples (7, 1, 12, 12) and training images (8, 1, 12, 12), both uint8, black at `reach` pixels from each edge.

    All samples but the last are training images with a little noise, moved as far as the reach allows: along each
    diagonal, for a search that leaves out directions must miss some, and along each axis.
    """
    side, margin = 12, 2 * reach

    def drawn(n: int, name: str) -> Tensor:
        inner = trial.draw.uniform(n, 1, side - 2 * margin, side - 2 * margin, purpose=f"{name} {reach}")
        return F.pad((127.5 * (1 + inner)).clamp(1, 255), (margin,) * 4)

    train = drawn(8, "train")
    copied = train[[5, 2, 4, 7, 0, 3]]
    noise = 12 * trial.draw.uniform(*copied.shape, purpose=f"noise {reach}") * (copied > 0)
    copies = (copied + noise).clamp(0, 255)
    ways = [(a * reach, b * reach) for a, b in ((1, -1), (-1, 1), (1, 1), (-1, -1), (-1, 0), (0, 1))]
    moved = torch.stack([copy.roll(way, (1, 2)) for copy, way in zip(copies, ways, strict=True)])
    return torch.cat([moved, drawn(1, "new")]).to(torch.uint8), train.to(torch.uint8)


def shifts(reach: int) -> list[tuple[int, int]]:
    """All shifts by at most `reach` pixels, down and to the right."""
    return [(i, j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)]


def search(samples: Tensor, train: Tensor, tried: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    """Index (Q,) and Euclidean distance (Q,) of the nearest training image, over the shifts that are tried."""
    # all shifts in one search, their samples one after the other
    moved = torch.cat([samples.roll(shift, (2, 3)) for shift in tried]).double()
    nearest = neighbours.nearest(moved.flatten(1), train.double().flatten(1))
    distance, which = nearest.distance.view(len(tried), -1).min(0)
    return nearest.index.view(len(tried), -1)[which, torch.arange(len(samples))], distance


def mistakes(samples: Tensor, train: Tensor) -> dict[str, list[Tensor]]:
    """Diagnosis -> distances (Q,) that a search with this mistake finds, for a reach of one pixel."""
    everywhere, pixels = shifts(1), samples[0].numel()

    def least(measure, tried=everywhere) -> Tensor:
        """The smallest over shifts and training images of a measure of pairs (Q, 1, P) and (1, N, P) -> (Q, N)."""
        values = [
            measure(samples.roll(shift, (2, 3)).flatten(1)[:, None], train.flatten(1)[None])
            for shift in tried
        ]
        return torch.stack(values).double().amin((0, 2))

    def euclidean(s: Tensor, t: Tensor) -> Tensor:
        return (s.float() - t.float()).square().sum(-1).sqrt()

    def distances(tried) -> Tensor:
        return least(euclidean, tried)

    # differences of bytes wrap around; squared as bytes they wrap once more
    wrapped = [
        least(lambda s, t: (s - t).square().sum(-1)),
        least(lambda s, t: (s - t).float().square().sum(-1)),
        least(lambda s, t: (t - s).float().square().sum(-1)),
    ]
    axes = [[shift for shift in everywhere if shift[k] == 0] for k in (0, 1)]
    quarters = [[(a * i, b * j) for i in (0, 1) for j in (0, 1)] for a in (1, -1) for b in (1, -1)]
    right = distances(everywhere)
    return {
        "no-shift": [distances([(0, 0)])],
        "sideways": [distances(tried) for tried in (*axes, [*axes[0], *axes[1]])],
        "one-way": [distances(tried) for tried in quarters],
        "wraps": [value.sqrt() for value in wrapped] + wrapped,
        "squared": [right**2],
        "absolute": [least(lambda s, t: (s.double() - t.double()).abs().sum(-1))],
        "averaged": [right / math.sqrt(pixels), right**2 / pixels],
    }
