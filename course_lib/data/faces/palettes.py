"""The colours of the drawings, as ramps that a factor walks along."""

import torch
from torch import Tensor

SKIN = ("#fbe3d3", "#f6cfb1", "#e8b088", "#cb8a5c", "#97603d", "#623c28")  # light to dark
HAIR = ("#241c22", "#412a22", "#74482c", "#d6a75e", "#cf6a33")  # black, brown, blond, red
GREY = "#cfcccb"  # what age turns hair to
IRIS = ("#4a2c1e", "#6b3f22", "#5c7a4a", "#3f7fa6")  # brown, hazel, green, blue
BACKGROUND = ("#e9826d", "#f2b872", "#c9cf94", "#6fb9a6", "#5a93c2", "#8a79bd")  # coral to violet
CLOTHING = ("#27395e", "#3f6f78", "#e5dccb", "#d99a3d", "#9c3f45", "#3b3440")
HAT = ("#c9a26b", "#8d3f3a", "#2f4858", "#50664b", "#d8c6a4", "#6a4a6f")  # one beside each colour of clothing


def colour(code: str, device: torch.device | str = "cpu") -> Tensor:
    """'#rrggbb' as (1, 3, 1, 1) in [0, 1]."""
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return torch.tensor(parts, device=device).view(1, 3, 1, 1)


def ramp(stops: tuple[str, ...], position: Tensor) -> Tensor:
    """The colour at `position` (B, 1, 1) in [-1, 1] along the stops, straight from one to the next.

    Returns (B, 3, 1, 1) in [0, 1]; positions outside give the end colours.
    """
    table = torch.cat([colour(stop, position.device) for stop in stops])
    place = ((position + 1) / 2 * (len(stops) - 1)).clamp(0, len(stops) - 1)
    below = place.floor().clamp(max=len(stops) - 2)
    return table[below.long().flatten()].lerp(table[below.long().flatten() + 1], (place - below)[:, None])


def tint(base: Tensor, red: float, green: float, blue: float, lift: float = 0.0) -> Tensor:
    """`base` (B, 3, 1, 1) with each channel multiplied, then moved the share `lift` towards white."""
    scale = torch.tensor([red, green, blue], device=base.device).view(1, 3, 1, 1)
    return (base * scale).clamp(max=1).lerp(torch.ones_like(base), lift)
