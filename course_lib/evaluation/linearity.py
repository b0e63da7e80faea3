"""How well straight lines of a code read what an image shows: linear regression, judged on codes left out of it."""

import torch
from torch import Tensor

from course_lib.errors import UsageError


def linear_r2(codes: Tensor, readings: Tensor, *, train: float = 0.5, ridge: float = 1e-3) -> Tensor:
    r"""(K,) float64: $R^2$ of each of K readings (N, K) as an affine function of the codes (N, d).

    The first share `train` of the rows is fitted, by least squares with a small ridge (a share of the codes' mean
    variance), and the rest is judged: 1 where all variance is explained, 0 for what the mean does, negative for worse;
    nan for a reading that is constant. Raises UsageError for fewer fitted rows than numbers in a code.
    """
    x, y = codes.double(), readings.double()
    n = int(train * len(x))
    if len(x) != len(y) or n <= x.shape[1] or n >= len(x):
        raise UsageError(
            f"a line through codes of {x.shape[1]} numbers needs more rows than that to be fitted, and some to be "
            f"judged by: {n} of {len(x)} codes and {len(y)} readings are too few."
        )
    mean, level = x[:n].mean(0), y[:n].mean(0)
    centred = x[:n] - mean
    gram = centred.T @ centred
    gram += ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    slopes = torch.linalg.solve(gram, centred.T @ (y[:n] - level))
    rest = y[n:]
    residual = (rest - level - (x[n:] - mean) @ slopes).square().mean(0)
    variance = rest.var(0, correction=0)
    return torch.where(variance > 0, 1 - residual / variance, torch.nan)


def linear_accuracy(
    codes: Tensor, labels: Tensor, new_codes: Tensor, new_labels: Tensor, *, ridge: float = 1e-3
) -> float:
    """Share of new codes (M, d) whose label, int64 (M,), an affine function of the codes (N, d) says, in [0, 1].

    Least squares onto one column of 0 and 1 for each label, with a small ridge (a share of the codes' mean variance);
    the greatest column is the answer. Raises UsageError where codes and labels do not pair.
    """
    if (
        len(codes) != len(labels)
        or len(new_codes) != len(new_labels)
        or codes.shape[1:] != new_codes.shape[1:]
    ):
        raise UsageError("a code needs one label, and new codes as many numbers as those that are fitted.")
    x, y = codes.double(), torch.nn.functional.one_hot(labels).double()
    mean, level = x.mean(0), y.mean(0)
    centred = x - mean
    gram = centred.T @ centred
    gram += ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    slopes = torch.linalg.solve(gram, centred.T @ (y - level))
    said = (level + (new_codes.double() - mean) @ slopes).argmax(1)
    return (said == new_labels).double().mean().item()
