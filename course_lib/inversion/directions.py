"""Directions in a space of codes along which an image changes in one way: from known factors, or from the codes alone.

From factors: the normal of the plane that a linear or logistic regression lays between codes (Shen et al. 2020,
"Interpreting the latent space of GANs"); made conditional on other factors, it leaves theirs as they are. From the
codes alone: their principal components (Härkönen et al. 2020, GANSpace). Codes are rows (N, d) throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from course_lib.errors import UsageError

NEWTON_STEPS = 25  # of a logistic regression, which converges in some ten


@dataclass(frozen=True, eq=False)
class Directions:
    """vectors (K, d) of length 1, by name. slopes (K,): how fast each factor's linear reading grows along its own
    vector, in the factor's unit (of a binary one, in logits) a unit of code."""

    names: tuple[str, ...]
    vectors: Tensor = field(repr=False)
    slopes: Tensor = field(repr=False)

    def __getitem__(self, name: str) -> Tensor:
        """(d,). Raises UsageError for a name that is not there."""
        if name not in self.names:
            raise UsageError(f"there is no direction '{name}': choose one of {', '.join(self.names)}.")
        return self.vectors[self.names.index(name)]


def of_factors(
    codes: Tensor, factors: Tensor, names: Sequence[str], binary: Tensor, *, ridge: float = 1e-3
) -> Directions:
    """A direction for each factor, from codes (N, d) of images whose factors (N, K) are known.

    Continuous factors by linear regression, those of `binary`, bool (K,), by logistic regression; both with `ridge`
    times the codes' mean square, without which a factor that a plane separates has no finite normal.
    Raises UsageError for tables that do not belong together and for a binary factor that all images have, or none.
    """
    if codes.ndim != 2 or factors.shape != (len(codes), len(names)) or len(binary) != len(names):
        raise UsageError(
            f"directions need codes (N, d), factors (N, K), K names and K kinds, not {tuple(codes.shape)}, "
            f"{tuple(factors.shape)}, {len(names)} and {len(binary)}."
        )
    centre = codes.double() - codes.double().mean(0)
    penalty = ridge * centre.square().mean()
    vectors, slopes = [], []
    for name, is_binary, column in zip(names, binary.tolist(), factors.double().T, strict=True):
        if is_binary and column.min() == column.max():
            raise UsageError(f"all images are alike in {name}, so nothing shows where it lies: give others.")
        found = logistic(centre, column, penalty) if is_binary else linear(centre, column, penalty)
        slopes.append(found.norm())
        vectors.append(found / found.norm().clamp(min=1e-12))
    return Directions(tuple(names), torch.stack(vectors).to(codes), torch.stack(slopes).to(codes))


def linear(centred: Tensor, values: Tensor, penalty: Tensor | float) -> Tensor:
    """The slope a (d,) of the least squares values ≈ a·code + b, with penalty·N‖a‖²; codes (N, d) of mean 0."""
    count, d = centred.shape
    normal = centred.T @ centred / count + penalty * torch.eye(d, dtype=centred.dtype)
    return torch.linalg.solve(normal, centred.T @ (values - values.mean()) / count)


def logistic(centred: Tensor, has: Tensor, penalty: Tensor | float) -> Tensor:
    """The slope a (d,) of the likeliest P(has) = σ(a·code + b), with penalty·‖a‖²/2 a code: Newton's method.

    centred: (N, d) of mean 0; has: 0 or 1, (N,).
    """
    count, d = centred.shape
    rows = torch.cat([centred, centred.new_ones(count, 1)], 1)
    keep = torch.diag(torch.cat([torch.ones(d), torch.zeros(1)]).to(centred)) * penalty  # b is free
    theta = rows.new_zeros(d + 1)
    for _ in range(NEWTON_STEPS):
        p = (rows @ theta).sigmoid()
        gradient = rows.T @ (p - has) / count + keep @ theta
        curvature = (rows * (p * (1 - p))[:, None]).T @ rows / count + keep
        step = torch.linalg.solve(curvature + 1e-12 * torch.eye(d + 1).to(rows), gradient)
        # far from the answer a Newton step may leap: none is longer than the codes' scale allows
        theta = theta - step / (step.norm() / 20).clamp(min=1)
        if step.norm() < 1e-10:
            break
    return theta[:d]


def conditional(vector: Tensor, others: Tensor) -> Tensor:
    """What is left of `vector` (d,) at right angles to `others` (K, d), with length 1.

    Shen et al. (2020), section 3.3: moving along it changes no other linear reading. Raises UsageError when nothing is
    left, as the others hold it all.
    """
    basis = torch.linalg.qr(others.double().T).Q
    left = vector.double() - basis @ (basis.T @ vector.double())
    if left.norm() < 1e-6 * vector.double().norm():
        raise UsageError("this direction is a mixture of the others: hold fewer of them.")
    return (left / left.norm()).to(vector)


def principal(codes: Tensor, count: int) -> Directions:
    """The first principal components of codes (N, d): directions of most variance, and as slopes 1/standard deviation,
    so that a step of one standard deviation is 1 (Härkönen et al. 2020).

    Raises UsageError for more than there are.
    """
    if not 1 <= count <= min(codes.shape):
        raise UsageError(f"codes of shape {tuple(codes.shape)} have 1 to {min(codes.shape)} components.")
    centred = codes.double() - codes.double().mean(0)
    _, singular, rows = torch.linalg.svd(centred, full_matrices=False)
    deviation = singular[:count] / len(codes) ** 0.5
    names = tuple(f"component {k + 1}" for k in range(count))
    return Directions(names, rows[:count].to(codes), (1 / deviation.clamp(min=1e-12)).to(codes))


def moved(codes: Tensor, direction: Tensor, amount: float | Tensor, layers: slice | None = None) -> Tensor:
    """Codes (B, d), or styles (B, L, d) in the given layers (None: all), plus `amount` times the direction (d,).

    amount: one number, or one an image (B,).
    """
    amount = torch.as_tensor(amount, dtype=codes.dtype, device=codes.device)
    step = amount.reshape(-1, *[1] * (codes.ndim - 1)) * direction.to(codes)
    if layers is None or codes.ndim == 2:
        return codes + step
    result = codes.clone()
    result[:, layers] += step
    return result
