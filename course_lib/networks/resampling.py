r"""Enlarging and halving images with a low-pass filter, so that what moves by a pixel moves by a pixel everywhere.

A convolution with stride skips pixels; what lies between them turns into patterns (aliasing). The binomial filter
$[1, 3, 3, 1]/8$ along each axis is applied before pixels are left out, and after zeros are put between them (Zhang,
2019; Karras et al., 2019, section 2). Zeros lie outside of the image.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

BINOMIAL = (1 / 8, 3 / 8, 3 / 8, 1 / 8)  # along each axis; its sum is 1


def blur(x: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """(B, C, H, W) -> (B, C, H + 2 padding - 3, W + 2 padding - 3), filtered and times `gain`; padding up to 3."""
    if torch.is_grad_enabled() and x.requires_grad:
        return _Blur.apply(x, padding, gain)
    return _filtered(x, padding, gain)


class _Blur(torch.autograd.Function):
    """The filter, whose gradient is the filter again: it is linear and symmetric.

    torch's own second derivative of a convolution with groups is a loop over the channels, on the CPU.
    """

    @staticmethod
    def forward(context: Any, x: Tensor, padding: int, gain: float) -> Tensor:
        context.padding, context.gain = padding, gain
        return _filtered(x, padding, gain)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Any:
        return blur(gradients[0], 3 - context.padding, context.gain), None, None


def _filtered(x: Tensor, padding: int, gain: float) -> Tensor:
    line = torch.tensor(BINOMIAL, dtype=x.dtype, device=x.device)
    filters = (gain * torch.outer(line, line)).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x, filters, padding=padding, groups=x.shape[1])


def halve(x: Tensor) -> Tensor:
    """(B, C, 2H, 2W) -> (B, C, H, W), blurred and every second pixel kept."""
    # not by a stride, whose gradient in bfloat16 takes a CPU ten times as long
    return blur(x, 1)[:, :, ::2, ::2]


def double(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2H, 2W): zeros between the pixels, then the filter, times 4 to keep the brightness.

    Written as what it comes to: an output pixel is 3/4 of the nearest one and 1/4 of the next, along each axis.
    """
    for axis in (2, 3):
        pad = (0, 0, 1, 1) if axis == 2 else (1, 1)
        padded, n = F.pad(x, pad), x.shape[axis]
        before, after = padded.narrow(axis, 0, n), padded.narrow(axis, 2, n)
        x = torch.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1).flatten(axis, axis + 1)
    return x


def convolve_double(x: Tensor, weight: Tensor) -> Tensor:
    """A 3x3 convolution at twice the resolution: (B, I, H, W) and (O, I, 3, 3) -> (B, O, 2H, 2W).

    Zeros between the pixels and the convolution are one transposed convolution; the filter follows, where there are
    fewer channels.
    """
    return blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 1, gain=4.0)


def convolve_halve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A 3x3 convolution and half the resolution: (B, I, 2H, 2W) and (O, I, 3, 3) -> (B, O, H, W)."""
    return F.conv2d(blur(x, 2), weight, bias, stride=2)
