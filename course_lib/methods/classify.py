"""Classification: not a generative method, but every measure of one on images needs a trained classifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import CourseError
from course_lib.methods.protocol import Method, needs
from course_lib.schedules import warm_cosine
from course_lib.seeds import Draw
from course_lib.settings import Count, CountFrom0, PartShare, Rate, Share, Weight, check


@dataclass(frozen=True)
class ClassificationSettings:
    """AdamW on a cosine schedule (Loshchilov and Hutter, 2019), with smoothed labels (Szegedy et al., 2016)."""

    schedule: Count = 5_000  # updates over which the learning rate rises and falls back to 0
    warm_up: PartShare = 0.1  # share of them in which it rises
    learning_rate: Rate = 3e-3  # at its peak
    weight_decay: Weight = 0.05  # of weights; biases and gains have none
    label_smoothing: Share = 0.1  # probability that is spread evenly over all classes
    shift: CountFrom0 = 2  # pixels: the largest displacement of a training image along each axis
    flip: bool = True  # mirror training images, left to right, at even odds

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "Classification":
        return Classification(**needs(networks, network="classifier"), settings=self)


def rate(step: int, settings: ClassificationSettings) -> float:
    """Learning rate of update number `step` (from 0): a linear rise, then half a cosine down to 0."""
    return warm_cosine(step, settings.schedule, settings.warm_up, settings.learning_rate)


def augmented(x: Tensor, draw: Draw, shift: int = 2, flip: bool = True) -> Tensor:
    """Each image of (B, C, H, W) shifted by up to `shift` pixels along each axis and, at even odds, mirrored.

    A pixel that comes from outside the image repeats the nearest one of its edge.
    """
    n, channels, height, width = x.shape
    numbers = draw.uniform(3, n, 1, purpose="augmentation", rows=1)
    offsets = (numbers[:2] * (shift + 0.5)).round().clamp(-shift, shift).long()  # each of 2 shift + 1 alike
    rows = (torch.arange(height, device=x.device) + offsets[0]).clamp(0, height - 1)  # (B, H)
    columns = (torch.arange(width, device=x.device) + offsets[1]).clamp(0, width - 1)  # (B, W)
    if flip:
        columns = torch.where(numbers[2] < 0, columns.flip(1), columns)
    index = (rows[:, :, None] * width + columns[:, None, :]).view(n, 1, -1).expand(-1, channels, -1)
    moved = x.reshape(n, channels, -1).gather(2, index).view(n, channels, height, width)
    return moved.contiguous(memory_format=torch.channels_last)


class Classification(Method):
    """Fit a network to labels by cross-entropy. The classifier maps (B, C, H, W) to (B, classes) logits."""

    label = "classifier"

    def __init__(self, network: nn.Module, settings: ClassificationSettings | None = None):
        super().__init__(settings or ClassificationSettings(), classifier=network)
        weights = [p for p in network.parameters() if p.ndim > 1]
        others = [p for p in network.parameters() if p.ndim <= 1]  # biases and gains do not decay
        groups = [{"params": weights, "weight_decay": self.settings.weight_decay}, {"params": others}]
        optimizer = torch.optim.AdamW(groups, lr=self.settings.learning_rate, weight_decay=0.0, fused=True)
        self.optimizers = {"classifier": optimizer}
        self.updates = 0

    @property
    def classifier(self) -> nn.Module:
        return self.networks["classifier"]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update. Returns the loss (nats) and the accuracy on this batch, both before it.

        Raises CourseError for data without labels.
        """
        if batch.labels is None:
            raise CourseError(
                "a classifier learns from labels: choose a data set that has some, this one has none."
            )
        network, optimizer = self.networks["classifier"], self.optimizers["classifier"]
        network.train()
        for group in optimizer.param_groups:
            group["lr"] = rate(self.updates, self.settings)

        x = augmented(batch.x, batch.draw, self.settings.shift, self.settings.flip)
        with self.autocast():
            logits = network(x)
        logits = logits.float()
        loss = F.cross_entropy(logits, batch.labels, label_smoothing=self.settings.label_smoothing)

        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        self.updates += 1  # the schedule's clock, part of the state: a resumed run goes on at the same rate
        return {"loss": loss.detach(), "accuracy": (logits.argmax(1) == batch.labels).float().mean()}

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.updates = state["updates"]
