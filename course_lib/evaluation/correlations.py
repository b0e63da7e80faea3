"""Whether what goes together in the data goes together in samples, more or less: correlations of known factors.

A judge reads both, so that its own errors are in both. What it reads in real images is the reference; the true factors
of these images say how far the judge itself bends a correlation.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.data.faces.factors import EYEWEAR
from course_lib.errors import UsageError

Pair = tuple[str, str]


def hard(outputs: Tensor, binary: Tensor) -> Tensor:
    """A judge's outputs (N, K) as factors: 0 or 1 for the columns of `binary`, bool (K,), and the value for others."""
    return torch.where(binary.to(outputs.device), (outputs > 0).to(outputs.dtype), outputs)


def column(factors: Tensor, names: Sequence[str], name: str) -> Tensor:
    """(N,) one factor of a table (N, K). "eyewear" is 1 for glasses, -1 for sunglasses, 0 for neither.

    Raises UsageError for a factor that the table has not.
    """
    if name == EYEWEAR:
        return column(factors, names, "glasses") - column(factors, names, "sunglasses")
    if name not in names:
        raise UsageError(f"there is no factor '{name}': choose from {', '.join(names)}.")
    return factors[:, list(names).index(name)].double()


def correlations(factors: Tensor, names: Sequence[str], pairs: Sequence[Pair]) -> Tensor:
    """Pearson's correlation of each pair of columns of a table (N, K): float64 (P,). 0 where a column is constant."""
    values = []
    for one, other in pairs:
        a, b = (column(factors, names, name) for name in (one, other))
        a, b = a - a.mean(), b - b.mean()
        length = a.norm() * b.norm()
        values.append((a @ b / length).item() if length > 0 else 0.0)
    return torch.tensor(values, dtype=torch.float64)


def amplification(samples: Tensor, data: Tensor) -> float:
    r"""The slope s of least squares, samples = s * data, through 0: $\sum_p r_p\, \rho_p / \sum_p \rho_p^2$.

    samples and data: correlations (P,) of the same pairs. 1: kept; above 1: amplified; below 1: weakened. Raises
    UsageError where the data has none.
    """
    if not data.square().sum() > 0:
        raise UsageError("the data has no correlation that samples could keep or lose.")
    return (samples @ data / data.square().sum()).item()


def share_given(factors: Tensor, names: Sequence[str], name: str, given: str, above: float) -> float:
    """Share of the images with `given` above a value that have the binary factor `name`; nan where there are none."""
    chosen = column(factors, names, given) > above
    return (column(factors, names, name)[chosen] > 0.5).double().mean().item()
