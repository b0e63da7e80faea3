"""Data that is in memory already: arrays, tensors, and torch's TensorDataset of images with labels, or of points."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import UsageError

TAKEN = (
    "an ImageSet or a PointSet, images (N, C, H, H) as bytes or as floats in [-1, 1], points (N, d), or a "
    "TensorDataset of images and labels"
)


def dataset_of(given: Any, name: str = "own") -> ImageSet | PointSet:
    """What `Batches` works with. Images as floats are rounded to 256 values; of points, rows are drawn anew each time.

    Raises UsageError that says what is taken, for anything else.
    """
    if isinstance(given, (ImageSet, PointSet)):
        return given
    labels = None
    if isinstance(given, TensorDataset):
        if len(given.tensors) > 2:
            raise UsageError(
                f"a TensorDataset of {len(given.tensors)} tensors is not known: give images, or images and labels."
            )
        labels = given.tensors[1] if len(given.tensors) == 2 else None
        given = given.tensors[0]
    if not isinstance(given, (np.ndarray, Tensor)):
        raise UsageError(
            f"a {type(given).__name__} is no data set: give {TAKEN}, or open one with course_lib.data.open."
        )
    values = given.detach().cpu().numpy() if isinstance(given, Tensor) else given
    if values.ndim == 2:
        return points(values, name)
    return image_set(values, labels, name)


def image_set(images: Any, labels: Any = None, name: str = "own", classes: tuple[str, ...] = ()) -> ImageSet:
    """Images (N, C, H, H), uint8 or floats in [-1, 1], and labels (N,), whole numbers from 0, as a set.

    Raises UsageError for another type or range, CourseError for another shape.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        raise UsageError(f"images {images.shape} have their channels last: give x.transpose(0, 3, 1, 2).")
    if images.ndim == 3:
        images = images[:, None]
    if images.dtype != np.uint8:
        if not np.issubdtype(images.dtype, np.floating) or not images.size:
            raise UsageError(
                f"images of type {images.dtype} are not known: give bytes (uint8) or floats in [-1, 1]."
            )
        low, high = float(images.min()), float(images.max())
        if not (low >= -1.001 and high <= 1.001):  # NaN fails, too
            raise UsageError(
                f"images as floats lie in [-1, 1], and these reach from {low:.3g} to {high:.3g}."
            )
        if len(images) > 1 and low >= 0:
            raise UsageError(
                "images as floats lie in [-1, 1], and these have no value below 0: give 2 * x - 1."
            )
        images = ((images.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8)
    if labels is None:
        return ImageSet(name, images)
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or (labels.size and labels.min() < 0):
        raise UsageError(f"labels are whole numbers from 0, not {labels.dtype} from {labels.min()}.")
    named = classes or tuple(str(i) for i in range(int(labels.max()) + 1))
    return ImageSet(name, images, labels.astype(np.int64), named)


def points(rows: Any, name: str = "own") -> PointSet:
    """Points (N, d) of which each draw is one, with replacement. Raises UsageError for none, and for NaN."""
    kept = torch.as_tensor(np.asarray(rows)).float()
    if kept.ndim != 2 or not kept.numel() or not kept.isfinite().all():
        raise UsageError(
            f"points are finite numbers (N, d) with N ≥ 1, unlike these of shape {tuple(kept.shape)}."
        )

    def draw(n: int, generator: torch.Generator | None = None) -> Tensor:
        device = generator.device if generator is not None else "cpu"
        return kept.to(device)[torch.randint(len(kept), (n,), generator=generator, device=device)]

    return PointSet(name, kept.shape[1], draw)
