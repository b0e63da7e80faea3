"""P, the projection network: an image to the code that a generator made it of (Arfeen and Zhang, 2019)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib import files, notices, paths
from course_lib.data.spec import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.networks.trunks import SLOPE, trunk
from course_lib.settings import Count, CountFrom0, check

RESNET_FILE = "resnet18-f37072fd.pth"  # torchvision's name; the digits begin the file's SHA-256
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Projection(nn.Module):
    """(B, C, R, R) -> (B, d) codes: centre + spread · head(body(x)).

    `centre` (d,) and `spread` (), the mean and the standard deviation of the generator's codes, are buffers that the
    method sets once. What the layers learn then has mean 0 and variance 1 in Z and in W alike, and a new P says the
    mean of all codes: the best answer of whoever has not looked.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, body: nn.Module, features: int, code: int):
        super().__init__()
        self.code, self.body, self.head = code, body, nn.Linear(features, code)
        nn.init.normal_(self.head.weight, 0.0, 0.02)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("centre", torch.zeros(code))
        self.register_buffer("spread", torch.ones(()))

    def forward(self, images: Tensor) -> Tensor:
        return self.centre + self.spread * self.head(self.body(images)).float()


def small_body(channels: int, resolution: int, width: int, features: int) -> nn.Module:
    """(B, C, R, R) -> (B, features): the convolutions of DCGAN's discriminator, and one dense layer over all positions.

    A mean over positions, with which ResNet ends, would lose where in the image things are, and at 32 pixels a face has
    nothing else. Raises ValueError for a resolution that 4 does not reach by doubling.
    """
    layers = trunk("dcgan", channels, resolution, width, "batch")
    return nn.Sequential(
        layers.front,
        nn.Conv2d(layers.features, features, layers.size, bias=False),  # (B, features, 1, 1)
        nn.BatchNorm2d(features),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Flatten(),
    )


class ResNetBody(nn.Module):
    """(B, 3 or 1, R, R) in [-1, 1] -> (B, 512): torchvision's ResNet-18 (He et al., 2016) without its last layer.

    weights: torchvision's file of ImageNet weights, or None for new ones. Raises CourseError for a damaged file.
    """

    def __init__(self, weights: Path | None):
        super().__init__()
        from torchvision.models import resnet18

        self.network = resnet18(weights=None)
        if weights is not None:
            self.network.load_state_dict(imagenet_state(weights))
        self.network.fc = nn.Identity()  # type: ignore[assignment]
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        x = ((images + 1) / 2 - self.mean) / self.std  # a grey image is repeated in three colours
        return self.network(x)


def resnet_weights() -> Path | None:
    """torchvision's file of ResNet-18's ImageNet weights: in torch's hub cache, or in a folder of data."""
    places = [Path(torch.hub.get_dir()) / "checkpoints", *paths.data_folders()]
    return next((p for place in places if (p := place / RESNET_FILE).is_file()), None)


def imagenet_state(weights: Path) -> dict[str, Tensor]:
    """The tensors of torchvision's file, whose name begins its SHA-256. Raises CourseError where it does not."""
    if not files.sha256(weights).startswith(weights.stem.rpartition("-")[2]):
        raise CourseError(f"{weights} is damaged: delete it and get torchvision's file of that name again.")
    # the file lies there, so nothing is downloaded; tensors alone are read from it, never code
    return torch.hub.load_state_dict_from_url(
        f"https://download.pytorch.org/models/{weights.name}",
        model_dir=str(weights.parent),
        file_name=weights.name,
        map_location="cpu",
        weights_only=True,
    )


@dataclass(frozen=True)
class ProjectionNetwork:
    """The projection network by itself."""

    code: CountFrom0 = 0  # numbers in a code; 0: as many as the generator's codes have in the space
    space: Literal["z", "w"] = "z"  # where the codes are: z, or w of a style-based generator
    backbone: Literal["small", "resnet18"] = "small"  # small (for 32 and 64 pixels) or resnet18
    projection_width: Count = 32  # of small: feature maps after the first layer
    projection_features: Count = 256  # of small: units of the layer before the last

    def __post_init__(self) -> None:
        check(self)

    def upon(self, pretrained: Mapping[str, nn.Module]) -> "ProjectionNetwork":
        """These settings with the length of the codes of the generator that the run stands on."""
        generator = pretrained.get("generator")
        latent = getattr(generator, "latent", 0)
        length = getattr(generator, "width", latent) if self.space == "w" else latent
        return replace(self, code=self.code or int(length))

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The projection network, for images. Which weights a ResNet begins with is said in a line.

        Raises UsageError where the length of a code is not known.
        """
        if not self.code:
            raise UsageError("P's codes have no length: give --code, or a generator that has one.")
        channels, resolution = data.image
        if self.backbone == "small":
            body = small_body(channels, resolution, self.projection_width, self.projection_features)
            return {"projection": Projection(body, self.projection_features, self.code)}
        weights = resnet_weights()
        begins = "ImageNet's weights" if weights else f"new weights ({RESNET_FILE} does not lie here)"
        notices.say(f"ResNet-18 begins with {begins}.", once=f"resnet18 {begins}")
        return {"projection": Projection(ResNetBody(weights), 512, self.code)}
