"""EfficientNet-Lite0: the network for phones whose features of photographs measure pictures of any kind.

Tan and Le (2019), "EfficientNet: rethinking model scaling for convolutional neural networks", arXiv:1905.11946, section
4, in the "lite" form that its authors published in 2020: no squeeze-and-excitation, ReLU6 in the place of swish, stem
and head not scaled. TensorFlow pads so that a convolution of stride s makes ⌈H / s⌉ of H, which may be uneven.
"""

import torch.nn.functional as F
from torch import Tensor, nn

# blocks, kernel, stride of the first, channels, factor of expansion: the paper's table 1 without its squeezes
STAGES = (
    (1, 3, 1, 16, 1),
    (2, 3, 2, 24, 6),
    (2, 5, 2, 40, 6),
    (3, 3, 2, 80, 6),
    (3, 5, 1, 112, 6),
    (4, 5, 2, 192, 6),
    (1, 3, 1, 320, 6),
)
STEM, HEAD, CLASSES = 32, 1280, 1000
# the blocks that end at a quarter, an eighth, a sixteenth and a 32nd of the side
LAST_OF_SCALE = (2, 4, 10, 15)


def padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Zeros around (B, C, H, W), the odd ones right and below, for ⌈H / stride⌉ × ⌈W / stride⌉ outputs."""
    missing = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:]]
    height, width = missing
    return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Block(nn.Module):
    """Inverted residual: wide, each channel filtered by itself, narrow again."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.kernel, self.stride, self.expands = kernel, stride, expansion > 1
        self.residual = stride == 1 and inputs == outputs
        if self.expands:
            self.expand_conv, self.bn0 = nn.Conv2d(inputs, wide, 1, bias=False), norm(wide)
        self.depthwise_conv = nn.Conv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self.bn1 = norm(wide)
        self.project_conv, self.bn2 = nn.Conv2d(wide, outputs, 1, bias=False), norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.bn0(self.expand_conv(x))) if self.expands else x
        y = F.relu6(self.bn1(self.depthwise_conv(padded(y, self.kernel, self.stride))))
        y = self.bn2(self.project_conv(y))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """RGB (B, 3, H, W), scaled as (byte - 127) / 128 -> logits (B, 1000) of ImageNet. It was trained on 224 × 224."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn0 = nn.Conv2d(3, STEM, 3, 2, bias=False), norm(STEM)
        blocks, inputs = list[nn.Module](), STEM
        for count, kernel, stride, outputs, expansion in STAGES:
            for number in range(count):
                blocks.append(Block(inputs, outputs, kernel, stride if number == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.conv_head, self.bn1 = nn.Conv2d(inputs, HEAD, 1, bias=False), norm(HEAD)
        self.fc = nn.Linear(HEAD, CLASSES)

    def stages(self, x: Tensor) -> list[Tensor]:
        """Maps (B, 24, H/4, W/4), (B, 40, H/8, W/8), (B, 112, H/16, W/16) and (B, 320, H/32, W/32)."""
        x = F.relu6(self.bn0(self.conv_stem(padded(x, 3, 2))))
        maps = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in LAST_OF_SCALE:
                maps.append(x)
        return maps

    def features(self, x: Tensor) -> Tensor:
        """(B, 1280): the means over positions that the last layer reads."""
        return F.relu6(self.bn1(self.conv_head(self.stages(x)[-1]))).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x))
