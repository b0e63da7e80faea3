"""One call that measures a generative method on the data it was trained on."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import data, memory, seeds
from course_lib.data.images import ImageSet
from course_lib.data.stacked import shares
from course_lib.data.toy import PointSet
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation import features
from course_lib.evaluation.attributes import attribute_scores
from course_lib.evaluation.codes import code_measures
from course_lib.evaluation.conditions import condition_measures
from course_lib.evaluation.coverage import distance_to_curve, mode_coverage
from course_lib.evaluation.features import Extractor
from course_lib.evaluation.fidelity import caption as caption  # the name that a number of this report carries
from course_lib.evaluation.fidelity import compare_features
from course_lib.evaluation.stacked import MODES, stacked_coverage
from course_lib.sharing import divided, in_turn, together

BATCH = 500
READ_AS_DIGITS = "stacked-digits"  # the set whose numbers the zoo's classifier can read


class Sampler(Protocol):
    """What can be measured: anything that draws latents and turns them into samples, or a classifier."""

    device: torch.device  # where its networks are
    classifier: nn.Module | None  # what is measured instead of samples, of a method that makes none

    def latents(self, n: int, generator: torch.Generator) -> Tensor: ...

    def sample(self, latents: Tensor) -> Tensor: ...


def draw_samples(method: Sampler, n: int, seed: int = 0, batch: int = BATCH) -> Tensor:
    """n samples, float32 on the CPU: (n, C, H, W) or (n, dim). The same latents on every device.

    Raises CourseError when a sample is not finite.
    """
    return _made(method, n, seed, batch, lambda samples: samples)


def features_of_samples(method: Sampler, judge: Extractor, n: int, seed: int = 0) -> Tensor:
    """What `judge` sees in the samples of `draw_samples`: (n, d), float32 on the CPU. One batch of images at a time is
    in memory."""
    return _made(method, n, seed, BATCH, judge)


@torch.no_grad()
def _made(method: Sampler, n: int, seed: int, batch: int, seen: Callable[[Tensor], Tensor]) -> Tensor:
    """What `seen` makes of each sample. Several processes share the batches (`sharing.dividing`)."""
    if n < 1:
        raise UsageError(f"{n} samples cannot be measured: ask for at least 1.")
    latent = method.latents(1, seeds.generator(seed, purpose="evaluation")).numel()
    _require_memory(n, latent)
    latents = method.latents(n, seeds.generator(seed, purpose="evaluation"))  # on the CPU

    def of_batch(part: Tensor) -> Tensor:
        samples = method.sample(part.to(method.device)).float().cpu()
        if not torch.isfinite(samples).all():
            raise CourseError(
                "some samples are not finite: the training has diverged, take an earlier checkpoint."
            )
        found = seen(samples)
        _require_memory(n, latent + found[0].numel())
        return found

    return torch.cat(divided(latents.split(batch), of_batch))


def _require_memory(n: int, numbers: int) -> None:
    """Raises UsageError for n samples, of so many numbers each, that take more than half of this machine's memory."""
    needed, there = 4 * n * numbers, memory.physical()
    if needed > there / 2:
        raise UsageError(
            f"{n:,} samples take {memory.gigabytes(needed)}, and this machine has {memory.gigabytes(there)} of memory: "
            f"ask for fewer."
        )


