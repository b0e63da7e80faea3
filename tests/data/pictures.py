"""Small folders of generated pictures and small IDX files for the tests of this room."""

import gzip
from pathlib import Path

import numpy as np
from PIL import Image


def picture(number: int, width: int = 20, height: int = 20) -> Image.Image:
    """A colour picture that is different for every number."""
    rng = np.random.default_rng(number)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def picture_folder(folder: Path, classes=("cat", "dog"), each: int = 30, **size: int) -> Path:
    """`each` PNG files in one subfolder a class."""
    for c, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            picture(1000 * c + i, **size).save(folder / name / f"{i:03}.png")
    return folder


def idx(array: np.ndarray) -> bytes:
    """An array of uint8 in the IDX format (big-endian header, then the bytes)."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def fashion_folder(folder: Path, train: int = 50, test: int = 20) -> Path:
    """The four files of Fashion-MNIST with random pixels."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for stem, count in (("train", train), ("t10k", test)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(count) % 10)))
    return folder
