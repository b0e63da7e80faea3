"""By what studies judge images: the network that suits a data set, beside its test set or against its training set."""

from dataclasses import dataclass
from typing import Any, NamedTuple


class HeldOut(NamedTuple):
    """images: a plan's test set, an `ImageSet`. judge: the extractor that suits it. binary: (K,), which of the factors
    that the judge reads are there or not."""

    images: Any
    judge: Any
    binary: Any


def held_out(plan: Any) -> HeldOut:
    """The test set of a plan's data, for studies that read factors in images."""
    import torch

    from course_lib import data
    from course_lib.evaluation import features
    from course_lib.objectives.attributes import binary_columns

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution, split="test")
    judge = features.extractor(features.suited(images))
    return HeldOut(images, judge, binary_columns(torch.tensor(images.factors[:200])))


@dataclass(frozen=True)
class Distance:
    """Images (N, C, H, W) -> their Fréchet distance to a data set, in a judge's features.

    reference: mean and covariance of the features of all images of the set.
    """

    judge: Any
    reference: Any

    def __call__(self, images: Any) -> float:
        return self.of(self.judge(images))

    def of(self, seen: Any) -> float:
        """The same of features (N, d), where they are there already."""
        from course_lib.evaluation.frechet import frechet_distance, statistics

        return frechet_distance(statistics(seen), self.reference)


def distance_to(images: Any, judge: str | None = None) -> Distance:
    """To all images of an `ImageSet`, by the extractor of that name, or by the one that suits them."""
    from course_lib.evaluation import features
    from course_lib.evaluation.frechet import Reference

    chosen = features.extractor(judge or features.suited(images))
    return Distance(chosen, Reference(chosen, images).statistics())
