"""Attributes from images: one network that learns every known factor of a data set at once.

It is the judge of generated faces: where others ask people whether a face has gained sunglasses, a number says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import CourseError
from course_lib.methods.classify import Classification, ClassificationSettings, augmented, rate
from course_lib.methods.protocol import needs
from course_lib.objectives.attributes import attribute_losses, binary_columns
from course_lib.settings import CountFrom0, Share


@dataclass(frozen=True)
class AttributeSettings(ClassificationSettings):
    """AdamW on a cosine schedule, as a classifier of labels; images are neither mirrored nor moved by default.

    A mirrored face looks the other way, so its yaw and roll would be wrong; CelebA's attributes do not mind.
    """

    label_smoothing: Share = 0.0  # binary attributes: how far 0 and 1 move towards a half, as a share
    shift: CountFrom0 = 0  # pixels: the largest displacement of a training image
    flip: bool = False  # mirror training images at even odds

    def build(self, networks: Mapping[str, nn.Module]) -> "Attributes":
        return Attributes(**needs(networks, network="classifier"), settings=self)


class Attributes(Classification):
    """Fit a network to factors. It maps (B, C, H, W) to (B, K): a logit for a binary factor, a guess for others."""

    label = "attribute classifier"

    def __init__(self, network: nn.Module, settings: AttributeSettings | None = None):
        super().__init__(network, settings or AttributeSettings())

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update on the mean of all factors' losses. Returns, before it: that mean; the share of binary
        factors that are right; and the mean squared error of continuous ones (0 for a kind that is absent).

        Raises CourseError for data without factors.
        """
        if batch.factors is None:
            raise CourseError("this network learns factors: choose a data set that has some, such as faces.")
        network, optimizer = self.networks["classifier"], self.optimizers["classifier"]
        network.train()
        for group in optimizer.param_groups:
            group["lr"] = rate(self.updates, self.settings)

        x = augmented(batch.x, batch.draw, self.settings.shift, self.settings.flip)
        with self.autocast():
            outputs = network(x)
        outputs = outputs.float()
        loss = attribute_losses(outputs, batch.factors, self.settings.label_smoothing).mean()

        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        self.updates += 1  # the schedule's clock, as in `Classification`
        return {"loss": loss.detach(), **scores(outputs.detach(), batch.factors)}


def scores(outputs: Tensor, factors: Tensor) -> dict[str, Tensor]:
    """Mean accuracy over binary columns and mean squared error over the others, of (B, K) and (B, K)."""
    binary = binary_columns(factors)
    right = ((outputs > 0) == (factors > 0.5)).float().mean(0)
    error = (outputs - factors).square().mean(0)
    zero = torch.zeros_like(error)
    return {
        "accuracy": torch.where(binary, right, zero).sum() / binary.sum().clamp(min=1),
        "error": torch.where(binary, zero, error).sum() / (~binary).sum().clamp(min=1),
    }
