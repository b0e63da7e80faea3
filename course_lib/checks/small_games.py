"""What the exercises of Chapter 4 are played with: clusters to count, ways to play on xy, a small discriminator."""

import torch
from torch import Tensor, nn

from course_lib.checks.trial import Trial


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


# one step of each way to play xy with the rate r, right and wrong
MOVES = {
    "simultaneous": lambda x, y, r: (x - r * y, y + r * x),
    "alternating": lambda x, y, r: (x - r * y, y + r * (x - r * y)),
    "other-first": lambda x, y, r: (x - r * (y + r * x), y + r * x),
    "both-descend": lambda x, y, r: (x - r * y, y - r * x),
    "both-descend, alternating": lambda x, y, r: (x - r * y, y - r * (x - r * y)),
    "roles": lambda x, y, r: (x + r * y, y - r * x),
    "roles, alternating": lambda x, y, r: (x + r * y, y - r * (x + r * y)),
    "circle": lambda x, y, r: (x * r.cos() - y * r.sin(), x * r.sin() + y * r.cos()),
}


def path(start: tuple[float, float], rates: Tensor, play: str) -> Tensor:
    """The path (T + 1, 2) of one way to play, right or wrong."""
    x, y = torch.tensor(start).double()
    points = [(x, y)]
    for t, rate in enumerate(rates):
        if play == "turns":
            x, y = (x - rate * y, y) if t % 2 == 0 else (x, y + rate * x)
        else:
            x, y = MOVES[play](x, y, rate)
        points.append((x, y))
    return torch.stack([torch.stack(point) for point in points])


class Discriminator(nn.Module):
    """(B, 2, 3, 4) -> logits (B,), smooth, the same at every call of one trial."""

    def __init__(self, trial: Trial):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(24, 6), nn.Tanh(), nn.Linear(6, 1))
        for number, weight in enumerate(self.parameters()):
            weight.data = 0.6 * trial.draw.normal(*weight.shape, purpose=f"weight {number}")

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)[:, 0]
