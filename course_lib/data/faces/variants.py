"""The same faces otherwise: by night, behind rain, as drawn edges.

Image i of a variant shows face i of "faces". A translation between the two therefore has a known answer, also where it
is trained without pairs.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.data.faces.factors import SPLITS, uniform

# of linear red, green and blue (ITU-R BT.709); used on the pixels as they are
LUMINANCE = (0.2126, 0.7152, 0.0722)
MOONLIGHT = (0.30, 0.38, 0.62)  # what is left of red, green and blue by night
GREY = 0.6  # how far colours move towards grey by night, as a share: eyes see few colours in the dark
STREAKS = 36  # of rain in each picture
INK = 2.2  # how dark an edge of a given contrast is drawn


def luminance(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 1, H, W), in the units of the pictures."""
    weights = torch.tensor(LUMINANCE, device=pictures.device, dtype=pictures.dtype)
    return (pictures * weights[:, None, None]).sum(1, keepdim=True)


def night(pictures: Tensor, numbers: Tensor, split: str) -> Tensor:
    """The same scene in moonlight: less of every colour, of red most, and all of them nearer to grey.

    An invertible linear map of each pixel, so that day can be had back from night exactly.
    """
    light = (pictures + 1) / 2
    dim = light + GREY * (luminance(light) - light)
    return dim * torch.tensor(MOONLIGHT, device=dim.device)[:, None, None] * 2 - 1


def rain(pictures: Tensor, numbers: Tensor, split: str) -> Tensor:
    """`STREAKS` bright lines before each face, all of one slant, their places a hash of (number, split)."""
    count, _, side, _ = pictures.shape
    counter = ((numbers.reshape(-1, 1) * 64 + torch.arange(4 * STREAKS + 1)) * 2 + SPLITS[split]) * 3 + 1
    share = uniform(counter.cpu()).float().to(pictures.device)
    slant = (share[:, -1:] - 0.5) * 0.9  # radians from the vertical
    x, y, length, bright = share[:, :-1].reshape(count, 4, STREAKS).unbind(1)  # (B, STREAKS), in widths
    half = 0.04 + 0.08 * length
    line = (torch.arange(side, device=pictures.device) + 0.5) / side
    veil = torch.zeros(count, side, side, device=pictures.device)
    cos, sin = slant.cos()[:, :, None], slant.sin()[:, :, None]
    for k in range(STREAKS):
        across, down = line[None, None, :] - x[:, k, None, None], line[None, :, None] - y[:, k, None, None]
        beyond = (across * sin + down * cos).abs() - half[:, k, None, None]  # along the streak, past its end
        away = (across * cos - down * sin).abs()
        # in pixels, from a streak of half a pixel
        distance = torch.hypot(away, beyond.clamp(min=0)) * side - 0.25
        cover = (0.75 - distance).clamp(0, 1) * (0.45 + 0.45 * bright[:, k, None, None])
        veil = torch.maximum(veil, cover)
    return pictures + (1 - pictures) * veil[:, None]


def edges(pictures: Tensor, numbers: Tensor, split: str) -> Tensor:
    """Dark lines on white where the luminance changes: its gradient's length by Sobel's filters, in three channels."""
    grey = torch.nn.functional.pad(luminance(pictures), (1, 1, 1, 1), mode="replicate")
    smooth, slope = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])
    kernels = torch.stack([smooth[:, None] * slope, slope[:, None] * smooth])[:, None] / 8
    gradient = torch.nn.functional.conv2d(grey, kernels.to(grey.device))
    strength = gradient.square().sum(1, keepdim=True).sqrt()
    return (1 - 2 * (INK * strength).clamp(max=1)).expand_as(pictures)


# (B, 3, R, R) pictures in [-1, 1], the numbers (B,) of their faces and their split -> the variant, alike
VARIANTS: dict[str, Callable[[Tensor, Tensor, str], Tensor]] = {"night": night, "rain": rain, "edges": edges}
