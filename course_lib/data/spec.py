"""What networks and methods must know of a data set before they are built."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import CourseError, UsageError


@dataclass(frozen=True)
class DataSpec:
    """One example and the set that it comes from. A bare shape is enough for networks without labels.

    shape: (C, H, W) of an image or (d,) of a point. classes: how many its labels tell apart; 0 without labels.
    factor_names: of the columns of its factors. count: examples, or None where they are drawn without end.
    target_shape: of an example of the second domain, or None where there is one domain. paired: whether target i
    shows what example i shows.
    """

    shape: tuple[int, ...]
    classes: int = 0
    factor_names: tuple[str, ...] = ()
    count: int | None = None
    target_shape: tuple[int, ...] | None = None
    paired: bool = False

    @property
    def image(self) -> tuple[int, int]:
        """Channels and resolution. Raises UsageError for points."""
        if len(self.shape) != 3:
            raise UsageError("this recipe's networks take images, not points: give --data a set of images.")
        channels, resolution, _ = self.shape
        return channels, resolution

    @property
    def dim(self) -> int:
        """Coordinates of a point. Raises UsageError for images."""
        if len(self.shape) != 1:
            raise UsageError(
                "this recipe's networks take points, not images: give --data one of the toy/ sets."
            )
        return self.shape[0]

    @property
    def size(self) -> int:
        """Numbers in one example."""
        return math.prod(self.shape)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "DataSpec":
        """What the `config.json` of a run says of its data. Raises CourseError when it says nothing, or no shape.

        The first format says the shape alone; its classifiers had ten classes unless they were told otherwise.
        """
        fields: Any = config.get("data_set", {"shape": config.get("shape"), "classes": 10})
        try:  # JSON has made lists of tuples
            described: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()}
            spec = cls(**described)
            if not spec.shape or any(type(side) is not int for side in spec.shape):
                raise TypeError(f"a shape of {spec.shape}")
            return spec
        except (TypeError, AttributeError) as error:
            raise CourseError(
                f"config.json does not say what the run was trained on ({error}): restore it, or train again."
            ) from error


def spec_of(
    dataset: ImageSet | PointSet, target: ImageSet | PointSet | None = None, paired: bool = False
) -> DataSpec:
    """The description of a set, and of the second domain where there is one.

    Raises UsageError for pairs of sets that are not equally long.
    """
    images = dataset if isinstance(dataset, ImageSet) else None
    if paired and not (images and isinstance(target, ImageSet) and len(target) == len(images)):
        raise UsageError(
            f"pairs need two sets of equally many images: {dataset.name} has {len(images) if images else 'no end'}, "
            f"{target.name + ' has ' + str(len(target)) if isinstance(target, ImageSet) else 'there is no second'}."
        )
    return DataSpec(
        tuple(dataset.shape),
        classes=len(images.classes) if images and images.labels is not None else 0,
        factor_names=tuple(images.factor_names) if images else (),
        count=len(images) if images else None,
        target_shape=None if target is None else tuple(target.shape),
        paired=paired,
    )
