"""Networks whose inner stages judge how alike two images look: VGG-16, or a classifier of the course."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import files, paths
from course_lib.errors import CourseError
from course_lib.evaluation.features import Extractor, check_images, extractor

VGG_FILE = "vgg16-397923af.pth"  # torchvision's name; the digits begin the file's SHA-256
VGG_STAGES = (3, 8, 15, 22, 29)  # relu1_2, relu2_2, relu3_3, relu4_3, relu5_3, as LPIPS takes
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class Judge:
    """`stages`: (B, C, H, W) in [-1, 1] -> maps (B, c, h, w), one a depth. `name` goes with every number."""

    name: str
    stages: Callable[[Tensor], list[Tensor]] = field(repr=False)


def judge_of(chosen: "Judge | Extractor | str | None" = None) -> Judge:
    """The judge that `chosen` means: itself, an extractor or the name of one; None is VGG-16 if it is here."""
    if isinstance(chosen, Judge):
        return chosen
    if chosen is None:
        found = vgg_weights()
        return vgg16(found) if found else of_extractor(extractor())
    return of_extractor(extractor(chosen) if isinstance(chosen, str) else chosen)


def of_extractor(judge: Extractor) -> Judge:
    """The stages of an extractor's classifier: its maps at a half, a quarter and an eighth of the resolution.

    Gradients flow through them to the images, so they serve as a loss too (`objectives.reconstruction.perceptual`).
    """

    def stages(images: Tensor) -> list[Tensor]:
        network: Any = judge.network
        try:
            network.check(images)
        except ValueError as error:
            raise CourseError(f"{judge.name} cannot judge these images: {error}.") from error
        maps, x = [], images.to(judge.device, torch.float32)
        for number, layer in enumerate(network.body):
            x = layer(x)
            if number % 2:  # after the two convolutions that end each resolution
                maps.append(x)
        return maps

    if judge.name == "efficientnet-lite0":
        return Judge(judge.name, _checked(judge.network.stages))
    if not isinstance(getattr(judge.network, "body", None), nn.Sequential):
        raise CourseError(
            f"{judge.name} has no stages that can be compared: take vgg16 or a classifier of the course."
        )
    return Judge(judge.name, stages)


def _checked(stages: Callable[[Tensor], list[Tensor]]) -> Callable[[Tensor], list[Tensor]]:
    """The stages of a network that takes images of any size, with what is wrong with others said in a sentence."""

    def checked(images: Tensor) -> list[Tensor]:
        check_images(images)
        return stages(images)

    return checked


def vgg_weights() -> Path | None:
    """torchvision's file of VGG-16's weights: in torch's hub cache, or in a folder of data (COURSE_DATA)."""
    places = [Path(torch.hub.get_dir()) / "checkpoints", *paths.data_folders()]
    return next((p for place in places if (p := place / VGG_FILE).is_file()), None)


@lru_cache(maxsize=1)
def vgg16(weights: Path, device: str = "cpu") -> Judge:
    """VGG-16 (Simonyan and Zisserman 2015), trained on ImageNet, by torchvision's weights in that file.

    Grey images are repeated in three colours. Its stages are those that LPIPS compares; the weights that
    LPIPS learnt for them are not used, so the number is called by the network's name and not LPIPS.
    Raises CourseError when the file is damaged.
    """
    from torchvision.models import VGG16_Weights
    from torchvision.models import vgg16 as build

    stated = weights.stem.rpartition("-")[2]
    if not files.sha256(weights).startswith(stated):
        raise CourseError(f"{weights} is damaged: delete it and get torchvision's file of that name again.")
    # the file lies there, so nothing is downloaded; tensors alone are read from it, never code
    state = torch.hub.load_state_dict_from_url(
        VGG16_Weights.IMAGENET1K_V1.url,
        model_dir=str(weights.parent),
        file_name=weights.name,
        map_location="cpu",
        weights_only=True,
    )
    with torch.device("meta"):
        network = build(weights=None).features
    kept = {k.removeprefix("features."): v for k, v in state.items() if k.startswith("features.")}
    network.load_state_dict(kept, assign=True)
    network.to(device).eval().requires_grad_(False)
    mean, std = (torch.tensor(c, device=device).view(1, 3, 1, 1) for c in (IMAGENET_MEAN, IMAGENET_STD))

    def stages(images: Tensor) -> list[Tensor]:
        x = ((images.to(device).float() + 1) / 2 - mean) / std
        maps = []
        for number, layer in enumerate(network[: VGG_STAGES[-1] + 1]):
            x = layer(x)
            if number in VGG_STAGES:
                # the ReLUs of torchvision work in place: the next layer is no ReLU, so this one stays as it is
                maps.append(x)
        return maps

    return Judge("VGG-16 (ImageNet, all channel weights 1)", _checked(stages))
