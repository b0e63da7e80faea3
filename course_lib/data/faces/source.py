"""The faces as sets of images: "faces", "faces-correlated", and variants of the former such as "faces-night"."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch

from course_lib.data.faces.drawing import draw
from course_lib.data.faces.factors import NAMES, factors_of
from course_lib.data.faces.variants import VARIANTS
from course_lib.data.images import Raw

COUNTS = {"train": 50_000, "test": 10_000}


class Faces:
    """60,000 drawn faces with their factors, 16 to 256 pixels wide.

    With `correlated`, factors go together as they do among people (`factors.CORRELATIONS`). A factor that has no
    part in that has the same value in image i of both sets. A `variant`, one of `variants.VARIANTS`, shows face i of
    "faces" in its image i, otherwise drawn.
    """

    native, images, licence = 64, "50,000 + 10,000", "of this course"
    size, splits = "none", ("train", "test")
    how = "always there: drawn when it is prepared"

    def __init__(self, correlated: bool = False, variant: str = ""):
        self.correlated, self.variant = correlated, variant
        self.name = "faces-correlated" if correlated else f"faces-{variant}" if variant else "faces"

    def where(self) -> str | None:
        return "drawn by the course"

    def fingerprint(self, split: str) -> str:
        """A hash of some pictures: those of an older drawing are not taken for this one's."""
        drawn = np.asarray(self.raw(split).render(range(16), 32))
        return hashlib.blake2b(drawn.tobytes(), digest_size=8).hexdigest()

    def raw(self, split: str) -> Raw:
        factors = factors_of(range(COUNTS[split]), split, self.correlated)

        def render(numbers: Sequence[int], resolution: int) -> np.ndarray:
            numbers = list(numbers)
            pictures = draw(factors[numbers], resolution)
            if self.variant:
                pictures = VARIANTS[self.variant](pictures, torch.tensor(numbers), split)
            return pictures.add(1).mul_(127.5).round_().byte().numpy()

        return Raw(len(factors), 3, None, (), render, factors.numpy(), NAMES)
