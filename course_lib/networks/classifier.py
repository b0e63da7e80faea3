"""A small residual classifier: it judges generated images, and its features place them near data or far."""

from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.settings import Count, CountFrom0, check

FEATURES = 128


class Convolution(nn.Sequential):
    """Convolution, batch normalisation, ReLU. The normalisation brings a bias; a second would be idle."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Residual(nn.Module):
    """x + two convolutions of x, at one resolution and one number of channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(Convolution(channels, channels), Convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Classifier(nn.Module):
    """Nine convolutions at a half, a quarter and an eighth of the resolution, with a residual pair at each.

    Images (B, channels, resolution, resolution) in [-1, 1] -> logits (B, classes); `resolution` is a multiple
    of 8. The shape is that of D. Page's "How to train your ResNet" (2018), made narrower; the first convolution
    halves the image at once, which makes a training step on a CPU four times as fast.

    `features` are averages over positions, as the 2,048 of Inception are that Heusel et al. (2017) compare: an
    average of many terms is nearer to a Gaussian than one rectified unit, most of whose values are zero, and
    mean and covariance are all that a Fréchet distance sees.

    Raises ValueError for a resolution that is no multiple of 8, and for images of another shape.
    """

    def __init__(self, channels: int, classes: int, resolution: int = 32, width: int = 32):
        super().__init__()
        if resolution < 8 or resolution % 8:
            raise ValueError(f"the classifier halves its input three times: {resolution} is no multiple of 8")
        self.channels, self.classes, self.resolution, self.width = channels, classes, resolution, width
        self.body = nn.Sequential(
            Convolution(channels, width, kernel=4, stride=2),
            Residual(width),
            Convolution(width, 2 * width, stride=2),
            Residual(2 * width),
            Convolution(2 * width, FEATURES, stride=2),
            Residual(FEATURES),
        )
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, channels, resolution, resolution) in [-1, 1] -> (B, 128): what the last layer reads."""
        self.check(x)
        return F.adaptive_avg_pool2d(self.body(x), 1).flatten(1)

    def check(self, x: Tensor) -> None:
        """Raises ValueError for images of another shape."""
        expected = (self.channels, self.resolution, self.resolution)
        if tuple(x.shape[1:]) != expected:
            raise ValueError(f"the classifier takes images of shape {expected}, not {tuple(x.shape[1:])}")

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


@dataclass(frozen=True)
class ClassifierNetwork:
    """The classifier by itself."""

    width: Count = 32  # feature maps of the first layer
    learns: Literal["labels", "factors"] = "labels"  # labels or factors: of which it has an output each
    outputs: CountFrom0 = 0  # how many; 0: as many as the data set has

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The classifier, for images. Raises UsageError where the data say nothing to learn."""
        channels, resolution = data.image
        outputs = self.outputs or (data.classes if self.learns == "labels" else len(data.factor_names))
        if outputs < 1:
            raise UsageError(
                f"this classifier learns {self.learns}, and these data have none: choose others."
            )
        return {"classifier": Classifier(channels, outputs, resolution, self.width)}
