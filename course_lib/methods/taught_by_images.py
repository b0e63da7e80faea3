"""What methods share that images teach to answer with codes of a generator that stays as it is."""

from typing import Any

import torch
from torch import Tensor

from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import UsageError
from course_lib.methods.encoding import encoded
from course_lib.methods.generated_pairs import evaluation
from course_lib.methods.generative import Generative
from course_lib.methods.image_loss import ImageLoss
from course_lib.methods.spaces import Space


class TaughtByImages(Generative):
    """Networks "encoder" and "generator", a `loss` of images, and latents that are codes of a `space`."""

    loss: ImageLoss

    @property
    def space(self) -> Space:
        """Of the codes."""
        raise NotImplementedError

    def again(self, images: Tensor) -> Tensor:
        """What is left of images by way of their codes: (B, C, H, W)."""
        raise NotImplementedError

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Raises UsageError for points, CourseError where no network judges such images."""
        if not isinstance(dataset, ImageSet):
            raise UsageError("images are what teaches here: give --data a set of images.")
        self.loss.told(dataset)

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, *shape) codes of the space, as the generator was trained on them."""
        return self.space.draw(n, generator)

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> codes (B, *shape), by the encoder alone."""
        encoder: Any = self.networks["encoder"]
        with evaluation(encoder), self.autocast():
            return encoded(encoder, self.space, images)

    def preview(self, batch: Batch, draw: torch.Generator) -> Tensor:
        """Images of the batch, and under each row its reconstructions."""
        images = batch.x[:32]
        rows = zip(images.split(8), self.again(images).split(8), strict=True)
        return torch.cat([part for row in rows for part in row])
