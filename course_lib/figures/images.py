"""Image tensors as figures, pixel for pixel: (B, C, H, W) in [-1, 1], one or three channels, no interpolation."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.figures.style import PAPER, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

LABEL = 13  # characters in a line of a row's label
GAP = 0.06  # between images, as a share of an image's side


def pixels(images: "Tensor | np.ndarray") -> np.ndarray:
    """(B, C, H, W) in [-1, 1] to (B, H, W, 3) in [0, 1]; one channel is repeated to grey.

    Raises UsageError for any other shape.
    """
    array = images.detach().cpu().float().numpy() if hasattr(images, "detach") else np.asarray(images, float)
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        raise UsageError(f"images must have the shape (B, 1 or 3, H, W), not {tuple(array.shape)}.")
    array = np.clip((array + 1) / 2, 0, 1).transpose(0, 2, 3, 1)
    return np.repeat(array, 3, axis=-1) if array.shape[-1] == 1 else array


def show(ax: "Axes", image: np.ndarray, title: str | None = None) -> None:
    """Draw one (H, W, 3) image without axes."""
    ax.imshow(image, interpolation="nearest")
    ax.axis("off")
    if title is not None:
        ax.set_title(title, loc="center", fontsize=11, pad=3)


def _canvas(rows: int, columns: int, ratio: float, room: float, margin: float) -> "tuple[Figure, np.ndarray]":
    """A figure of rows × columns panels. `ratio` is H/W of an image; `room` inches above each row, `margin` at left."""
    import matplotlib.pyplot as plt

    # few large images would fill the page's width with blocks: no image is wider than an inch and a half
    side = min((WIDTH - margin) / columns, 1.5)
    width, height = margin + side * columns, rows * (side * ratio + room)
    figure, axes = plt.subplots(
        rows, columns, squeeze=False, figsize=(width, height), layout="none", facecolor=PAPER
    )
    figure.subplots_adjust(
        left=margin / width,
        right=1,
        bottom=0,
        top=1 - room / height,
        wspace=GAP,
        hspace=GAP + room / (side * ratio),
    )
    for ax in axes.flat:
        ax.axis("off")
    return figure, axes


def grid(images: "Tensor | np.ndarray", columns: int = 8, titles: Sequence[str] | None = None) -> "Figure":
    """Images (B, C, H, W) in reading order, `columns` to a row, each with its title when there are `titles` (B)."""
    array = pixels(images)
    if titles is not None and len(titles) != len(array):
        raise UsageError(f"{len(array)} images need as many titles, not {len(titles)}.")
    columns = min(columns, len(array))
    rows_needed, ratio = -(-len(array) // columns), array.shape[1] / array.shape[2]
    figure, axes = _canvas(rows_needed, columns, ratio, room=0.24 if titles else 0, margin=0)
    for index, image in enumerate(array):
        show(axes.flat[index], image, titles[index] if titles is not None else None)
    return figure


def rows(labelled: "Sequence[tuple[str, Tensor | np.ndarray]]") -> "Figure":
    """One row of images for each (label, images (B, C, H, W)), the label at its left; shorter rows end early.

    A long label is broken between words: it would take the page's width from the images.
    """
    if not labelled:
        raise UsageError("rows() needs at least one (label, images) pair.")
    arrays = [(broken(label), pixels(images)) for label, images in labelled]
    columns = max(len(array) for _, array in arrays)
    margin = 0.25 + 0.085 * max(len(part) for label, _ in arrays for part in label.split("\n"))
    figure, axes = _canvas(len(arrays), columns, arrays[0][1].shape[1] / arrays[0][1].shape[2], 0, margin)
    for (label, array), line in zip(arrays, axes, strict=True):
        for ax, image in zip(line, array, strict=False):
            show(ax, image)
        line[0].text(-0.08, 0.5, label, transform=line[0].transAxes, ha="right", va="center", fontsize=11)
    return figure


def broken(label: str) -> str:
    """A label in lines of about a dozen characters; formulas, and labels with lines of their own, stay as they are."""
    return label if "$" in label or "\n" in label else textwrap.fill(label, LABEL, break_long_words=False)
