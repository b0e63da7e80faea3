"""Data by name: `open("fashion-mnist", resolution=32)`, and `Batches`, a function of the step."""

from course_lib.data.arrays import dataset_of, image_set, points
from course_lib.data.batches import Batch, Batches
from course_lib.data.cache import is_own, located, open_whole, picture_count, prepare, remarks
from course_lib.data.cache import open_set as open  # read as data.open
from course_lib.data.catalogue import by_hand, describe, downloadable, fetch
from course_lib.data.folders import without_report
from course_lib.data.images import ImageSet
from course_lib.data.spec import DataSpec, spec_of
from course_lib.data.toy import PointSet

__all__ = [
    "Batch",
    "Batches",
    "DataSpec",
    "ImageSet",
    "PointSet",
    "by_hand",
    "dataset_of",
    "describe",
    "downloadable",
    "fetch",
    "image_set",
    "is_own",
    "located",
    "open",
    "open_whole",
    "picture_count",
    "points",
    "prepare",
    "remarks",
    "spec_of",
    "without_report",
]
