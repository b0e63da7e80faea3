"""One call that measures a generative method on the data it was trained on."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from course_lib import data, seeds
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import CourseError
from course_lib.evaluation import features
from course_lib.evaluation.coverage import distance_to_curve, mode_coverage
from course_lib.evaluation.features import Extractor
from course_lib.evaluation.frechet import Reference, bootstrap_interval, frechet_distance, statistics

BATCH = 500


class Sampler(Protocol):
    """What can be measured: anything that draws latents and turns them into samples."""

    def latents(self, n: int, generator: torch.Generator) -> Tensor: ...

    def sample(self, latents: Tensor) -> Tensor: ...


def draw_samples(method: Sampler, n: int, seed: int = 0, batch: int = BATCH) -> Tensor:
    """n samples, float32 on the CPU: (n, C, H, W) or (n, dim). The same latents on every device.

    Raises CourseError when a sample is not finite.
    """
    networks = getattr(method, "networks", None)
    parameter = None if networks is None else next(networks.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    latents = method.latents(n, seeds.generator(seed, purpose="evaluation"))  # on the CPU
    with torch.no_grad():
        samples = torch.cat([method.sample(part.to(device)).float().cpu() for part in latents.split(batch)])
    if not torch.isfinite(samples).all():
        raise CourseError(
            "some samples are not finite: the training has diverged, take an earlier checkpoint."
        )
    return samples


def measure(
    method: Sampler,
    dataset: ImageSet | PointSet | str,
    *,
    samples: int = 10_000,
    seed: int = 0,
    extractor: Extractor | str = "fashion-classifier",
    held_out: ImageSet | None = None,
    resamples: int = 50,
) -> dict[str, Any]:
    """Measures of a method against a data set (a name stands for its training images at 32 pixels).

    Images: the Fréchet distance to all of `dataset`, its 95 % bootstrap interval, and its floor, which is what
    held-out real images score (`held_out`, else the data set's test split), with how many of them there were:
    the distance falls with the number of samples, so compare only at equal numbers.
    Points of known density: modes covered of how many, share of high quality, KL divergence (nats) of the
    modes' shares from uniform. Points about a known curve: mean distance to it.
    A classifier is not sampled: its measure is its accuracy on the held-out images.

    Raises CourseError when samples are not finite or not of the extractor's shape.
    """
    if isinstance(dataset, str):
        dataset = data.open(dataset, resolution=None if dataset.startswith("toy/") else 32)
    networks = getattr(method, "networks", {})
    if "classifier" in networks and "generator" not in networks:
        return _measure_classifier(networks["classifier"], held_out or _held_out(dataset))
    if isinstance(dataset, PointSet):
        return _measure_points(draw_samples(method, samples, seed), dataset)
    drawn = draw_samples(method, samples, seed)
    return _measure_images(drawn, dataset, seed, extractor, held_out, resamples)


def _measure_images(
    drawn: Tensor,
    dataset: ImageSet,
    seed: int,
    chosen: Extractor | str,
    held_out: ImageSet | None,
    resamples: int,
) -> dict[str, Any]:
    judge = features.extractor(chosen) if isinstance(chosen, str) else chosen
    reference = Reference(judge, dataset).statistics()
    found = judge(drawn)
    if held_out is None:
        held_out = _held_out(dataset)
    floor_samples = min(len(drawn), len(held_out))
    if floor_samples == len(held_out):
        held = Reference(judge, held_out).statistics()
    else:
        order = torch.randperm(len(held_out), generator=seeds.generator(seed, purpose="held-out"))
        held = statistics(judge(held_out.tensor(order[:floor_samples])))
    return {
        "measure": caption(judge, len(drawn)),
        "data": dataset.name,
        "samples": len(drawn),
        "seed": seed,
        "extractor": judge.name,
        "frechet": frechet_distance(statistics(found), reference),
        "frechet_interval": bootstrap_interval(found, reference, resamples=resamples, seed=seed),
        "frechet_floor": frechet_distance(held, reference),
        "floor_samples": floor_samples,
    }


def _measure_classifier(network: nn.Module, held_out: ImageSet) -> dict[str, Any]:
    share = features.accuracy(network, held_out)
    return {"data": held_out.name, "samples": len(held_out), "accuracy": share}


def _held_out(dataset: ImageSet) -> ImageSet:
    """The images that nothing was trained on."""
    return data.open(dataset.name, resolution=dataset.resolution, split="test")


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


def caption(judge: Extractor, samples: int) -> str:
    """The full name of a distance, without which its number says little."""
    return f"Fréchet distance ({judge.name} features, {samples:,} samples)"
