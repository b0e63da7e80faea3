"""Distances that a search for codes can minimise, by name: of pixels, of Laplacian pyramids, of a network's maps."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.evaluation import imagenet
from course_lib.evaluation.features import SUITED
from course_lib.evaluation.perception import Judge, judge_of, vgg16, vgg_weights
from course_lib.objectives.reconstruction import l2, lap1

PIXELS: dict[str, Callable[..., Tensor]] = {"l2": l2, "lap1": lap1}
LARGEST = 256  # pixels: larger images are made smaller before a network judges them (Karras et al. 2020)


@dataclass(frozen=True, eq=False)
class Distance:
    """A sum of distances, each a mean over an image's pixels or positions: (made, images) -> (B,).

    name: says all that went into it, the network included. pixels: names from `PIXELS`. weight: of what `judge` sees.
    """

    name: str
    pixels: tuple[str, ...]
    judge: Judge | None = field(default=None, repr=False)
    weight: float = 1.0

    def __call__(self, made: Tensor, images: Tensor) -> Tensor:
        return self.against(images)(made)

    def against(self, images: Tensor) -> Callable[[Tensor], Tensor]:
        """The distance to these images; what the network makes of them is computed once."""
        with torch.no_grad():
            wanted = self._seen(images)

        def distance(made: Tensor) -> Tensor:
            total = made.new_zeros(len(made))
            for name in self.pixels:
                total = total + PIXELS[name](made, images, reduction="image")
            for found, there in zip(self._seen(made), wanted, strict=True):
                total = total + self.weight * (found - there).square().sum(1).mean((1, 2))
            return total

        return distance

    def _seen(self, images: Tensor) -> list[Tensor]:
        """The judge's maps with vectors of length 1 at each position (Zhang et al. 2018, equation 1)."""
        if self.judge is None:
            return []
        if images.shape[-1] > LARGEST:
            images = F.interpolate(images, (LARGEST, LARGEST), mode="area")
        # a judge is float32; a search in float64 stays one in its pixels
        maps = self.judge.stages(images.float())
        return [F.normalize(m.float(), dim=1, eps=1e-10).to(images.dtype) for m in maps]


def distance_named(
    words: str, shape: tuple[int, int], judge: Judge | str | None = None, weight: float = 1.0
) -> Distance:
    """ "l2", "lap1", "perceptual", or a sum such as "l2+perceptual", for images of `shape`, (channels, resolution).

    judge: of "perceptual"; None takes what `suited_judge` finds. Raises UsageError for other words, CourseError where
    no network for such images is on this machine.
    """
    parts = tuple(word.strip() for word in words.split("+"))
    known = (*PIXELS, "perceptual")
    if not all(part in known for part in parts) or len(set(parts)) != len(parts):
        raise UsageError(
            f"there is no distance '{words}': give one of {', '.join(known)}, or several with + between."
        )
    pixels = tuple(part for part in parts if part in PIXELS)
    if "perceptual" not in parts:
        return Distance(words, pixels)
    if not isinstance(judge, Judge):
        judge = suited_judge(*shape, judge)
    return Distance(words.replace("perceptual", f"perceptual by {judge.name}"), pixels, judge, weight)


def suited_judge(channels: int, resolution: int, name: str | None = None) -> Judge:
    """The network that compares images of this shape: by name, or the course's own where one was taught such images.

    For others EfficientNet-Lite0 where it is installed, else VGG-16 where its weights lie. Names: "vgg16",
    "efficientnet-lite0" and those of `evaluation.features.EXTRACTORS`.
    """
    if name == "vgg16" or (name is None and _own(channels, resolution) is None and not imagenet.weights()):
        file = vgg_weights()
        if file is None:
            raise UsageError(
                f"no network on this machine compares images of {channels} channels and {resolution} pixels: "
                f"run `course data fetch vgg16` or `{imagenet.HOW}`, or give a distance of pixels."
            )
        return vgg16(file)
    return judge_of(name or _own(channels, resolution) or imagenet.NAME)


def _own(channels: int, resolution: int) -> str | None:
    """The extractor of the zoo that was taught colour faces, grey clothes or digits of this size."""
    data = {1: ("fashion-mnist", "digits"), 3: ("faces",)}.get(channels, ())
    return next((SUITED[name, resolution] for name in data if (name, resolution) in SUITED), None)