def measure(
    method: Sampler,
    dataset: ImageSet | PointSet | str,
    *,
    samples: int = 10_000,
    seed: int = 0,
    extractor: Extractor | str | None = None,
    held_out: ImageSet | None = None,
    resamples: int = 50,
    extrapolate: bool = False,
) -> dict[str, Any]:
    """Measures of a method against a data set (a name stands for its training images at 32 pixels).

    Images: all measures of `fidelity.compare` against `dataset`, by default on the features that suit it; each
    with an interval that holds its expectation at this number of samples in 95 % of cases, and with its floor, which
    is what held-out real images score (`held_out`, else the data set's test split), with how many of them there were:
    most measures change with the number of samples, so compare only at equal numbers (`extrapolate` adds the Fréchet
    distance for endlessly many).
    Points of known density: modes covered of how many, share of high quality, KL divergence (nats) of the
    modes' shares from uniform. Points about a known curve: mean distance to it. Stacked digits: the numbers that are
    seen of a thousand, and the divergence of their shares from the data's, as `stacked.stacked_coverage` counts them.
    A classifier is not sampled: its measure is its accuracy on the held-out images. That of a judge of factors
    is the mean accuracy over binary ones, the mean R² over the others, and each by itself. Of a method that reads codes
    from images, what they hold of the classes or factors of held-out ones (`codes.code_measures`); only that where no
    extractor suits the data. Of a method that is told what to make, how often it does so (`condition_measures`).

    Within `sharing.dividing`, the processes of a group draw samples and read features together, and each has these
    numbers: those of one process.

    Raises CourseError when samples are not finite or not of the extractor's shape.
    """
    if isinstance(dataset, str):
        dataset = data.open(dataset, resolution=None if dataset.startswith("toy/") else 32)
    if method.classifier is not None:
        return _measure_classifier(method.classifier, held_out or _held_out(dataset))
    if isinstance(dataset, PointSet):
        return _measure_points(draw_samples(method, samples, seed), dataset)
    if extractor is None and dataset.name.partition(":")[0] == READ_AS_DIGITS:
        return _measure_stacked(draw_samples(method, samples, seed), dataset, seed)
    try:
        chosen = extractor or features.suited(dataset)
    except CourseError:
        held_out = held_out or _held_out(dataset)
        if codes := code_measures(method, held_out, seed):
            return {"data": dataset.name, "samples": len(held_out), "seed": seed, **codes}
        raise
    judge = together(lambda: features.extractor(chosen, method.device)) if isinstance(chosen, str) else chosen
    drawn = features_of_samples(method, judge, samples, seed)
    held_out = held_out or _held_out(dataset)
    found = compare_features(
        drawn, dataset, held_out, judge, seed=seed, resamples=resamples, extrapolate=extrapolate
    )
    return (
        found | code_measures(method, held_out, seed) | condition_measures(method, dataset, judge, seed=seed)
    )


def _measure_classifier(network: nn.Module, held_out: ImageSet) -> dict[str, Any]:
    if held_out.labels is None and held_out.factors is not None:
        return {"data": held_out.name, "samples": len(held_out), **_attribute_scores(network, held_out)}
    share = features.accuracy(network, held_out)
    return {"data": held_out.name, "samples": len(held_out), "accuracy": share}


def _attribute_scores(network: nn.Module, held_out: ImageSet) -> dict[str, float]:
    """Accuracy of each binary factor and R² of each other, after the mean of either kind."""
    found = attribute_scores(
        features.outputs(network, held_out), np.asarray(held_out.factors), held_out.factor_names
    )
    means = {"accuracy": found.mean_accuracy, "r2": found.mean_r2}
    each = {f"{kind}/{name}": value for kind in means for name, value in getattr(found, kind).items()}
    return {kind: value for kind, value in means.items() if not math.isnan(value)} | each


def _measure_stacked(drawn: Tensor, dataset: ImageSet, seed: int) -> dict[str, Any]:
    found = stacked_coverage(drawn, data_shares=shares(np.asarray(dataset.labels)))
    return {
        "data": dataset.name,
        "samples": found.samples,
        "seed": seed,
        "extractor": found.judge,
        "digit_accuracy": found.digit_accuracy,
        "modes": found.modes,
        "total_modes": MODES,
        "kl_to_data": found.kl_to_data,
    }


def _held_out(dataset: ImageSet) -> ImageSet:
    """The images that nothing was trained on."""
    return in_turn(lambda: data.open(dataset.name, resolution=dataset.resolution, split="test"))


def _measure_points(drawn: Tensor, dataset: PointSet) -> dict[str, Any]:
    measured: dict[str, Any] = {"data": dataset.name, "samples": len(drawn)}
    if dataset.density is not None:
        coverage = mode_coverage(drawn, dataset.density)
        measured |= {
            "modes": coverage.modes,
            "total_modes": coverage.total_modes,
            "high_quality": coverage.high_quality,
            "kl_to_uniform": coverage.kl_to_uniform,
        }
    if dataset.curve is not None:
        measured["distance_to_curve"] = distance_to_curve(drawn, dataset.curve).mean().item()
    return measured
