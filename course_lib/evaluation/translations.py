"""What a translation between images changed, and what it left: by a judge, by pixels, and beside the known answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import UsageError

COUNT = 256  # held-out images, of each domain
NOISE = 4.0  # grey levels of 255: the standard deviation that a hidden message does not stand
LEVELS = 127.5  # grey levels in a unit of images in [-1, 1]


def wanted_factors(source: Tensor, target: Tensor) -> list[int]:
    """The columns that tell two domains apart: 0 in every image of one and 1 in every image of the other.

    Of true factors (N, K) and (M, K).
    """
    first, second = source.double(), target.double()
    one_way = (first == 0).all(0) & (second == 1).all(0)
    other_way = (first == 1).all(0) & (second == 0).all(0)
    return torch.nonzero(one_way | other_way).flatten().tolist()


def factor_changes(before: Tensor, after: Tensor, binary: Tensor, spread: Tensor) -> Tensor:
    """How far each reading moved, a mean over N images: (K,), float64.

    before, after: a judge's outputs (N, K), logits of factors where `binary`, bool (K,), and values of others. Of a
    binary factor the share of images whose reading crossed a half; of another the mean absolute change in units of
    `spread` (K,), the standard deviation among the data.
    """
    a, b = before.double(), after.double()
    crossed = ((a > 0) != (b > 0)).double()
    moved = (b - a).abs() / spread.double()
    return torch.where(binary, crossed, moved).mean(0)


def colour_shift(images: Tensor, translated: Tensor, stays: Tensor) -> float:
    """How far the colours of that part of an image moved that had to stay, in grey levels of 255.

    images, translated: (N, 3, H, W) in [-1, 1]. stays: bool (N, 1, H, W). Of each image and channel the difference of
    means over these pixels, absolute; then the mean over images and channels. Noise and blur leave it near 0, and a
    tint does not. Raises UsageError for an image of which nothing stays.
    """
    count = stays.flatten(1).sum(1)
    if not bool((count > 0).all()):
        raise UsageError("some image has no pixel that had to stay: its colours cannot be compared.")
    difference = ((translated - images) * stays).flatten(2).sum(2) / count[:, None]
    return LEVELS * difference.abs().mean().item()


def kept_error(images: Tensor, translated: Tensor, stays: Tensor) -> float:
    """Mean absolute difference over the pixels that had to stay, in grey levels of 255. Shapes: `colour_shift`."""
    difference = (translated - images).abs().mean(1, keepdim=True) * stays
    return LEVELS * (difference.sum() / stays.sum()).item()


def likeness(images: Tensor, translated: Tensor) -> float:
    """Pearson's correlation of each image with its translation, over pixels and channels, a mean over images.

    1 where only brightness and contrast changed, −1 for a negative. Shapes (N, C, H, W).
    """
    a, b = (x.flatten(1).double() for x in (images, translated))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return ((a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp(min=1e-12)).mean().item()


def round_trips(method: Any, images: Tensor, truth: Tensor, draw: torch.Generator) -> dict[str, float]:
    """Mean absolute errors |F(G(x)) − x| in grey levels of 255, as they are, of a noisy G(x), and of the true answer.

    own: of G(x) itself. noisy: after noise of `NOISE` grey levels on G(x). true: F of `truth`, what x truly looks like
    in the other domain, and true_noisy the same after noise. Where own is far below true, F reads something in G(x)
    that an honest picture does not show (Chu et al., 2017); where noisy is far above own, it lies in small values.
    """
    made = translated(method, images)
    noise = torch.randn(made.shape, generator=draw) * NOISE / LEVELS
    asked = {"own": made, "noisy": made + noise, "true": truth, "true_noisy": truth + noise}
    return {
        name: LEVELS * (translated(method, x, back=True) - images).abs().mean().item()
        for name, x in asked.items()
    }


def translated(method: Any, images: Tensor, back: bool = False, batch: int = 64) -> Tensor:
    """What the method makes of images (N, C, H, W), batch by batch, on the CPU."""
    ways = {"back": True} if back else {}
    parts = [method.translate(part.to(method.device), **ways).cpu() for part in images.split(batch)]
    return torch.cat(parts)


def counterparts(factors: Tensor, column: int, value: float, resolution: int) -> Tensor:
    """The faces of these factors (N, K), drawn with one of them at another value: (N, 3, R, R) in [-1, 1].

    Of the same 256 levels as the images of a set, so that what the factor does not touch is equal to the last bit.
    """
    from course_lib.data.faces.drawing import draw

    changed = factors.clone()
    changed[:, column] = value
    drawn = [draw(part, resolution) for part in changed.split(64)]
    return torch.cat(drawn).add(1).mul(LEVELS).round().div(LEVELS).sub(1)


def edit_measures(
    images: Tensor,
    made: Tensor,
    truth: Tensor,
    judge: Any,
    names: Sequence[str],
    column: int,
    value: float,
    binary: Tensor,
    spread: Tensor,
) -> dict[str, float]:
    """A translation that was to give one binary factor the other value, by a judge and beside the true answer.

    images, made, truth: (N, 3, H, W) in [-1, 1]: what was given, its translation, and the same scene drawn with the
    factor changed. judge: an `evaluation.features.Extractor` that reads the factors `names`, of which `column` was to
    become `value`, 0 or 1. binary, spread: (K,), as `factor_changes` has them.

    success: share of images in which the judge reads the value that was asked for. others: mean of `moved/NAME` over
    the other factors. truth/success, truth/others, truth/moved/NAME: the same of the true answers, which is what the
    judge itself errs. psnr: dB to the true answer, and given/psnr that of the images as they were. shift, kept: of the
    pixels that the true answer leaves as they are, `colour_shift` and `kept_error`; likeness: `likeness`.
    """
    from course_lib.evaluation.reconstruction import psnr

    before = judge.logits(images)
    others = [k for k in range(len(names)) if k != column]
    row: dict[str, float] = {}
    for prefix, pictures in (("", made), ("truth/", truth)):
        after = judge.logits(pictures)
        moved = factor_changes(before, after, binary, spread)
        row[f"{prefix}success"] = ((after[:, column] > 0) == bool(value)).double().mean().item()
        row[f"{prefix}others"] = moved[others].mean().item()
        row |= {f"{prefix}moved/{name}": moved[k].item() for k, name in enumerate(names)}
    stays = (images - truth).abs().amax(1, keepdim=True) == 0
    return row | {
        "psnr": psnr(truth, made),
        "given/psnr": psnr(truth, images),
        "shift": colour_shift(images, made, stays),
        "kept": kept_error(images, made, stays),
        "likeness": likeness(images, made),
    }


def pair_measures(given: Tensor, made: Tensor, truth: Tensor, judge: Any) -> dict[str, float]:
    """Translations (N, C, H, W) beside their answers: psnr in dB, ssim, and perceptual distance by a judge's name.

    Also each with `given/` before it: that of the images as they were given, where they have as many channels. And
    sharpness: mean squared difference of neighbouring pixels over that of the answers, 1 where none is lost.
    """
    from course_lib.evaluation.reconstruction import perceptual_distance, psnr, ssim

    row = {}
    for prefix, images in (("", made), ("given/", given)):
        if images.shape != truth.shape:
            continue
        row |= {
            f"{prefix}psnr": psnr(truth, images),
            f"{prefix}ssim": ssim(truth, images),
            f"{prefix}perceptual": perceptual_distance(truth, images, judge).value,
            f"{prefix}sharpness": (sharpness(images).sum() / sharpness(truth).sum()).item(),
        }
    return row


def sharpness(images: Tensor) -> Tensor:
    """float64 (N,): mean squared difference of neighbouring pixels, along both axes. Smoothing lowers it."""
    x = images.double()
    rows, columns = x.diff(dim=2).square(), x.diff(dim=3).square()
    return (rows.flatten(1).mean(1) + columns.flatten(1).mean(1)) / 2


@torch.no_grad()
def unpaired_measures(
    method: Any, source: Any, target: Any, count: int = COUNT, seed: int = 0
) -> dict[str, Any]:
    """A method with `translate(images, back)`, on the first `count` images of two domains of drawn faces.

    source, target: `ImageSet`s with factors, one of which tells them apart. `edit_measures` of the way there, of the
    way back with `back/` before each, and `round_trips` from the first domain with `trip/`.
    Raises UsageError for domains that no factor, or more than one, tells apart.
    """
    from course_lib import seeds
    from course_lib.evaluation import features
    from course_lib.evaluation.conditions import kinds

    factors = [torch.from_numpy(np.asarray(s.factors, np.float32)) for s in (source, target)]
    apart = wanted_factors(*factors)
    if len(apart) != 1:
        named = ", ".join(source.factor_names[k] for k in apart) or "none"
        raise UsageError(
            f"two domains are judged by the one factor that tells them apart, and here are {named}."
        )
    judge, binary = features.extractor(features.suited(source)), kinds(source)
    spread = torch.cat(factors).std(0)
    row: dict[str, Any] = {}
    for prefix, images, own, back in (("", source, factors[0], False), ("back/", target, factors[1], True)):
        index = torch.arange(min(count, len(images)))
        given, value = images.tensor(index), 1 - own[0, apart[0]].item()
        truth = counterparts(own[index], apart[0], value, images.resolution)
        made = translated(method, given, back)
        found = edit_measures(given, made, truth, judge, source.factor_names, apart[0], value, binary, spread)
        row |= {f"{prefix}{name}": number for name, number in found.items()}
        if not back:
            trips = round_trips(method, given, truth, seeds.generator(seed, purpose="round trips"))
            row |= {f"trip/{name}": number for name, number in trips.items()}
    return row


@torch.no_grad()
def paired_measures(method: Any, source: Any, target: Any, count: int = COUNT) -> dict[str, float]:
    """`pair_measures` of a method's translations of the first `count` pairs of two sets of images, by the judge that
    suits the answers."""
    from course_lib.evaluation import features

    index = torch.arange(min(count, len(source)))
    given, truth = source.tensor(index), target.tensor(index)
    return pair_measures(given, translated(method, given), truth, features.suited(target))
