"""Power iteration, as it should be and with the faults of students."""

import torch
from torch import Tensor

from course_lib.checks.engine.trial import Trial


def slow_matrix(trial: Trial) -> Tensor:
    """(5, 8), with singular values so close together that a few iterations do not arrive."""
    left, right = (
        torch.linalg.qr(trial.draw.normal(n, 5, purpose=f"{n} singular vectors")).Q for n in (5, 8)
    )
    return left @ torch.diag(torch.tensor([1.7, 1.5, 1.3, 1.0, 0.6])) @ right.T


def power(
    matrix: Tensor, u: Tensor, steps: int, plain: str = "", constant: bool = True
) -> tuple[Tensor, Tensor]:
    """σ and u after `steps` iterations; vectors named in `plain` are not normalised, u and v constants or not."""
    used = matrix.detach() if constant else matrix
    v = torch.zeros(matrix.shape[1])
    for _ in range(steps):
        v = used.T @ u
        v = v if "v" in plain else v / v.norm()
        u = used @ v
        u = u if "u" in plain else u / u.norm()
    return u @ (matrix @ v), u
