"""Strided convolution and its adjoint in one dimension, as matrices: what a layer of a DCGAN computes.

A convolution with kernel w of length K, stride s and padding p maps x of length H to

    (A x)_i = sum_k w_k x_{s i + k - p},        x = 0 outside,

and the transposed convolution with the same numbers is multiplication by A's transpose. (Dumoulin and Visin, 2016,
A guide to convolution arithmetic for deep learning, chapter 4.) Two dimensions are the same thing twice.
"""

import torch
from torch import Tensor

from course_lib.errors import UsageError


def output_length(length: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Length of a convolution's output: floor((H + 2p - K) / s) + 1."""
    _check(kernel, stride, padding)
    if length + 2 * padding < kernel:
        raise UsageError(
            f"A kernel of {kernel} does not fit into {length} values padded by {padding}: shorten it."
        )
    return (length + 2 * padding - kernel) // stride + 1


def transposed_length(length: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Length of a transposed convolution's output: s (H - 1) + K - 2p."""
    _check(kernel, stride, padding)
    result = stride * (length - 1) + kernel - 2 * padding
    if length < 1 or result < 1:
        raise UsageError(f"{length} values, kernel {kernel} and padding {padding} leave no output: pad less.")
    return result


def matrix(weights: Tensor, length: int, stride: int = 1, padding: int = 0) -> Tensor:
    """A of the convolution: (output_length, length), with A[i, j] = w[j + p - s i] where that is inside the kernel.

    weights (K,). Its transpose is the transposed convolution, from (output_length,) back to (length,).
    """
    rows = output_length(length, len(weights), stride, padding)
    tap = torch.arange(length) + padding - stride * torch.arange(rows)[:, None]
    inside = (tap >= 0) & (tap < len(weights))
    return torch.where(inside, weights[tap.clamp(0, len(weights) - 1)], 0.0)


def overlaps(length: int, kernel: int, stride: int, padding: int = 0) -> Tensor:
    """How many inputs of a transposed convolution reach each of its outputs: (transposed_length,) int64.

    Away from the edges the counts repeat with period s and all equal K / s when s divides K; otherwise both integers
    around K / s occur in each period, the checkerboard of Odena et al. (2016).
    """
    outputs = transposed_length(length, kernel, stride, padding)
    tap = torch.arange(outputs) + padding - stride * torch.arange(length)[:, None]
    return ((tap >= 0) & (tap < kernel)).sum(0)


def _check(kernel: int, stride: int, padding: int) -> None:
    if kernel < 1 or stride < 1 or padding < 0:
        raise UsageError(
            f"A convolution needs a kernel and a stride of at least 1 and no negative padding, not {kernel}, {stride} "
            f"and {padding}."
        )
