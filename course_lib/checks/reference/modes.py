"""Clusters to count, and their modes counted by other rules than the convention's."""

import torch
from torch import Tensor

from course_lib.checks.engine.trial import Trial


def clusters(trial: Trial) -> tuple[Tensor, Tensor, float, int]:
    """Samples (N, 2), centres (7, 2), std and minimum such that every mistake counts something else."""
    std, minimum = 0.1, 4
    turn = trial.draw.uniform(1, purpose="turn") + torch.arange(7) / 7 * 2 * torch.pi
    centres = 2 * torch.stack([turn.cos(), turn.sin()], 1)
    more = int(trial.draw.uniform(1, purpose="more").abs() * 5)
    plan = [  # mode, how many, from, to: distances in standard deviations
        (0, 7 + more, 0.1, 0.85),
        (0, 3, 0.93, 0.97),  # between 9 std² and std
        (1, minimum, 1.1, 1.9),
        (2, minimum - 1, 0.1, 0.85),
        (3, 9, 4.0, 5.0),  # nearer than the root of 3 std
        (4, 6, 2.1, 2.9),
        (6, 5, 6.0, 7.0),
    ]
    points = []
    for mode, count, low, high in plan:
        far = low + (high - low) * trial.draw.uniform(count, purpose=f"distance {mode} {low}").abs()
        angle = torch.pi * trial.draw.uniform(count, purpose=f"angle {mode} {low}")
        points.append(centres[mode] + std * far[:, None] * torch.stack([angle.cos(), angle.sin()], 1))
    # inside the box, outside the circle
    corner = 2.4 + 0.4 * trial.draw.uniform(5, 2, purpose="corner").abs()
    points.append(centres[5] + std * corner)
    return torch.cat(points), centres, std, minimum


def count(
    points: Tensor, centres: Tensor, std: float, minimum: int, radius: float = 3.0, order: float = 2.0
) -> Tensor:
    """Modes and quality, with other radii and other norms than the convention's."""
    near, which = torch.cdist(points.double(), centres.double(), p=order).min(1)
    good = torch.bincount(which[near <= radius * std], minlength=len(centres))
    return torch.tensor([(good >= minimum).sum(), good.sum() / len(points)]).double()
