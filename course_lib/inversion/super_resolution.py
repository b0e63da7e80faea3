"""Super-resolution by projection: enlarge a small image, ask P for its code, and let the generator draw that code.

Arfeen and Zhang (2019), section 4.2, with a P that was shown images of the full resolution. What comes out is a sharp
image of the generator's; whether it is an image that the small one can have come from, its reduced copy tells.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib.data.resolution import enlarged, reduced
from course_lib.errors import UsageError
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.descent import Descent
from course_lib.inversion.optimise import codes_of, reconstructions


@dataclass(frozen=True, eq=False)
class Upscaled:
    """images float32 (N, C, R, R) and codes (N, ...), on the CPU; consistency float64 (N,), dB between each small image
    and the reduced copy of the large one that was made of it."""

    images: Tensor
    codes: Tensor
    consistency: Tensor


def upscale(method: Any, small: Tensor, *, resolution: int, steps: int = 0, rate: float = 0.05) -> Upscaled:
    """Images of `resolution` pixels that P and G make of small ones (N, C, r, r) in [-1, 1].

    method: a trained projection. steps: of a search that begins at P's codes and lowers the squared error between the
    small image and the reduced copy (Menon et al., 2020, search so from a random code); 0 keeps P's answer. rate: of
    its Adam at the first step, in standard deviations of a code.
    Raises UsageError for small images that are not square, or larger than the result.
    """
    if small.ndim != 4 or not len(small) or small.shape[2] != small.shape[3]:
        raise UsageError(f"small images are square, (N, C, r, r), and not {tuple(small.shape)}.")
    if small.shape[-1] > resolution:
        raise UsageError(
            f"the images have {small.shape[-1]} pixels, more than the {resolution} of the result: reduce them first."
        )
    if steps < 0:
        raise UsageError(f"a search has 0 steps or more, not {steps}.")
    side = small.shape[-1]
    codes = method.encode(enlarged(small, resolution))
    if steps:
        unit = float(method.networks["projection"].spread)

        def apart(made: Tensor, images: Tensor) -> Tensor:
            return (reduced(made, side) - reduced(images, side)).square().flatten(1).mean(1)

        # a piecewise constant image has exactly the means that are wanted
        wanted = torch.nn.functional.interpolate(small, (resolution, resolution), mode="nearest")
        if resolution % side:
            raise UsageError(
                f"the search wants a whole factor, and {resolution} is none of {side}: leave out its steps."
            )
        codes = codes_of(
            method.space, wanted, loss=apart, start=codes, descent=Descent(steps, rate * unit)
        ).codes
    images = reconstructions(method.space.decode, codes)
    return Upscaled(images, codes.cpu(), psnr_per_image(small.cpu(), reduced(images, side)))


@dataclass(frozen=True, eq=False)
class LookAlikes:
    """What images can look like this when they are small. index int64 (N, k): of the pool, nearest first; distance
    float64 (N, k): root mean squared difference of the small images, in grey levels of 255."""

    index: Tensor
    distance: Tensor


def look_alikes(small: Tensor, pool: Tensor, k: int = 16) -> LookAlikes:
    """The k images of a pool (M, C, R, R) whose reduced copies are nearest to each small image (N, C, r, r).

    Drawn from the generator, a pool is a sample of its images, and those whose small copies agree within a tolerance
    are a sample of the posterior p(image | small image), as rejection sampling has it. They differ in what the small
    image does not say. The tolerance is the last column of `distance`: with few look-alikes in the pool it is wide.
    """
    from course_lib.evaluation.neighbours import nearest

    side = small.shape[-1]
    found = nearest(small.flatten(1), reduced(pool, side).flatten(1), k)
    return LookAlikes(found.index, found.distance * 127.5 / small[0].numel() ** 0.5)
