r"""A function of two parameters with two minima, and descent that is given its parameters one by one.

The argument of Sandström (2019), section 6 and Fig. 1, for growing a network: descent that may first move along one
line only, and in all directions afterwards, cannot reach every minimum. The thesis draws a surface; here is a formula,

$$f(w_1, w_2) = \tfrac12 (w_1 - a w_2)^2 + \tfrac14 (w_2^2 - 1)^2 - c\, w_2 .$$
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class TwoMinima:
    """The function f: a is how far the valleys stand apart along w_1, c which of them the line w_2 = 0 leans to."""

    a: float = 0.6
    c: float = 0.1

    def value(self, w: Tensor) -> Tensor:
        """(..., 2) -> (...)."""
        first, second = w[..., 0], w[..., 1]
        valley = (first - self.a * second).square() / 2
        return valley + (second.square() - 1).square() / 4 - self.c * second

    def gradient(self, w: Tensor) -> Tensor:
        """(..., 2) -> (..., 2)."""
        first, second = w[..., 0], w[..., 1]
        off = first - self.a * second
        return torch.stack([off, -self.a * off + second**3 - second - self.c], -1)

    def critical_points(self) -> Tensor:
        """All points without slope, (1 or 3, 2), with w_2 rising: w_1 = a w_2 and w_2^3 - w_2 = c."""
        roots = np.roots([1.0, 0.0, -1.0, -self.c])
        second = torch.tensor(np.sort(roots[np.abs(roots.imag) < 1e-9].real))
        return torch.stack([self.a * second, second], -1)

    def minima(self) -> Tensor:
        """The minima, (1 or 2, 2), with w_2 rising: where 3 w_2^2 > 1."""
        points = self.critical_points()
        return points[3 * points[:, 1].square() > 1]


def descent(f: TwoMinima, start: Tensor, rate: float, steps: int, free: tuple[bool, bool]) -> Tensor:
    """Paths (steps + 1, ..., 2) of gradient descent from `start` (..., 2); only the parameters that are free move."""
    w, moves, path = start.double(), torch.tensor(free, dtype=torch.float64), [start.double()]
    for _ in range(steps):
        w = w - rate * moves * f.gradient(w)
        path.append(w)
    return torch.stack(path)


def growing_descent(f: TwoMinima, first: Tensor, rate: float, steps: int, alone: int) -> Tensor:
    """Paths (steps + 1, ..., 2) that begin at w_1 = `first` (...), w_2 = 0, where w_2 joins after `alone` steps."""
    start = torch.stack([first.double(), torch.zeros_like(first, dtype=torch.float64)], -1)
    one = descent(f, start, rate, alone, (True, False))
    return torch.cat([one, descent(f, one[-1], rate, steps - alone, (True, True))[1:]])
