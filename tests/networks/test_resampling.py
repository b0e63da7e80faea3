"""The low-pass filter: against zeros put between pixels and a plain convolution, and its derivatives."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional as F

from course_lib.networks.resampling import blur, convolve_double, convolve_halve, double, halve


def images(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def spread(x):
    """Zeros between the pixels."""
    wide = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    wide[:, :, ::2, ::2] = x
    return wide


def filtered(x, left, right, gain=1.0):
    line = torch.tensor([1.0, 3, 3, 1], dtype=x.dtype) / 8
    weight = gain * torch.outer(line, line).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, (left, right, left, right)), weight, groups=x.shape[1])


def test_doubling_is_zeros_between_pixels_and_the_filter():
    x = images(2, 3, 6, 5)
    torch.testing.assert_close(double(x), filtered(spread(x), 2, 1, 4.0))
    flat = double(torch.ones(1, 1, 8, 8))
    torch.testing.assert_close(flat[..., 1:-1, 1:-1], torch.ones(1, 1, 14, 14))


def test_halving_keeps_every_second_filtered_pixel():
    x = images(2, 3, 8, 6)
    torch.testing.assert_close(halve(x), filtered(x, 1, 1)[:, :, ::2, ::2])


def test_a_checkerboard_is_gone_after_halving():
    """What a stride alone would turn into a flat image of ones."""
    board = torch.ones(1, 1, 16, 16)
    board[..., ::2, 1::2] = board[..., 1::2, ::2] = -1.0
    assert (board[..., ::2, ::2] == 1).all()
    assert halve(board)[..., 1:-1, 1:-1].abs().max() < 1e-6


def test_convolution_at_twice_and_at_half_the_resolution():
    x, weight = images(2, 3, 4, 4), images(5, 3, 3, 3)
    # a transposed convolution is a convolution with the kernel turned by half a circle
    plain = F.conv2d(F.pad(spread(x), (2, 1, 2, 1)), weight.flip(2, 3))
    torch.testing.assert_close(convolve_double(x, weight), filtered(plain, 1, 2, 4.0)[..., :8, :8])
    torch.testing.assert_close(convolve_halve(x, weight), F.conv2d(filtered(x, 2, 2), weight)[:, :, ::2, ::2])


@pytest.mark.parametrize("padding", [0, 1, 2, 3])
def test_the_filter_is_its_own_derivative(padding):
    x = images(2, 2, 5, 4).requires_grad_(True)
    assert gradcheck(lambda x: blur(x, padding, 1.5), x)
    assert gradgradcheck(lambda x: blur(x, padding, 1.5), x)
    torch.testing.assert_close(blur(x, padding).detach(), blur(x.detach(), padding))
