"""Whether the images of a conditional generator show what it was told, as a judge sees them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib import seeds
from course_lib.data.images import ImageSet
from course_lib.evaluation.features import Extractor
from course_lib.evaluation.intervals import of_share
from course_lib.objectives.attributes import binary_columns
from course_lib.sharing import divided

SAMPLES = 2_000
ROWS = 1_000  # of the data, from which it is found which factors are binary

# names of the numbers below, with what a table calls them
TITLES = {
    "condition_accuracy": "samples that show what was told",
    "condition_chance": "the same, told another's condition",
}


def seen(conditions: Any, outputs: Tensor, binary: Tensor | None = None) -> Tensor:
    """What a judge sees, as conditions: its outputs (N, F) -> (N, size).

    conditions: a `networks.conditions.Conditions`. Of classes the outputs are logits. Of attributes there is an output
    for each factor of the data: where `binary`, bool (F,), a logit, above 0 when it is there; for others a value, which
    is compared with the attribute's cut.
    """
    if conditions.classes:
        return conditions.rounded(outputs)
    columns = list(conditions.columns)
    assert binary is not None, "attributes are read by the kinds of the factors"
    cuts = torch.where(binary[columns], torch.zeros_like(conditions.cuts), conditions.cuts)
    return conditions.rounded(outputs[:, columns] - cuts.to(outputs))


def kinds(images: ImageSet) -> Tensor | None:
    """Which factors of a set are binary: bool (F,); None where it has none."""
    if images.factors is None:
        return None
    return binary_columns(torch.from_numpy(np.array(images.factors[:ROWS], np.float32)))


def agreement(conditions: Any, told: Tensor, read: Tensor) -> Tensor:
    """Where what is read is what was told, (N, size) both: bool (N, 1) of classes, (N, size) of attributes."""
    same = told == read
    return same.all(1, keepdim=True) if conditions.classes else same


@torch.no_grad()
def condition_measures(
    method: Any, images: ImageSet, judge: Extractor, samples: int = SAMPLES, seed: int = 0
) -> dict[str, Any]:
    """How often samples show what was told: a mean over attributes, each by itself, and what chance would give.

    Empty for a method that is told nothing, and for a judge that reads neither these classes nor these factors.
    `condition_interval` is Wilson's, of classes; chance compares each sample with what another was told.
    """
    conditions = getattr(method, "conditions", None)
    if conditions is None or not hasattr(method, "told"):
        return {}
    draw = seeds.generator(seed, purpose="conditions")
    latents = method.latents(samples, draw)
    outputs = torch.cat(
        divided(latents.split(500), lambda part: judge.logits(method.sample(part.to(method.device))).cpu())
    )
    expected = conditions.classes or len(images.factor_names)
    if outputs.shape[1] != expected or judge.exclusive != bool(conditions.classes):
        return {}
    told, binary = method.parts(latents)[1], kinds(images)
    found = agreement(conditions, told, seen(conditions, outputs, binary)).double()
    chance = agreement(conditions, told.roll(1, 0), seen(conditions, outputs, binary)).double()
    measured: dict[str, Any] = {
        "condition_accuracy": found.mean().item(),
        "condition_chance": chance.mean().item(),
    }
    if conditions.classes:
        return measured | {"condition_interval": list(of_share(found.sum().item(), samples))}
    each = zip(conditions.names, found.mean(0).tolist(), strict=True)
    return measured | {f"condition_accuracy/{name}": share for name, share in each}
