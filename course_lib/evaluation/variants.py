"""Translations between two sets of which image i shows the same face in both: day and night, edges and picture.

The true answer is known also where a method was trained without pairs.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.data.faces.variants import GREY, MOONLIGHT, luminance
from course_lib.evaluation.translations import (
    COUNT,
    LEVELS,
    factor_changes,
    likeness,
    pair_measures,
    round_trips,
    translated,
)

# of the largest eigenvalue: colours that differ by less than 1e-5 of the images are the same
SINGULAR = 1e-10


def light(images: Tensor) -> Tensor:
    """float64 (N,): the mean luminance of each image (N, 3, H, W) in [-1, 1], in grey levels of 255."""
    return LEVELS * (luminance(images.double()).flatten(1).mean(1) + 1)


def colourfulness(images: Tensor) -> Tensor:
    """float64 (N,): the greatest less the least of a pixel's three values, in grey levels, a mean over pixels."""
    x = images.double()
    return LEVELS * (x.amax(1) - x.amin(1)).flatten(1).mean(1)


def by_day(images: Tensor) -> Tensor:
    """The exact inverse of `data.faces.variants.night`, cut to [-1, 1]: (N, 3, H, W) of a night -> of the day.

    A judge that was taught on faces by day reads nothing right by night, and after this as by day.
    """
    dim = (images + 1) / 2 / torch.tensor(MOONLIGHT, device=images.device, dtype=images.dtype)[:, None, None]
    grey = luminance(dim)
    return ((grey + (dim - grey) / (1 - GREY)) * 2 - 1).clamp(-1, 1)


def beyond_colour(images: Tensor, made: Tensor) -> float:
    """What of a translation is no map of colours: a root mean square over pixels and channels, in grey levels.

    images, made: (N, 3, H, W) in [-1, 1]. Of `made`, what is left beside the affine map of each pixel's three values
    that fits all images best: 0 for a translation that recolours and does nothing else.
    """
    x, y = (pixels.double().permute(0, 2, 3, 1).reshape(-1, 3) for pixels in (images, made))
    x = torch.cat([x, x.new_ones(len(x), 1)], 1)
    normal = x.T @ x
    if torch.linalg.matrix_rank(normal, hermitian=True, rtol=SINGULAR) == len(normal):
        fitted = torch.linalg.solve(normal, x.T @ y)
    else:  # grey images: of the maps that fit equally, the smallest
        fitted = torch.linalg.pinv(normal, hermitian=True, rtol=SINGULAR) @ (x.T @ y)
    return LEVELS * (y - x @ fitted).square().mean().sqrt().item()


def relit_measures(images: Tensor, made: Tensor, truth: Tensor) -> dict[str, float]:
    """A translation that was to recolour an image, beside the known answer. Images (N, 3, H, W) in [-1, 1].

    success: share of images whose light is nearer to that of the answer than to that of the image as given. light,
    truth/light, given/light: means of `light`. off: mean absolute difference of light to the answer, in grey levels.
    psnr: dB to the answer, and given/psnr that of the images as given. beyond and truth/beyond: `beyond_colour`.
    likeness: correlation with the image as given.
    """
    from course_lib.evaluation.reconstruction import psnr

    of_given, of_made, of_truth = (light(x) for x in (images, made, truth))
    off = (of_made - of_truth).abs()
    return {
        "success": (off < (of_made - of_given).abs()).double().mean().item(),
        "light": of_made.mean().item(),
        "truth/light": of_truth.mean().item(),
        "given/light": of_given.mean().item(),
        "off": off.mean().item(),
        "psnr": psnr(truth, made),
        "given/psnr": psnr(truth, images),
        "beyond": beyond_colour(images, made),
        "truth/beyond": beyond_colour(images, truth),
        "likeness": likeness(images, made),
    }


