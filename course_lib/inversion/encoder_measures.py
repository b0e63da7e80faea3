"""How near a learned encoder comes: on images that nobody has shown it, and on new images of its own generator."""

from typing import Any

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.data.images import ImageSet
from course_lib.evaluation.features import suited
from course_lib.evaluation.reconstruction import perceptual_distance, psnr_per_image
from course_lib.inversion.fresh_samples import mean_of
from course_lib.inversion.table import evenly_spaced

BATCH = 256


def encoder_measures(method: Any, held_out: ImageSet, n: int = 1_024, seed: int = 0) -> dict[str, Any]:
    """Means over n evenly spaced held-out images and n generated ones, each with the interval that holds its
    expectation in 95 % of cases.

    `psnr` in dB and `perceptual`, the distance of a judge's features: of held-out images. `generated_psnr`: of
    generated ones, and `code`: the squared error of their codes over the variance of a code, 1 for whoever answers the
    mean code.
    """
    images = held_out.tensor(evenly_spaced(held_out, n))
    made = _through(method, images)[1]
    judge = suited(held_out)
    codes = method.latents(n, seeds.generator(seed, purpose="encoder measures"))
    with torch.no_grad():
        own = torch.cat([method.sample(part.to(method.device)).cpu() for part in codes.split(BATCH)])
    found, own_made = _through(method, own)
    missing = (found - codes.cpu()).double().square().flatten(1).mean(1)
    values = {
        "psnr": psnr_per_image(images, made),
        "perceptual": perceptual_distance(images, made, judge).per_image.double(),
        "generated_psnr": psnr_per_image(own.clamp(-1, 1), own_made),
        "code": missing / (codes - codes.mean(0)).double().square().mean().item(),
    }
    means = {name: mean_of(each) for name, each in values.items()}
    return {
        "measure": "reconstruction of held-out images and of fresh samples",
        "data": held_out.name,
        "extractor": judge,
        "samples": len(images),
        "seed": seed,
        **{name: mean.value for name, mean in means.items()},
        **{f"interval/{name}": mean.interval for name, mean in means.items()},
    }


def _through(method: Any, images: Tensor) -> tuple[Tensor, Tensor]:
    """Codes of images and what is made of them, clamped, on the CPU."""
    codes = torch.cat([method.encode(part.to(method.device)) for part in images.split(BATCH)])
    with torch.no_grad():
        made = torch.cat([method.sample(part).cpu() for part in codes.split(BATCH)])
    return codes.float().cpu(), made.clamp(-1, 1)
