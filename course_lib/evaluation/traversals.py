"""What one number of a code does to the picture: walks along one dimension, and what a reader of pictures says of them.

A reader makes K numbers of pictures: the outputs of a judge of attributes (`arithmetic.readings`), or what can be
computed from the pixels themselves, as of sprites (`sprite_readings`).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.data.sprites import FIRST, LAST
from course_lib.errors import UsageError

SPRITE_PROPERTIES = ("x", "y", "size", "red", "green", "blue")


def traversal(codes: Tensor, dimension: int, values: Tensor) -> Tensor:
    """Each of (n, d) codes with one dimension set to each of (v,) values: (n, v, d). Raises UsageError for no such."""
    if not 0 <= dimension < codes.shape[1]:
        raise UsageError(
            f"these codes have dimensions 0 to {codes.shape[1] - 1}, and none called {dimension}."
        )
    walked = codes[:, None].expand(-1, len(values), -1).clone()
    walked[:, :, dimension] = values.to(codes)
    return walked


class Effects(NamedTuple):
    """changes: (d, K), what a dimension changes in a property, in units of the property's own deviation. spreads: (K,)
    these deviations, in the property's unit. The share of a property's changes that one dimension has is
    `changes / changes.sum(0)`."""

    changes: Tensor
    spreads: Tensor

    def changed(self, dimension: int, least: float = 0.5) -> list[int]:
        """Numbers of the properties that this dimension changes by at least `least` of their deviations."""
        return (self.changes[dimension] >= least).nonzero().flatten().tolist()


@torch.no_grad()
def effects(read: Callable[[Tensor], Tensor], codes: Tensor, low: float = -2.0, high: float = 2.0) -> Effects:
    """What each dimension changes on its way from `low` to `high`, all others as they are drawn.

    read: codes (n, d) -> properties (n, K) of the pictures that they stand for; codes: (n, d) as in training. A change
    is the root mean square over the codes, divided by the property's standard deviation over pictures of these codes;
    0 for a property that does not vary. Raises UsageError for fewer than two codes.
    """
    if codes.ndim != 2 or len(codes) < 2:
        raise UsageError(f"effects need at least two codes (n, d), not {tuple(codes.shape)}.")
    spreads = read(codes).double().std(0)
    ends = codes.new_tensor([low, high])
    rows = []
    for dimension in range(codes.shape[1]):
        lows, highs = traversal(codes, dimension, ends).unbind(1)
        rows.append((read(highs).double() - read(lows).double()).square().mean(0).sqrt())
    changes = torch.stack(rows)
    return Effects(torch.where(spreads > 0, changes / spreads.clamp(min=1e-12), 0.0), spreads)


def sprite_readings(images: Tensor) -> Tensor:
    """Place, size and colour of what is bright, (B, 6) float64 as `SPRITE_PROPERTIES`, of images (B, 1 or 3, R, R).

    x and y as the sprites' own factors, 0 to 1 from one end of their range to the other (`data.sprites`); the size is
    the square root of the share of the frame that is bright; a colour is the mean of its channel where it is, which is
    1 for grey pictures of white sprites. A black picture is in the middle, without size and colour.
    """
    light = ((images.double() + 1) / 2).clamp(min=0)
    brightest = light.amax(1)  # (B, R, R)
    mass = brightest / brightest.amax((1, 2), keepdim=True).clamp(min=1e-12)
    total = mass.sum((1, 2))
    seen = total.clamp(min=1e-12)
    side = mass.shape[-1]
    middles = (torch.arange(side, dtype=mass.dtype, device=mass.device) + 0.5) / side
    places = [(mass.sum(1) @ middles) / seen, (mass.sum(2) @ middles) / seen]
    x, y = (torch.where(total > 0, (place - FIRST) / (LAST - FIRST), 0.5) for place in places)
    colours = (light * mass[:, None]).sum((2, 3)) / seen[:, None]
    return torch.cat([torch.stack([x, y, total.sqrt() / side], 1), colours.expand(-1, 3)], 1)
