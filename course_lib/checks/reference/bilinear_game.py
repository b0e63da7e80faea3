"""Ways to play on x times y, right and wrong."""

import torch
from torch import Tensor

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
