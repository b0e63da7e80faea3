"""The image sets that can be opened by name.

A source has `name`, `native` (the side of its images, or None when they have no one size), `images` (how many),
`size` (of its files), `licence`, `how` to get it, `splits`, and the methods `where()` (a place, or None),
`fingerprint(split)` (changes when its files do) and `raw(split) -> Raw`. One whose images are computed has
`open(resolution, split) -> ImageSet` in place of the last two, and nothing of it is kept on disk. Nor is it of one
that is made of another source, its `base`: it has `derive(whole, split) -> ImageSet`, where `whole` is the
base's set of the split that `split_of_base(split)` names.
"""

from typing import Any

from course_lib.data.celeba import CelebA
from course_lib.data.cifar10 import CIFAR10
from course_lib.data.digits import Digits
from course_lib.data.faces.source import Faces
from course_lib.data.faces.variants import VARIANTS
from course_lib.data.ffhq import FFHQ
from course_lib.data.lsun import CATEGORIES, LSUN
from course_lib.data.mnist import MNIST, FashionMNIST
from course_lib.data.sprites import Sprites
from course_lib.data.stacked import StackedSource
from course_lib.data.svhn import SVHN

EVERY: tuple[Any, ...] = (
    FashionMNIST(),
    Digits(),
    Faces(),
    Faces(correlated=True),
    *(Faces(variant=variant) for variant in VARIANTS),
    Sprites(),
    Sprites(colour=True),
    MNIST(),
    SVHN(),
    CIFAR10(),
    CelebA(),
    FFHQ(),
    *(LSUN(category) for category in CATEGORIES),
    StackedSource("stacked-digits", Digits()),
    StackedSource("stacked-mnist", MNIST()),
)
SOURCES = {source.name: source for source in EVERY}
