"""Feature extractors: trained classifiers without their last layer, read from the zoo."""

import json
import math
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
BEYOND = 8.0  # no picture in [-1, 1] goes so far
# those that learned attributes, of which an image has several
OF_ATTRIBUTES = {"faces-judge", "faces-judge-64"}
# (data set, resolution): which of them measures its samples
SUITED = {
    ("fashion-mnist", 32): "fashion-classifier",
    ("mnist", 32): "fashion-classifier",  # not taught on it, and the same on every machine
    ("digits", 16): "digits-classifier",
    ("faces", 32): "faces-judge",
    ("faces-correlated", 32): "faces-judge",
    ("faces", 64): "faces-judge-64",
    ("faces-correlated", 64): "faces-judge-64",
}


def suited(images: ImageSet) -> str:
    """The name of the extractor that measures samples of a data set.

    The classifier that was taught on it, where there is one; for all other pictures EfficientNet-Lite0 where it is
    installed, then Inception where its weights lie, then for grey ones of 32 pixels the classifier of Fashion-MNIST.
    Raises CourseError, with what to install, when none of these is here.
    """
    from course_lib.evaluation import imagenet, inception

    name = images.name.partition(":")[0]  # a part of a set is measured as the set is
    if (name, images.resolution) in SUITED:
        return SUITED[name, images.resolution]
    if imagenet.weights():
        return imagenet.NAME
    if inception.found():
        return "inception"
    if images.shape == (1, 32, 32):
        return "fashion-classifier"
    raise CourseError(
        f"no classifier was taught on {images.name} at {images.resolution} pixels, and no network for pictures of any "
        f"kind is on this machine: run `{imagenet.HOW}`, which gives {imagenet.NAME}, or see `--extractor inception`."
    )


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
        check_images(images)
        try:
            parts = [function(part.to(self.device, torch.float32)) for part in images.split(self.batch)]
        except ValueError as error:
            raise CourseError(f"{self.name} cannot judge these images: {error}.") from error
        return torch.cat(parts).float().to(images.device)


def check_images(images: Tensor) -> None:
    """Raises CourseError unless these can be images (N, C, H, W) in [-1, 1]: bytes, and numbers from 0 to 1 or to 255,
    would be measured as other pictures. Samples may lie beyond the ends, as those of a network without tanh do.
    """
    if not isinstance(images, Tensor) or images.ndim != 4 or not len(images):
        shape = tuple(getattr(images, "shape", ()))
        raise CourseError(
            f"images are a tensor (N, C, H, W) with N ≥ 1, not {shape or type(images).__name__}."
        )
    if not images.is_floating_point():
        raise CourseError(
            f"images are floating point numbers in [-1, 1], and these are {images.dtype}: give `x / 127.5 - 1`."
        )
    low, high = (float(value) for value in images.aminmax())
    if not math.isfinite(low + high):
        raise CourseError("some images are not finite: look at what makes them.")
    if max(-low, high) > BEYOND:
        raise CourseError(
            f"images lie in [-1, 1], and these reach from {low:.3g} to {high:.3g}: give `x / 127.5 - 1` of bytes."
        )
    if len(images) > 1 and 0 <= low < 0.25 and 0.75 < high <= 1:
        raise CourseError(
            f"images lie in [-1, 1], and these {len(images):,} lie in [0, 1], none of them darker than grey: give "
            f"`2 * x - 1`."
        )


def extractor(name: str = "fashion-classifier", device: str | torch.device = "cpu") -> Extractor:
    """The extractor of that name, in evaluation mode, from its zoo entry.

    Raises UsageError when there is none of that name, CourseError when the zoo lacks it or its files are
    damaged.
    """
    if name == "inception":
        return _inception(device)
    if name == "efficientnet-lite0":
        return _lite0(device)
    if name not in EXTRACTORS:
        known = ", ".join([*EXTRACTORS, "efficientnet-lite0", "inception"])
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


def _lite0(device: str | torch.device) -> Extractor:
    from course_lib.evaluation import imagenet

    network = imagenet.lite0().to(device=device, memory_format=torch.channels_last)
    return Extractor(imagenet.NAME, imagenet.FEATURES, None, imagenet.SHA256, network, batch=50)


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
