"""Feature extractors: trained classifiers without their last layer, read from the zoo."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import files, paths
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.networks.classifier import FEATURES, Classifier

# name that a number prints: folder in the zoo
EXTRACTORS = {"fashion-classifier": "classifier-fashion"}


@dataclass(frozen=True, eq=False)
class Extractor:
    """A trained classifier that turns images into features. Numbers made with it carry its `name`.

    accuracy: share of its data set's test images that it labels rightly, as its zoo entry states; None where
        it states none.
    fingerprint: SHA-256 of its weights file.
    """

    name: str
    dim: int
    accuracy: float | None
    fingerprint: str
    network: nn.Module = field(repr=False)
    batch: int = 500

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """(N, C, H, W) in [-1, 1] on any device -> (N, dim) float32 features on the images' device.

        Raises CourseError for images of a shape that the classifier was not trained on.
        """
        return self._in_batches(self.network.features, images)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, classes) float32: what the whole classifier says."""
        return self._in_batches(self.network, images)

    def of(self, images: ImageSet) -> Tensor:
        """(N, dim) features, on the CPU, of every image of a data set, in its order."""
        starts = range(0, len(images), 4096)
        chunks = (images.tensor(slice(s, min(s + 4096, len(images)))) for s in starts)
        return torch.cat([self(chunk) for chunk in chunks])

    def _in_batches(self, function: Any, images: Tensor) -> Tensor:
        try:
            parts = [function(part.to(self.device, torch.float32)) for part in images.split(self.batch)]
        except ValueError as error:
            raise CourseError(f"{self.name} cannot judge these images: {error}.") from error
        return torch.cat(parts).float().to(images.device)


def extractor(name: str = "fashion-classifier", device: str | torch.device = "cpu") -> Extractor:
    """The extractor of that name, in evaluation mode, from its zoo entry.

    Raises UsageError when there is none of that name, CourseError when the zoo lacks it or its files are
    damaged.
    """
    if name not in EXTRACTORS:
        raise UsageError(f"there is no feature extractor '{name}': choose one of {', '.join(EXTRACTORS)}.")
    folder = paths.zoo() / EXTRACTORS[name]
    if not (folder / "weights").is_dir():
        raise CourseError(
            f"the zoo lacks {folder.name}, which measures these images: run `course zoo train {folder.name}`."
        )
    state = files.load_state(folder / "weights")
    network = _rebuilt({k.removeprefix("classifier."): v for k, v in state.items()}, folder)
    network.to(device=device, memory_format=torch.channels_last).eval().requires_grad_(False)
    return Extractor(
        name, FEATURES, _stated_accuracy(folder), files.sha256(folder / "weights" / files.TENSORS), network
    )


@torch.no_grad()
def accuracy(classifier: nn.Module, images: ImageSet, batch: int = 500) -> float:
    """Share of the images that `classifier`, (B, C, H, W) -> logits, labels rightly in evaluation mode.

    Raises CourseError for images without labels.
    """
    if images.labels is None:
        raise CourseError(
            f"{images.name} has no labels, so no accuracy: measure on a data set that has some."
        )
    device, training = next(classifier.parameters()).device, classifier.training
    classifier.eval()
    try:
        starts = range(0, len(images), batch)
        chunks = (images.tensor(slice(s, min(s + batch, len(images)))) for s in starts)
        guesses = torch.cat([classifier(chunk.to(device)).argmax(1).cpu() for chunk in chunks])
    finally:
        classifier.train(training)
    return (guesses == torch.from_numpy(np.asarray(images.labels))).double().mean().item()


def _rebuilt(state: dict[str, Tensor], folder: Path) -> Classifier:
    """A classifier of the size that its weights have; they may be stored in half precision."""
    try:
        resolution = json.loads((folder / "config.json").read_text())["data"]["resolution"]
        width, channels = state["body.0.0.weight"].shape[:2]
        network = Classifier(channels, len(state["head.bias"]), resolution, width)
        network.load_state_dict(state)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise CourseError(
            f"{folder} holds no classifier that this version can read ({first}): run "
            f"`course zoo train {folder.name}`."
        ) from error
    return network


def _stated_accuracy(folder: Path) -> float | None:
    try:
        return json.loads((folder / "metrics.json").read_text())["accuracy"]
    except (OSError, KeyError, ValueError):
        return None
