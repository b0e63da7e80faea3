"""What a set of images is, by its content: what a run keeps of the data that it is made of."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet


def identity(dataset: ImageSet | PointSet) -> dict[str, Any]:
    """Name (of a folder or a zip: its absolute path), split, number of images, classes and fingerprint.

    The fingerprint of a prepared set is that of its files, known since it was prepared; that of arrays is computed
    here, from every byte. Points are drawn anew each time and have a name alone.
    """
    if isinstance(dataset, PointSet):
        return {"name": dataset.name, "points": dataset.dim}
    return {
        "name": dataset.name,
        "split": dataset.split,
        "images": len(dataset),
        "classes": list(dataset.classes),
        "fingerprint": dataset.fingerprint or content(dataset),
    }


def content(dataset: ImageSet) -> str:
    """A hash of all images, labels and factors. Of images that are made when they are read: of their name and shape."""
    images: Any = dataset.images
    digest = hashlib.blake2b(repr(tuple(images.shape)).encode(), digest_size=16)
    if isinstance(images, np.ndarray):
        for first in range(0, len(images), 4096):
            digest.update(np.ascontiguousarray(images[first : first + 4096]).data)
    else:
        digest.update(dataset.name.encode())
    for column in (dataset.labels, dataset.factors):
        if column is not None:
            digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def of_parts(*parts: str | Mapping[str, str]) -> str:
    """A fingerprint of fingerprints and words."""
    text = "\0".join(p if isinstance(p, str) else repr(sorted(p.items())) for p in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
