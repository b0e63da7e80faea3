"""Parts of a set by name: fewer images, fewer classes, or another split of one that can be opened by name.

"fashion-mnist:images=1000" has 1,000 of the training images, evenly spaced; "fashion-mnist:classes=1" those of the
first class; "fashion-mnist:classes=2,images=500" both. Test images are those of the same classes, all of them: what
is learnt from less is measured alike.

"mnist:held-out=32" tests on images that were published for training: the first of each 32 of them, which are then not
trained on. "mnist:resize=bilinear" is no part but another way to reach a resolution, for the sets that have several
(`mnist.MNIST.resized_by`); "mnist:resize=bilinear,held-out=32" is both.

"faces:with=glasses" has the faces that wear glasses, "faces:without=glasses+sunglasses,with=hat" those with a hat and
bare eyes: parts of a set whose binary factors are known, in every split. Two such parts are two domains.

Folders and zips have parts too ("photos:images=1000"), and "photos:test=20" tests on twenty pictures in a hundred.
"""

from typing import Any

import numpy as np

from course_lib.data.images import ImageSet
from course_lib.errors import UsageError

KEYS = ("classes", "images", "held-out")
FACTORS = ("with", "without")  # of binary factors: names, with a plus between them


def described(source: Any, words: str) -> Any:
    """The source that "name:words" means, where `source` is that of the name. Raises UsageError."""
    rest = []
    for word in words.split(","):
        key, _, how = word.partition("=")
        if key == "test" and hasattr(source, "with_test"):
            if not how.isdecimal():
                raise UsageError(f"'{word}' is no share of a hundred pictures: write test=20, for example.")
            source = source.with_test(int(how))
        elif key != "resize":
            rest.append(word)
        elif not hasattr(source, "resized_by") or ":" in source.name:
            raise UsageError(f"'{word}' names no resize of {source.name}: leave it out.")
        else:
            source = source.resized_by(how)
    return Subset(source, ",".join(rest)) if rest else source


class Subset:
    """A part of a source, made when it is opened; nothing of it is kept on disk."""

    def __init__(self, base: Any, words: str):
        """`base` is the source of the whole set, `words` what stands behind the colon. Raises UsageError."""
        wanted: dict[str, int] = {}
        self.factors: dict[str, bool] = {}  # whether images of this part have them
        for word in words.split(","):
            key, _, number = word.partition("=")
            if key in FACTORS and number:
                names = dict.fromkeys(number.split("+"), key == "with")
                if names.keys() & self.factors.keys():
                    raise UsageError(f"'{words}' asks for a factor twice: name each once.")
                self.factors |= names
                continue
            if key not in KEYS or key in wanted or not number.isdecimal() or int(number) < 1:
                raise UsageError(
                    f"'{word}' names no part of {base.name}: write {base.name}:classes=2,images=1000,held-out=32, "
                    f"with one or more, or with=FACTOR and without=FACTOR where factors are known."
                )
            wanted[key] = int(number)
        if wanted.get("held-out") == 1:
            raise UsageError(
                f"held-out=1 leaves nothing of {base.name} to train on: hold out every second or fewer."
            )
        self.base, self.classes, self.count = base, wanted.get("classes"), wanted.get("images")
        self.held_out = wanted.get("held-out")
        self.name = f"{base.name}{',' if ':' in base.name else ':'}{words}"
        self.native, self.licence = base.native, base.licence
        self.splits = getattr(base, "splits", ("train", "test"))
        self.how = f"part of {base.name}: {base.how}"

    def where(self) -> str | None:
        """Where the whole set lies; None where it is missing."""
        return self.base.where()

    def split_of_base(self, split: str) -> str:
        """The split of the whole set that this part's images of `split` are taken from."""
        return "train" if self.held_out and split == "test" else split

    def derive(self, whole: ImageSet, split: str) -> ImageSet:
        """The part of the whole set of that split. Raises UsageError where it has fewer images, or no classes."""
        held = self.held_out if split in ("train", "test") else None
        numbers = np.arange(len(whole))
        if held:
            numbers = numbers[(numbers % held == 0) == (split == "test")]
        labels = None if whole.labels is None else np.asarray(whole.labels)
        if self.classes is not None:
            if labels is None or self.classes > labels.max() + 1:
                classes = "no classes" if labels is None else f"{labels.max() + 1} classes"
                raise UsageError(f"{self.base.name} has {classes}: leave out classes, or ask for fewer.")
            numbers = numbers[labels[numbers] < self.classes]
        for name, has in self.factors.items():
            numbers = numbers[(_binary_factor(whole, name)[numbers] > 0.5) == has]
        if not len(numbers):
            raise UsageError(f"no image of {self.base.name} is in {self.name}: ask for another part.")
        if self.count is not None and split != "test":
            if self.count > len(numbers):
                raise UsageError(
                    f"there are {len(numbers):,} such images in {self.base.name}: ask for no more."
                )
            numbers = numbers[np.linspace(0, len(numbers) - 1, self.count).round().astype(np.int64)]
        factors = None if whole.factors is None else np.asarray(whole.factors)[numbers]
        return ImageSet(
            self.name,
            np.asarray(whole.images[numbers]),
            None if labels is None else labels[numbers],
            whole.classes[: self.classes],
            factors,
            whole.factor_names,
        )


def _binary_factor(images: ImageSet, name: str) -> np.ndarray:
    """Its column, (N,). Raises UsageError for one that the set has not, or that is not binary."""
    if name not in images.factor_names or images.factors is None:
        names = ", ".join(images.factor_names) or "none"
        raise UsageError(f"{images.name} has no factor '{name}'; its factors: {names}.")
    column = np.asarray(images.factors[:, images.factor_names.index(name)])
    if not np.isin(column, (0, 1)).all():
        raise UsageError(f"'{name}' of {images.name} is not a thing to have or lack: name a binary factor.")
    return column
