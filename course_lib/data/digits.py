"""The digits that come with scikit-learn: images that need no download at all."""

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from course_lib.data.folders import split_of
from course_lib.data.images import Raw
from course_lib.data.pictures import resized
from course_lib.errors import CourseError


class Digits:
    """1,797 handwritten digits, 8 × 8, 17 greys (Alpaydin and Kaynak 1998), which come with scikit-learn."""

    name, native, images, licence = "digits", 8, "1,606 + 191", "CC BY 4.0, within scikit-learn (BSD)"
    size, splits = "0.1 MB", ("train", "test")
    how = "comes with scikit-learn"

    def where(self) -> str | None:
        return "scikit-learn" if find_spec("sklearn") else None

    def fingerprint(self, split: str) -> str:
        return ""

    def raw(self, split: str) -> Raw:
        if self.where() is None:
            raise CourseError(
                "The digits come with scikit-learn, which is missing: run `pip install scikit-learn`."
            )
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        chosen = [i for i in range(len(labels)) if split_of(f"digit {i}") == split]
        pixels = (pixels[chosen].reshape(-1, 1, 8, 8) * (255 / 16)).round().astype(np.uint8)

        def render(numbers: Sequence[int], resolution: int) -> Sequence[np.ndarray]:
            part = pixels[list(numbers)]
            return part if resolution == 8 else resized(part, resolution)

        return Raw(len(chosen), 1, labels[chosen].astype(np.int64), tuple("0123456789"), render)
