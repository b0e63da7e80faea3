"""What the weights of other versions are called in the authors' PyTorch version, and how their axes are turned.

The TensorFlow version keeps its convolutions the other way around: channels last, the doubling ones mirrored, and the 1
that every style begins with left out of its bias. The best-known rewriting, by rosinality, has other names and leading
axes of length 1.
"""

import re

from torch import Tensor

LAYER = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
    "bias": "bias",
}


def from_rosinality(name: str) -> str | None:
    """convs.3.noise.weight -> synthesis.b16.conv1.noise_strength; None for what is not in that generator."""
    if name == "input.input":
        return "synthesis.b4.const"
    head, _, rest = name.partition(".")
    number, _, last = rest.partition(".")
    if head == "style" and number.isdecimal() and last in ("weight", "bias") and int(number) > 0:
        return f"mapping.fc{int(number) - 1}.{last}"
    if match := re.fullmatch(r"noises\.noise_(\d+)", name):
        return f"synthesis.{_convolution(int(match[1]))}.noise_const"
    if head in ("conv1", "to_rgb1") and rest in LAYER:
        return f"synthesis.b4.{'conv1' if head == 'conv1' else 'torgb'}.{LAYER[rest]}"
    if head in ("convs", "to_rgbs") and number.isdecimal() and len(number) < 3 and last in LAYER:
        place = _convolution(int(number) + 1) if head == "convs" else f"b{8 * 2 ** int(number)}.torgb"
        return f"synthesis.{place}.{LAYER[last]}"
    return None


def _convolution(number: int) -> str:
    """The convolutions in order: b4.conv1, b8.conv0, b8.conv1, b16.conv0, ..."""
    block = (number + 1) // 2
    return f"b{4 * 2**block}.conv{(number + 1) % 2 if number else 1}"


def trimmed(ours: str, value: Tensor) -> Tensor:
    """Without the axes of length 1 that rosinality's tensors have in addition."""
    if ours.endswith(("noise_strength", "noise_const")):
        return without(value, 1 if ours.endswith("strength") else 2)
    if ours.endswith("torgb.bias"):
        return value.flatten()
    added = ours.endswith(("const", "conv0.weight", "conv1.weight", "torgb.weight"))
    return without(value, 1) if added else value


def without(value: Tensor, axes: int) -> Tensor:
    """A tensor without its first axes, if they have length 1; another is left to be refused for its shape."""
    return value.reshape(value.shape[axes:]) if value.shape[:axes] == (1,) * axes else value


PART = {
    "weight": "weight",
    "bias": "bias",
    "noise_strength": "noise_strength",
    "mod_weight": "affine.weight",
    "mod_bias": "affine.bias",
}
PLACE = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}


def from_tensorflow(name: str) -> str | None:
    """synthesis/8x8/Conv0_up/mod_bias -> synthesis.b8.conv0.affine.bias; None for what is not carried over."""
    if name == "dlatent_avg":
        return "mapping.w_avg"
    if name == "synthesis/4x4/Const/const":
        return "synthesis.b4.const"
    if name == "mapping/LabelEmbed/weight":
        return "mapping.embed.weight"
    if match := re.fullmatch(r"mapping/Dense(\d+)/(weight|bias)", name):
        return f"mapping.fc{match[1]}.{match[2]}"
    if match := re.fullmatch(r"synthesis/noise(\d{1,2})", name):
        return f"synthesis.{_convolution(int(match[1]))}.noise_const"
    if match := re.fullmatch(r"synthesis/(\d+)x\1/(\w+)/(\w+)", name):
        place, part = PLACE.get(match[2]), PART.get(match[3])
        return f"synthesis.b{match[1]}.{place}.{part}" if place and part else None
    return None


def turned(ours: str, value: Tensor) -> Tensor:
    """A variable of the TensorFlow version as PyTorch's has it."""
    if ours.endswith(("b4.const", "noise_const")):
        return without(value, 1 if ours.endswith("b4.const") else 2)
    if ours.endswith("affine.bias"):
        return value + 1
    if value.ndim == 4:  # (height, width, inputs, outputs)
        value = value.permute(3, 2, 0, 1)
        return value.flip(2, 3) if ours.endswith(("conv0.weight", "skip.weight")) else value
    return value.T if value.ndim == 2 else value
