"""The law of x = G(z) on the line when z is one number: probabilities of cells, without drawing a sample."""

import math

import torch
from torch import Tensor

from course_lib.errors import UsageError


def normal_cells(count: int = 2000, reach: float = 5.0) -> tuple[Tensor, Tensor]:
    """`count` equal cells of [-reach, reach] under N(0, 1): their edges (count + 1,) and probabilities (count,).

    The two outer cells also take the tails, so that the probabilities sum to one. Both float64.
    """
    edges = torch.linspace(-reach, reach, count + 1, dtype=torch.float64)
    return edges, cell_probabilities(torch.special.ndtr(edges))


def cell_probabilities(cdf: Tensor) -> Tensor:
    """Probabilities (m,) of m cells from a distribution function at their edges (m + 1,), tails to the outer cells."""
    cdf = cdf.clone()
    cdf[0], cdf[-1] = 0, 1
    return cdf.diff()


def pushforward(outputs: Tensor, masses: Tensor, edges: Tensor) -> Tensor:
    """Probabilities (m,) that x = G(z) falls between `edges` (m + 1,), which ascend; tails go to the outer cells.

    outputs: (n + 1,) or (n + 1, 1), G at the edges of n cells of z; masses: (n,), the probabilities of those cells.
    This is the change of variables p_g(x) = Σ p_z(z)/|G'(z)| over all z with G(z) = x, integrated over each cell of
    x. It is exact where G is linear and p_z constant inside every cell of z; a generator of ReLU layers breaks that
    in the few cells that hold one of its kinks. Cells of z that are folded onto each other simply add up.

    Raises UsageError when the numbers of outputs and masses do not fit.
    """
    outputs, edges = outputs.detach().double().flatten(), edges.double()
    if len(outputs) != len(masses) + 1:
        raise UsageError(
            f"{len(masses)} cells of z have {len(masses) + 1} edges, and {len(outputs)} outputs came."
        )
    low = torch.minimum(outputs[:-1], outputs[1:])
    # a cell that G maps to a point is a step
    width = (outputs[1:] - outputs[:-1]).abs().clamp(min=math.ulp(1.0))
    # share of each cell of z that lies left of each edge
    below = ((edges[:, None] - low) / width).clamp(0, 1)
    return cell_probabilities(below @ masses.double())
