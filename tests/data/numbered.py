"""Images that say their own number."""

import numpy as np
import torch

from course_lib import data

COUNT = 50


def numbered(count=COUNT, channels=1, side=8, labels=True):
    """Images whose label, and first pixel, is their number."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, channels, side, side), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(count)
    return data.ImageSet(
        "numbered", pixels, np.arange(count) if labels else None, tuple(map(str, range(count)))
    )


def same(a, b):
    return torch.equal(a.x, b.x) and torch.equal(a.labels, b.labels) and a.draw == b.draw


def halves(n=12):
    """Two sets of images, of which image i of the second is the negative of image i of the first."""
    pixels = np.random.default_rng(0).integers(0, 256, (n, 1, 8, 8)).astype(np.uint8)
    return data.ImageSet("bright", pixels), data.ImageSet("dark", 255 - pixels)