@torch.no_grad()
def recoloured_measures(
    method: Any, source: Any, target: Any, count: int = COUNT, seed: int = 0
) -> dict[str, float]:
    """A method with `translate(images, back)`, on the first `count` faces of two sets that show the same ones.

    `relit_measures` and `face_measures` of the way there, of the way back with `back/` before each, and `round_trips`
    from the first set with `trip/`. The judge was taught by day, so it is shown what was made for the night as the
    known map `by_day` would have it; with `dark/truth/read/` before it stands how it reads true faces of the night
    as they are.
    """
    from course_lib import seeds
    from course_lib.evaluation import features

    index = torch.arange(min(count, len(source)))
    day, night = source.tensor(index), target.tensor(index)
    made, back = translated(method, day), translated(method, night, back=True)
    trips = round_trips(method, day, night, seeds.generator(seed, purpose="round trips"))
    judge = features.extractor(features.suited(source))
    row = {f"trip/{name}": value for name, value in trips.items()}
    row |= relit_measures(day, made, night) | face_measures(by_day(made), by_day(night), source, judge)
    found = relit_measures(night, back, day) | face_measures(back, day, source, judge)
    row |= {f"back/{name}": value for name, value in found.items()}
    dark = face_measures(night, night, source, judge)
    return row | {f"dark/{name}": value for name, value in dark.items() if name.startswith("truth/")}


@torch.no_grad()
def face_measures(made: Tensor, truth: Tensor, faces: Any, judge: Any) -> dict[str, float]:
    """What a judge reads in pictures `made` (N, 3, H, W) that were to be `truth`, the first N of some faces.

    faces: an `ImageSet` with their factors. judge: an `evaluation.features.Extractor` that reads them.
    read/NAME: of a binary factor the share of pictures in which the judge is right, of another the coefficient of
    determination R² of its reading (1 for a perfect one, 0 for the mean). truth/read/NAME: the same of the answers,
    which is what the judge itself can do. moved/NAME: `factor_changes` from the answer to the picture.
    """
    from course_lib.evaluation.conditions import kinds

    binary = kinds(faces)
    factors = torch.from_numpy(np.asarray(faces.factors, np.float32))
    spread, factors = factors.std(0), factors[: len(made)]
    before, after = judge.logits(truth), judge.logits(made)
    moved = factor_changes(before, after, binary, spread)
    row: dict[str, float] = {}
    for prefix, read in (("", after), ("truth/", before)):
        right = readings(read, factors, binary)
        row |= {f"{prefix}read/{name}": right[k].item() for k, name in enumerate(faces.factor_names)}
    return row | {f"moved/{name}": moved[k].item() for k, name in enumerate(faces.factor_names)}


def readings(read: Tensor, factors: Tensor, binary: Tensor) -> Tensor:
    """How well a judge's outputs (N, K) say true factors (N, K): float64 (K,).

    Where `binary`, bool (K,), the outputs are logits, and it is the share that is right; elsewhere it is R².
    """
    read, factors = read.double(), factors.double()
    right = ((read > 0) == (factors > 0.5)).double().mean(0)
    explained = 1 - (read - factors).square().mean(0) / factors.var(0, correction=0).clamp(min=1e-12)
    return torch.where(binary, right, explained)


@torch.no_grad()
def painted_measures(method: Any, source: Any, target: Any, count: int = COUNT) -> dict[str, float]:
    """`translations.pair_measures` of the first `count` pairs of two sets, `face_measures`, and colour: the mean
    `colourfulness` of the translations over that of the answers, 1 where none is lost."""
    from course_lib.evaluation import features

    index = torch.arange(min(count, len(source)))
    given, truth = source.tensor(index), target.tensor(index)
    made = translated(method, given)
    judge = features.extractor(features.suited(target))
    row = pair_measures(given, made, truth, judge)
    row["colour"] = (colourfulness(made).mean() / colourfulness(truth).mean()).item()
    return row | face_measures(made, truth, target, judge)
