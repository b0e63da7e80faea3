"""Arithmetic with latents: "with sunglasses minus without", and what a judge sees in the images.

Radford et al. (2016), section 6.3.2, take the mean latent of three chosen samples of each kind. Here a judge of
attributes does the choosing, so that there can be as many as it takes. `attributes.edit_score` compares readings.
"""

from collections.abc import Callable
from statistics import NormalDist

import torch
from torch import Tensor

from course_lib.errors import CourseError, UsageError

BATCH = 500


@torch.no_grad()
def readings(
    sample: Callable[[Tensor], Tensor], judge: Callable[[Tensor], Tensor], latents: Tensor, binary: Tensor
) -> Tensor:
    """What a judge sees in the images of latents (N, d): (N, K).

    `sample` maps latents to images and `judge` images to K outputs each; those of `binary`, bool (K,), are
    logits and become probabilities, the others stay what they are.
    """
    outputs = torch.cat([judge(sample(part)).float() for part in latents.split(BATCH)])
    return torch.where(binary.to(outputs.device), outputs.sigmoid(), outputs)


def mean_difference(latents: Tensor, has: Tensor) -> Tensor:
    """Mean of the latents (N, d) that have an attribute minus mean of those that lack it; `has` is bool (N,).

    Raises CourseError when all have it or none.
    """
    if has.all() or not has.any():
        raise CourseError(
            "a difference of means needs latents of both kinds: draw more, or choose another attribute."
        )
    return latents[has].mean(0) - latents[~has].mean(0)


def half_space_length(p: float) -> float:
    """Length of the difference of means of an attribute that z ~ N(0, I) has beyond a plane, with probability p.

    For {<a, z> > t}, |a| = 1, the difference is phi(t)/(p (1 - p)) a, phi the standard normal density. A shorter
    one says that the attribute does not begin at a plane and last. Raises UsageError unless 0 < p < 1.
    """
    if not 0 < p < 1:
        raise UsageError(
            f"an attribute that some images have and some lack has a probability between 0 and 1, not {p}."
        )
    normal = NormalDist()
    return normal.pdf(normal.inv_cdf(1 - p)) / (p * (1 - p))


def random_directions(n: int, direction: Tensor, generator: torch.Generator) -> Tensor:
    """n directions (n, d) as long as `direction` (d,), uniform on the sphere of that radius: the control."""
    drawn = torch.randn(n, len(direction), generator=generator, device=generator.device).to(direction)
    return drawn * (direction.norm() / drawn.norm(dim=1, keepdim=True))
