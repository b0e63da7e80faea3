"""Edits by a brush (iGAN: Zhu et al. 2016): colours that a few pixels must take, on an image that stays natural.

A user wants these pixels in these colours. The search moves the code until the generator's image has them, and is
drawn back to where it began; everything else follows, since only images of the generator are looked at. The edit is
then carried over to the photograph: not the generator's pixels, which lost detail, but the motion and the change of
colours between the images on the way (`inversion.flow`).
"""

import dataclasses
from dataclasses import dataclass, field

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.inversion import flow
from course_lib.inversion.descent import Descent, descend
from course_lib.inversion.morph import between, images_of
from course_lib.inversion.optimise import still
from course_lib.methods.spaces import Space


@dataclass(frozen=True, eq=False)
class Wish:
    """mask (B, 1, H, W), 0 where any colour will do; colours (B, C, H, W) in [-1, 1], read under the mask."""

    mask: Tensor = field(repr=False)
    colours: Tensor = field(repr=False)

    def error(self, images: Tensor) -> Tensor:
        """(B,): mean squared distance from the wished colours under the mask."""
        gaps = (images - self.colours).square().mean(1, keepdim=True) * self.mask
        return gaps.flatten(1).sum(1) / self.mask.flatten(1).sum(1).clamp(min=1e-6)


@dataclass(frozen=True, eq=False)
class Edited:
    """codes (B, *shape) after the edit, what is left of each wish (B,), before it and after."""

    codes: Tensor = field(repr=False)
    before: Tensor
    after: Tensor


def edit(
    space: Space, codes: Tensor, wish: Wish, *, proximity: float = 0.01, descent: Descent | None = None
) -> Edited:
    """Codes near `codes` (B, *shape) whose images fulfil the wish (equation 3 of Zhu et al. 2016).

    proximity: weight of the mean squared distance from where the code was. 0 lets an edit change anything that the wish
    does not name. Raises UsageError for masks and colours that do not fit, and for an empty mask.
    """
    if len(wish.mask) != len(codes) or len(wish.colours) != len(codes) or wish.mask.shape[1] != 1:
        raise UsageError(
            f"{len(codes)} codes need as many masks (B, 1, H, W) and colours (B, C, H, W), not "
            f"{tuple(wish.mask.shape)} and {tuple(wish.colours.shape)}."
        )
    if not (wish.mask.flatten(1).sum(1) > 0).all():
        raise UsageError("a mask is empty: paint at least one pixel.")
    with still(space.decode) as (device, dtype):
        start = codes.to(device, dtype)
        wish = Wish(wish.mask.to(device, dtype), wish.colours.to(device, dtype))

        def near(moved: Tensor) -> Tensor:
            return space.penalty(moved) + proximity * (moved - start).square().flatten(1).mean(1)

        held = dataclasses.replace(space, penalty=near)
        found, _ = descend(
            held, wish.colours, start, lambda made, _: wish.error(made), descent or Descent(100)
        )
        with torch.no_grad():
            before, after = (wish.error(space.decode(z)) for z in (start, found))
    return Edited(found, before, after)


def transferred(
    space: Space, photograph: Tensor, first: Tensor, last: Tensor, *, frames: int = 6, steps: int = 100
) -> Tensor:
    """An edit from codes `first` to `last` (B, *shape), carried over to photographs (B, C, H, W).

    The morph's images are compared two by two; their flows, one after the other, are applied to the photograph, which
    is resampled once and keeps the detail that the generator has not (Zhu et al. 2016, section 5.2).
    """
    with still(space.decode) as (device, dtype):
        way = between(first.to(device, dtype), last.to(device, dtype), frames)
        images = images_of(space.decode, way)
    photograph = photograph.to(images)
    whole = flow.identity(photograph)
    for t in range(frames - 1):
        whole = flow.estimated(images[:, t], images[:, t + 1], steps=steps).after(whole)
    return whole(photograph)
