"""The discriminator of Karras et al. (2020): residual blocks that halve the image, and a minibatch deviation."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.networks.layers import MinibatchDeviation
from course_lib.networks.resampling import convolve_halve, halve
from course_lib.networks.style_layers import GAIN, SLOPE, EqualisedConv2d, EqualisedLinear, activate


class ResidualBlock(nn.Module):
    """(B, inputs, 2H, 2W) -> (B, outputs, H, W): two convolutions, and beside them one of a single pixel."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        # the sum of two terms of one variance has twice as much, so both count a root of 1/2, beside the usual gain
        half = math.sqrt(0.5)
        self.conv0 = EqualisedConv2d(inputs, inputs, 3, gain=GAIN)
        self.conv1 = EqualisedConv2d(inputs, outputs, 3, gain=GAIN * half)
        self.skip = EqualisedConv2d(inputs, outputs, 1, bias=False, gain=half)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.conv0(x), SLOPE)
        return F.leaky_relu(convolve_halve(y, *self.conv1.scaled()), SLOPE) + self.skip(halve(x))


class StyleDiscriminator(nn.Module):
    """(B, colours, resolution, resolution) -> (B,) logits; min(base / r, most) feature maps at r pixels.

    group: images that the minibatch deviation compares; 0 leaves it out. With it an image's logit depends on the rest
    of its group, as in the authors' networks, whose R1 is the gradient of the batch's summed logits.
    Raises ValueError for a resolution that 4 does not reach by doubling.
    """

    def __init__(
        self, resolution: int = 32, colours: int = 3, base: int = 16_384, most: int = 512, group: int = 4
    ):
        super().__init__()
        doublings = round(math.log2(resolution / 4)) if resolution >= 8 else 0
        if doublings < 1 or 4 * 2**doublings != resolution:
            raise ValueError(f"resolution must be 8, 16, 32, 64, ...; it is {resolution}")
        maps = [min(max(base // (4 * 2**j), 1), most) for j in range(doublings + 1)]  # from 4 pixels on
        self.from_rgb = EqualisedConv2d(colours, maps[-1], 1, gain=GAIN)
        pairs = zip(maps[:0:-1], maps[-2::-1], strict=True)
        self.blocks = nn.Sequential(*(ResidualBlock(inputs, outputs) for inputs, outputs in pairs))
        self.deviation = MinibatchDeviation(group) if group else nn.Identity()
        self.conv = EqualisedConv2d(maps[0] + bool(group), maps[0], 3, gain=GAIN)
        self.dense = EqualisedLinear(maps[0] * 16, maps[0])
        self.score = EqualisedLinear(maps[0], 1)

    def forward(self, images: Tensor) -> Tensor:
        x = self.blocks(F.leaky_relu(self.from_rgb(images), SLOPE))
        x = F.leaky_relu(self.conv(self.deviation(x)), SLOPE)  # (B, maps, 4, 4)
        return self.score(activate(self.dense(torch.flatten(x, 1)))).squeeze(1)
