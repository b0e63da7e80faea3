"""Small files in the formats of the data sets, made for the tests."""

import gzip
import io
import zipfile
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


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    """The bytes of a picture as a file of that kind ("JPEG", "PNG", "WEBP")."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def mat(pixels: np.ndarray, labels: np.ndarray, compress: bool = True) -> bytes:
    """A file of SVHN: images (N, 3, 32, 32) as X (32, 32, 3, N), digits 0 to 9 as y (N, 1) with 10 for 0."""
    from scipy.io import savemat

    file = io.BytesIO()
    y = np.where(labels == 0, 10, labels).astype(np.float64)[:, None]
    savemat(file, {"X": pixels.transpose(2, 3, 1, 0), "y": y}, do_compression=compress)
    return file.getvalue()


def cifar(pixels: np.ndarray, labels: np.ndarray) -> bytes:
    """A file of CIFAR-10's binary version: a byte for the label, then the red, green and blue planes."""
    return np.concatenate([labels.astype(np.uint8)[:, None], pixels.reshape(len(labels), 3072)], 1).tobytes()


def small(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(images uint8 (count, 3, 32, 32), labels 0 to 9)."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8), np.arange(count) % 10


CIFAR_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def cifar_folder(folder: Path, each: int = 20) -> Path:
    """The seven files of CIFAR-10's binary version, with `each` images a file instead of 10,000."""
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]):
        (folder / name).write_bytes(cifar(*small(each, number)))
    (folder / "batches.meta.txt").write_text("\n".join(CIFAR_CLASSES) + "\n\n")  # it ends in empty lines
    return folder


def svhn_folder(folder: Path, train: int = 30, test: int = 20, extra: int = 0) -> Path:
    folder.mkdir(parents=True)
    for name, count in (("train", train), ("test", test), ("extra", extra)):
        if count:
            (folder / f"{name}_32x32.mat").write_bytes(mat(*small(count, count)))
    return folder


CELEBA_NAMES = [f"Attribute_{i}" for i in range(40)]


def celeba_folder(folder: Path, count: int = 12) -> tuple[Path, np.ndarray]:
    """CelebA with `count` pictures, of which the last quarter tests and the one before validates; its attributes."""
    (folder / "img_align_celeba").mkdir(parents=True)
    signs = np.random.default_rng(1).choice([-1, 1], (count, 40))
    files = [f"{i + 1:06}.jpg" for i in range(count)]
    rows = [f"{f} " + " ".join(f"{v:2}" for v in row) for f, row in zip(files, signs, strict=True)]
    (folder / "list_attr_celeba.txt").write_text(
        "\n".join([str(count), " ".join(CELEBA_NAMES) + " ", *rows]) + "\n"
    )
    parts = [0 if i < count // 2 else 1 if i < 3 * count // 4 else 2 for i in range(count)]
    (folder / "list_eval_partition.txt").write_text(
        "".join(f"{f} {p}\n" for f, p in zip(files, parts, strict=True))
    )
    for i, file in enumerate(files):
        frame = np.zeros((218, 178, 3), np.uint8)  # black around, one grey inside the centre square of 128
        frame[45:173, 25:153] = 10 * (i + 1)
        Image.fromarray(frame).save(folder / "img_align_celeba" / file, quality=100)
    return folder, signs


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    """A folder as a zip whose names begin with `top`."""
    with zipfile.ZipFile(path, "w") as file:
        for picture in sorted(p for p in folder.rglob("*") if p.is_file()):
            file.write(picture, top + str(picture.relative_to(folder)))
    return path
