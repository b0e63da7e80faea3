"""Edits of attributes through a conditional generator: what a judge sees change, wanted and unwanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.evaluation.conditions import seen
from course_lib.evaluation.features import Extractor
from course_lib.evaluation.intervals import Interval, about, of_share

# putting one on takes the other off
RIVALS = {"glasses": "sunglasses", "sunglasses": "glasses"}


@dataclass(frozen=True)
class AttributeEdit:
    """What flipping one attribute did to N images, by the judge.

    wanted: share of images that show the attribute's new value; without: the same of reconstructions that nobody
    edited, which a faithful encoder brings to 0. unwanted: share of the other attributes that are not as in the
    original image; without_unwanted: the same of reconstructions. Intervals of 95 % for both shares of the edit.
    moved: mean absolute change from the reconstruction to the edit of the factors that nobody was told, in their
    standard deviations.
    """

    wanted: float
    wanted_interval: Interval
    without: float
    unwanted: float
    unwanted_interval: Interval
    without_unwanted: float
    moved: float


def flipped(method: Any, latents: Tensor, name: str, rivals: Mapping[str, str] = RIVALS) -> Tensor:
    """[z, y] (B, noise + size) with one attribute at its other value; where it comes, its rival goes.

    Raises UsageError for an attribute that the generator is not told.
    """
    names = list(method.conditions.names)
    if method.conditions.classes or name not in names:
        raise UsageError(f"this generator is not told '{name}', only {', '.join(names)}.")
    z, y = method.parts(latents.clone())
    column = names.index(name)
    y[:, column] *= -1
    if (rival := rivals.get(name)) in names:
        other = names.index(rival)
        y[:, other] = torch.where(y[:, column] > 0, -torch.ones_like(y[:, other]), y[:, other])
    return method.told(z, y)


@torch.no_grad()
def edit_measures(
    method: Any,
    images: Tensor,
    latents: Tensor,
    judge: Extractor,
    binary: Tensor,
    spread: Tensor,
    rivals: Mapping[str, str] = RIVALS,
) -> dict[str, AttributeEdit]:
    """Flip each attribute in the codes (N, noise + size) of images (N, C, H, W), and compare readings.

    binary: bool (F,), which of the judge's F outputs are logits of binary factors. spread: (F,), the standard deviation
    of each factor among the data. Codes must have conditions of −1 and +1 (`IcGAN.encode`).
    """
    conditions, names = method.conditions, list(method.conditions.names)
    original = seen(conditions, judge.logits(images), binary)
    remade = judge.logits(method.sample(latents))
    plain = seen(conditions, remade, binary)
    untold = ~binary
    untold[list(conditions.columns)] = False
    found = {}
    for column, name in enumerate(names):
        new = flipped(method, latents, name, rivals)
        outputs = judge.logits(method.sample(new))
        after = seen(conditions, outputs, binary)
        target = method.parts(new)[1][:, column]
        others = [i for i, other in enumerate(names) if i != column and other != rivals.get(name)]
        came, per_image = after[:, column] == target, (after != original)[:, others].double().mean(1)
        n = len(images)
        deviation = per_image.std().item() / n**0.5
        found[name] = AttributeEdit(
            wanted=came.double().mean().item(),
            wanted_interval=of_share(came.sum().item(), n),
            without=(plain[:, column] == target).double().mean().item(),
            unwanted=per_image.mean().item(),
            unwanted_interval=about(per_image.mean().item(), deviation, low=0.0, high=1.0),
            without_unwanted=(plain != original)[:, others].double().mean().item(),
            moved=((outputs - remade).abs() / spread)[:, untold].mean().item(),
        )
    return found
