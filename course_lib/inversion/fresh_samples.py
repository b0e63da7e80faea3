"""How well P finds its way back: on pairs that it has never met, for there is no end of them, and on real images.

Errors are of each image, so that an interval can be drawn about their mean. A factor is what a judge reads: the same
network reads the image and its reconstruction, and what it reads differently was lost.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.data.resolution import blurred
from course_lib.evaluation.attributes import attribute_scores
from course_lib.evaluation.intervals import Estimate, around, bootstrap_counts
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.optimise import reconstructions

BATCH = 256


@dataclass(frozen=True, eq=False)
class Projected:
    """What P and G make of images. images and made float32 (N, C, R, R), on the CPU; codes (N, d), P's.

    latent float64 (N,): ‖P(x) − w‖² over the mean of ‖w − E w‖², 1 for whoever answers the mean; None for images of
    unknown codes. psnr float64 (N,): dB between image and reconstruction.
    """

    images: Tensor
    made: Tensor
    codes: Tensor
    psnr: Tensor
    latent: Tensor | None = field(default=None)


def fresh(method: Any, n: int = 256, *, resolution: int = 0, seed: int = 0) -> Projected:
    """P on n fresh pairs of its own generator. resolution: pixels that P is shown, enlarged again; 0: all of them.

    The pairs are not those of any training: their draws have a purpose of their own.
    """
    codes = method.latents(n, seeds.generator(seed, purpose="fresh samples")).float()
    images = reconstructions(method.space.decode, codes.to(method.device), BATCH)
    found = projected(method, images, resolution=resolution)
    projection = method.networks["projection"]
    spread = float(projection.spread)
    latent = (found.codes - codes.cpu()).double().square().flatten(1).mean(1) / spread**2
    return Projected(found.images, found.made, found.codes, found.psnr, latent)


@torch.no_grad()
def projected(method: Any, images: Tensor, *, resolution: int = 0) -> Projected:
    """P on images (N, C, R, R) in [-1, 1], shown to it with so many pixels and enlarged again; 0: all of them."""
    shown = blurred(images, resolution) if resolution else images
    codes = torch.cat([method.encode(part).cpu() for part in shown.split(BATCH)])
    made = reconstructions(method.space.decode, codes.to(method.device), BATCH).clamp(-1, 1)
    return Projected(images, made, codes, psnr_per_image(images, made))


def projection_measures(method: Any, n: int = 1_024, seed: int = 0) -> dict[str, Any]:
    """What P finds again of n fresh pairs: mean latent error and mean pSNR in dB, each with its interval."""
    found = fresh(method, n, seed=seed)
    assert found.latent is not None
    latent, psnr = mean_of(found.latent), mean_of(found.psnr)
    return {
        "measure": "latent error and pSNR of fresh pairs",
        "samples": n,
        "seed": seed,
        "latent": latent.value,
        "psnr": psnr.value,
        "interval/latent": latent.interval,
        "interval/psnr": psnr.interval,
    }


def mean_of(values: Tensor, resamples: int = 1000) -> Estimate:
    """Mean of (N,), and the interval that holds its expectation in 95 % of cases (bootstrap over images)."""
    means = bootstrap_counts(len(values), resamples, seed=0) @ values.double() / len(values)
    value = values.double().mean().item()
    return Estimate(value, around(value, means))


def kept_factors(read: Tensor, said: Tensor, binary: Tensor) -> dict[int, float]:
    """Column -> how much of a factor reconstructions keep, 1 for all and 0 for nothing.

    read and said: what a judge reads in the images and in their reconstructions, (N, K) each, logits of binary factors.
    Of a binary factor: balanced accuracy of the readings of the reconstructions against those of the images, from
    chance (0) to 1. Of a continuous one: R² of the readings, cut at 0. binary: bool (K,). nan where the images say
    nothing to keep.
    """
    truth = torch.where(binary, (read > 0).float(), read)
    scores = attribute_scores(said, truth, binary=binary)
    kept: dict[int, float] = {}
    for column, is_binary in enumerate(binary.tolist()):
        name = str(column)
        value = 2 * scores.balanced[name] - 1 if is_binary else scores.r2[name]
        kept[column] = max(value, 0.0) if value == value else value
    return kept


def factor_error(read: Tensor, said: Tensor, binary: Tensor) -> Tensor:
    """float64 (N,): mean over factors of |reading of the image − reading of the reconstruction|.

    read and said: a judge's outputs (N, K) for both. Readings are probabilities of binary factors, and of others half
    of what the judge says, whose range is [-1, 1]: an error of 1 is from one end to the other.
    """
    read, said = read.double(), said.double()
    difference = torch.where(binary, read.sigmoid() - said.sigmoid(), (read - said) / 2)
    return difference.abs().mean(1)


def reproduced(before: Tensor, after: Tensor, made_before: Tensor, made_after: Tensor) -> Tensor:
    """float64 (N,): share of a change of the images that the reconstructions show, ⟨Δmade, Δ⟩ / ‖Δ‖².

    before and after (N, C, R, R) differ in one thing, such as glasses. 1: the change is there, whole; 0: nothing of it.
    nan where before and after are equal.
    """
    change = (after - before).double().flatten(1)
    shown = (made_after - made_before).double().flatten(1)
    return (change * shown).sum(1) / change.square().sum(1)


def sharpness(images: Tensor) -> Tensor:
    """float64 (N,): mean squared difference of neighbouring pixels, along both axes. Smoothing lowers it."""
    x = images.double()
    rows, columns = x.diff(dim=2).square(), x.diff(dim=3).square()
    return (rows.flatten(1).mean(1) + columns.flatten(1).mean(1)) / 2
