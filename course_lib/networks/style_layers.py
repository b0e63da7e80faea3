r"""Layers of the style-based generator: equalised dense layers, and convolutions whose channels a style scales.

A style is a vector with a number for each channel. **Modulation** multiplies the input channels of a convolution by
it, $v'_{oik} = s_i v_{oik}$. **Demodulation** divides each output channel by what its standard deviation would be if
the inputs were independent with variance 1, $\sigma_o = \sqrt{\sum_{i,k} (s_i v_{oik})^2}$ (Karras et al., 2020,
equations 1 to 3). Both are computed here on the features instead of the weights: scale the inputs, convolve the whole
batch with one weight, scale the outputs. It is the same function, and its derivatives are ordinary ones.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.networks.layers import at_least_float32
from course_lib.networks.precision import without_autocast
from course_lib.networks.resampling import convolve_double

SLOPE = 0.2
GAIN = math.sqrt(2)  # after LeakyReLU: about keeps the mean square of what went in


def activate(x: Tensor) -> Tensor:
    """LeakyReLU, times the root of 2."""
    return F.leaky_relu(x, SLOPE) * GAIN


class EqualisedLinear(nn.Module):
    r"""(B, inputs) -> (B, outputs), with weights of deviation 1 that count $1/\sqrt{inputs}$ when they are used.

    bias: with what it begins. speed: a factor on the effect of each optimiser's step (Karras et al., 2019, appendix C:
    the mapping network learns at a hundredth of the rate).
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, speed: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / speed)
        self.bias = nn.Parameter(torch.full((outputs,), bias / speed))
        self.scale, self.speed = speed / math.sqrt(inputs), speed

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias * self.speed)


class Mapping(nn.Module):
    """z (B, latent) -> w (B, width): z is divided by the root of its mean square, then `layers` dense layers.

    speed: a factor on the layers' learning rate.
    """

    def __init__(self, latent: int, width: int, layers: int, speed: float = 0.01):
        super().__init__()
        self.layers = layers
        for j in range(layers):
            self.add_module(f"fc{j}", EqualisedLinear(width if j else latent, width, speed=speed))

    def forward(self, z: Tensor) -> Tensor:
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for j in range(self.layers):
            x = activate(getattr(self, f"fc{j}")(x))
        return x


class EqualisedConv2d(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W), times `gain`, with weights of deviation 1 as in `EqualisedLinear`.

    LeakyReLU lets a positive factor through: the gain that would follow it costs nothing here.
    """

    def __init__(self, inputs: int, outputs: int, size: int, bias: bool = True, gain: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.register_parameter("bias", nn.Parameter(torch.zeros(outputs)) if bias else None)
        self.scale, self.gain, self.padding = gain / math.sqrt(inputs * size**2), gain, size // 2

    def scaled(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias as they are used."""
        return self.weight * self.scale, None if self.bias is None else self.bias * self.gain

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, *self.scaled(), padding=self.padding)


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    r"""$1/\sigma_o$: weight (O, I, k, k) and style (B, I) -> (B, O), at least in float32, under autocast too."""
    with without_autocast(style.device.type):
        squares = at_least_float32(weight).square().sum((2, 3))  # (O, I)
        return (at_least_float32(style).square() @ squares.T + 1e-8).rsqrt()


def pixels(row: Tensor) -> Tensor:
    """(B, C) -> (B, C, 1, 1)."""
    return row[:, :, None, None]


class StyleConv2d(nn.Module):
    """(B, inputs, H, W) and w (B, width) -> (B, outputs, r, r): one layer of the generator, activation included.

    doubling: r = 2H, else r = H. adaptive: instead of demodulation, the first StyleGAN's adaptive instance
    normalisation, after the activation: each channel of each image to mean 0 and variance 1, then to a variance and a
    mean that the style gives (Karras et al., 2019, equation 1).

    noise_const: the stored map (r, r) of the noise; noise_strength: one number for all channels, 0 at first.
    """

    def __init__(
        self, width: int, inputs: int, outputs: int, resolution: int, doubling: bool, adaptive: bool
    ):
        super().__init__()
        self.resolution, self.doubling, self.adaptive = resolution, doubling, adaptive
        self.affine = EqualisedLinear(width, 2 * outputs if adaptive else inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.scale = 1 / math.sqrt(inputs * 9)
        if adaptive:
            with torch.no_grad():
                self.affine.bias[outputs:] = 0.0  # the mean that the style gives

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        style = self.affine(w)
        if self.adaptive:
            return adapt(self._activated(self._convolved(x), None, noise), style)
        return self._activated(self._convolved(x * pixels(style)), demodulation(self.weight, style), noise)

    def _convolved(self, x: Tensor) -> Tensor:
        weight = self.weight * self.scale if self.adaptive else self.weight
        return convolve_double(x, weight) if self.doubling else F.conv2d(x, weight, padding=1)

    def _activated(self, x: Tensor, factor: Tensor | None, noise: Tensor) -> Tensor:
        # LeakyReLU lets a positive factor through: the root of 2 costs nothing where the numbers are few
        bias = (GAIN * self.bias).to(x.dtype)[:, None, None]
        x = x * GAIN if factor is None else x * pixels((GAIN * factor).to(x.dtype))
        return F.leaky_relu(x + (noise * (GAIN * self.noise_strength)).to(x.dtype) + bias, SLOPE)


def adapt(x: Tensor, style: Tensor) -> Tensor:
    """Adaptive instance normalisation: x (B, C, H, W), style (B, 2C), whose first half scales and second shifts."""
    scale, shift = style.chunk(2, 1)
    return F.instance_norm(x) * pixels(scale) + pixels(shift)


class ToRGB(nn.Module):
    """(B, inputs, H, W) and w (B, width) -> (B, colours, H, W): a modulated 1x1 convolution, not demodulated."""

    def __init__(self, width: int, inputs: int, colours: int):
        super().__init__()
        self.affine = EqualisedLinear(width, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(colours, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(colours))
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w) * self.scale
        return F.conv2d(x * pixels(style), self.weight, self.bias)
