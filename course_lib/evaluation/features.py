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
from course_lib.data.spec import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.networks.classifier import FEATURES, ClassifierNetwork

# name that a number prints: folder in the zoo
EXTRACTORS = {
    "fashion-classifier": "classifier-fashion",
    "faces-judge": "judge-faces",
    "faces-judge-64": "judge-faces-64",
    "digits-classifier": "classifier-digits",
}
# those that learned attributes, of which an image has several
OF_ATTRIBUTES = {"faces-judge", "faces-judge-64"}
# (data set, resolution): which of them measures its samples, where that is not the first
SUITED = {
    ("faces", 32): "faces-judge",
    ("faces-correlated", 32): "faces-judge",
    ("faces", 64): "faces-judge-64",
    ("faces-correlated", 64): "faces-judge-64",
}


def suited(images: ImageSet) -> str:
    """The name of the extractor that measures samples of a data set."""
    return SUITED.get((images.name, images.resolution), "fashion-classifier")


@dataclass(frozen=True, eq=False)
class Extractor:
    """A trained classifier that turns images into features. Numbers made with it carry its `name`.

    accuracy: share of its data set's test images that it labels rightly (of a judge of attributes, the mean over
        binary ones), as its zoo entry states; None where it states none.
    fingerprint: SHA-256 of its weights file.
    exclusive: whether its outputs are logits of classes of which an image has one, so that their softmax says
        something; a judge's are of attributes.
    """

    name: str
    dim: int
    accuracy: float | None
    fingerprint: str
    network: nn.Module = field(repr=False)
    batch: int = 500
    exclusive: bool = True

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

    @torch.no_grad()
    def read(self, features: Tensor) -> Tensor:
        """(N, dim) features -> (N, classes) float32: what the last layer makes of them, on their device."""
        return self.network.head(features.to(self.device, torch.float32)).float().to(features.device)

    def of(self, images: ImageSet, index: Tensor | None = None) -> Tensor:
        """(N, dim) features, on the CPU, of every image of a data set, in its order, or of those at `index`."""
        index = torch.arange(len(images)) if index is None else index
        return torch.cat([self(images.tensor(part)) for part in index.split(4096)])

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
    if name == "inception":
        return _inception(device)
    if name not in EXTRACTORS:
        known = ", ".join([*EXTRACTORS, "inception"])
        raise UsageError(f"there is no feature extractor '{name}': choose one of {known}.")
    folder = paths.zoo() / EXTRACTORS[name]
    if not (folder / "weights").is_dir():
        raise CourseError(
            f"the zoo lacks {folder.name}, which measures these images: run `course zoo train {folder.name}`."
        )
    state = files.load_state(folder / "weights")
    network = _built(folder, state)
    network.to(device=device, memory_format=torch.channels_last).eval().requires_grad_(False)
    return Extractor(
        name,
        FEATURES,
        _stated_accuracy(folder),
        files.sha256(folder / "weights" / files.TENSORS),
        network,
        exclusive=name not in OF_ATTRIBUTES,
    )


def _inception(device: str | torch.device) -> Extractor:
    from course_lib.evaluation import inception

    file = inception.weights()
    network = inception.Inception(file).to(device)
    return Extractor("inception", inception.FEATURES, None, files.sha256(file), network, batch=50)


def accuracy(classifier: nn.Module, images: ImageSet, batch: int = 500) -> float:
    """Share of the images that `classifier`, (B, C, H, W) -> logits, labels rightly in evaluation mode.

    Raises CourseError for images without labels.
    """
    if images.labels is None:
        raise CourseError(
            f"{images.name} has no labels, so no accuracy: measure on a data set that has some."
        )
    guesses = outputs(classifier, images, batch).argmax(1)
    return (guesses == torch.from_numpy(np.asarray(images.labels))).double().mean().item()


@torch.no_grad()
def outputs(network: nn.Module, images: ImageSet, batch: int = 500) -> Tensor:
    """What `network`, (B, C, H, W) -> (B, K), says of every image in evaluation mode: (N, K), on the CPU."""
    device, training = next(network.parameters()).device, network.training
    network.eval()
    try:
        starts = range(0, len(images), batch)
        chunks = (images.tensor(slice(s, min(s + batch, len(images)))) for s in starts)
        return torch.cat([network(chunk.to(device)).cpu() for chunk in chunks])
    finally:
        network.train(training)


def _built(folder: Path, state: dict[str, Tensor]) -> nn.Module:
    """The classifier that an entry's configuration describes, with its weights (perhaps kept in half precision)."""
    try:
        config = json.loads((folder / "config.json").read_text())
        network = ClassifierNetwork(**config["networks"]).build(DataSpec.from_config(config))["classifier"]
        network.load_state_dict({name.removeprefix("classifier."): value for name, value in state.items()})
    except (OSError, KeyError, TypeError, RuntimeError, ValueError, UsageError) as error:
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
