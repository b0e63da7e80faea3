"""Networks from image to image: the residual translator and the discriminator of patches of CycleGAN."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.dcgan import initialise
from course_lib.networks.precision import without_autocast
from course_lib.networks.trunks import SLOPE
from course_lib.settings import Count, CountFrom0, check


class InstanceNorm(nn.InstanceNorm2d):
    """(B, C, H, W) -> the same: each map of each image less its mean, over its deviation (Ulyanov et al., 2016).

    torch gives an image that is stored channels last back in the other layout, and what follows copies it, or computes
    in the slower layout, until a convolution. On a CPU the layout is kept here, and the statistics are those of group
    normalisation with a map a group, which are faster and the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or not x.is_contiguous(memory_format=torch.channels_last):
            return super().forward(x)
        normalised = F.group_norm(x.contiguous(), x.shape[1], eps=self.eps)
        return normalised.contiguous(memory_format=torch.channels_last)


class ReflectionPad(nn.ReflectionPad2d):
    """(B, C, H, W) -> (B, C, H + 2n, W + 2n), mirrored at the borders, in the precision of what it is given.

    Autocast on a CPU would pad in float32: two copies more of every image and of every gradient.
    """

    def forward(self, x: Tensor) -> Tensor:
        with without_autocast(x.device.type):
            return super().forward(x)


class ResidualBlock(nn.Module):
    """(B, maps, H, W) -> the same: two 3x3 convolutions, mirrored at the borders, added to the input."""

    def __init__(self, maps: int):
        super().__init__()
        self.layers = nn.Sequential(
            *_convolution(maps, maps, 3), nn.ReLU(inplace=True), *_convolution(maps, maps, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class ResidualTranslator(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1], for sides that 2**halvings divides.

    c7s1-width, `halvings` convolutions of stride 2, `blocks` residual blocks, as many transposed convolutions, c7s1:
    Zhu et al. (2017, appendix 7.2), after Johnson et al. (2016), with instance normalisation throughout.

    additive: what the layers give, u in [-1, 1], is the share of its way that each value of the image goes to 1 where
    u > 0 and to −1 where u < 0. The translator then begins as the identity. For as many outputs as inputs.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int = 64,
        halvings: int = 2,
        blocks: int = 9,
        additive: bool = False,
    ):
        super().__init__()
        self.additive = additive
        maps = [width * 2**i for i in range(halvings + 1)]
        layers: list[nn.Module] = [*_convolution(inputs, width, 7), nn.ReLU(inplace=True)]
        for n_in, n_out in zip(maps, maps[1:], strict=False):
            layers += [
                nn.Conv2d(n_in, n_out, 3, 2, 1, bias=False),
                InstanceNorm(n_out),
                nn.ReLU(inplace=True),
            ]
        layers += [ResidualBlock(maps[-1]) for _ in range(blocks)]
        for n_in, n_out in zip(maps[::-1], maps[-2::-1], strict=False):
            layers += [
                nn.ConvTranspose2d(n_in, n_out, 3, 2, 1, output_padding=1, bias=False),
                InstanceNorm(n_out),
                nn.ReLU(inplace=True),
            ]
        last = nn.Conv2d(width, outputs, 7)
        self.layers = nn.Sequential(*layers, ReflectionPad(3), last, nn.Tanh())
        initialise(self)
        if additive:
            nn.init.zeros_(last.weight)

    def forward(self, images: Tensor) -> Tensor:
        made = self.layers(images)
        if not self.additive:
            return made
        return images + made - made.abs() * images


class PatchDiscriminator(nn.Module):
    """(B, channels, H, W) -> (B, h, w): a logit for each patch of `field` pixels, which overlap.

    `layers` convolutions of stride 2 and two of stride 1, all 4x4: 70 pixels for 3 layers (Isola et al., 2017).
    """

    def __init__(self, channels: int, width: int = 64, layers: int = 3):
        super().__init__()
        maps = [width * min(2**i, 8) for i in range(layers + 1)]
        body: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(SLOPE, inplace=True)]
        for number, (n_in, n_out) in enumerate(zip(maps, maps[1:], strict=False)):
            stride = 2 if number < layers - 1 else 1
            body += [
                nn.Conv2d(n_in, n_out, 4, stride, 1, bias=False),
                InstanceNorm(n_out),
                nn.LeakyReLU(SLOPE, inplace=True),
            ]
        self.layers = nn.Sequential(*body, nn.Conv2d(maps[-1], 1, 4, 1, 1))
        self.field = 1
        for layer in reversed([m for m in self.layers if isinstance(m, nn.Conv2d)]):
            self.field = (self.field - 1) * layer.stride[0] + layer.kernel_size[0]
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)[:, 0]


@dataclass(frozen=True)
class CycleNetworks:
    """A translator each way between two domains, and a discriminator for each domain."""

    width: Count = 64  # feature maps of the translators at full resolution
    halvings: CountFrom0 = 2  # how often a translator halves the resolution
    blocks: CountFrom0 = 9  # residual blocks at the smallest resolution: 6 for 128 pixels, 9 for 256
    additive: bool = False  # translators change an image and begin as the identity; the paper's make it anew
    discriminator_width: Count = 64  # feature maps after the first layer
    # convolutions of stride 2: patches of 16, 34 and 70 pixels for 1, 2 and 3
    discriminator_layers: Count = 3

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """generator: first domain to second; inverse: back; discriminator of the second domain, source_discriminator
        of the first. Raises UsageError for data without a second domain of images of the same side."""
        source, target = domains(data)
        side = data.image[1]
        if side % 2**self.halvings or side // 2**self.halvings < 2:
            raise UsageError(
                f"{self.halvings} halvings of {side} pixels do not end at 2 pixels or more: give fewer --halvings."
            )
        if side // 2**self.discriminator_layers < 4:
            raise UsageError(
                f"{self.discriminator_layers} layers of patches need images of at least "
                f"{4 * 2**self.discriminator_layers} pixels, not {side}: give fewer --discriminator-layers."
            )

        if self.additive and source != target:
            raise UsageError(
                f"an image of {source} channels cannot be changed into one of {target}: leave out --additive."
            )

        def translator(inputs: int, outputs: int) -> nn.Module:
            return ResidualTranslator(inputs, outputs, self.width, self.halvings, self.blocks, self.additive)

        def discriminator(channels: int) -> nn.Module:
            return PatchDiscriminator(channels, self.discriminator_width, self.discriminator_layers)

        return {
            "generator": translator(source, target),
            "inverse": translator(target, source),
            "discriminator": discriminator(target),
            "source_discriminator": discriminator(source),
        }


def domains(data: DataSpec) -> tuple[int, int]:
    """Channels of the first domain and of the second. Raises UsageError unless both are images of one side."""
    channels, side = data.image
    target = data.target_shape
    if target is None:
        raise UsageError("a translation needs a second domain: give --target another set of images.")
    if len(target) != 3 or target[1] != side:
        raise UsageError(
            f"a translation keeps the size of images, and the two domains have {data.shape} and {target}: prepare "
            f"both at one --resolution."
        )
    return channels, target[0]


def _convolution(n_in: int, n_out: int, kernel: int) -> list[nn.Module]:
    # instance normalisation would subtract a bias again
    return [
        ReflectionPad(kernel // 2),
        nn.Conv2d(n_in, n_out, kernel, bias=False),
        InstanceNorm(n_out),
    ]
