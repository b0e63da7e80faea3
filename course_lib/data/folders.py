"""Any folder of pictures: its files, the split of each, and how one becomes a square of bytes."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
FORMATS = ("JPEG", "PNG", "WEBP")  # Pillow knows others, some of which start foreign programs
MOST_PIXELS = 89_478_485  # Pillow's own limit for a picture that is no decompression bomb
GREY = ("1", "L", "LA", "I", "I;16", "I;16B")


@dataclass(frozen=True)
class Listing:
    """The pictures of one split: sorted names relative to the folder, and a fingerprint of their files."""

    folder: Path
    names: tuple[str, ...]
    labels: np.ndarray | None
    classes: tuple[str, ...]
    fingerprint: str


def split_of(name: str) -> str:
    """ "train" or "test" (one picture in ten), by a hash of the name.

    The split of a picture does not depend on what lies beside it, so adding pictures never moves one from the
    training set into the test set.
    """
    return (
        "test" if hashlib.blake2b(name.encode("utf-8", "surrogateescape")).digest()[0] % 10 == 0 else "train"
    )


def listing(folder: Path, split: str) -> Listing:
    """All jpg, png and webp files below `folder` that belong to `split`, in sorted order.

    The first-level subfolders are the classes when there are two or more and no picture lies outside them.
    Raises CourseError when there are none.
    """
    found = sorted(_files(folder))
    if not found:
        raise CourseError(f"{folder} holds no jpg, png or webp files: name a folder that does.")
    chosen = [(name, stamp) for name, stamp in found if split_of(name) == split]
    if not chosen:
        raise CourseError(
            f"{folder} holds {len(found)} pictures, too few for a {split} split: add more, or use "
            "the other split."
        )
    tops = {name.split("/")[0] if "/" in name else "" for name, _ in found}
    classes = tuple(sorted(tops)) if len(tops) > 1 and "" not in tops else ()
    number = {name: i for i, name in enumerate(classes)}
    labels = np.array([number[n.split("/")[0]] for n, _ in chosen], np.int64) if classes else None
    digest = hashlib.blake2b(repr((classes, chosen)).encode(), digest_size=16).hexdigest()
    return Listing(folder, tuple(n for n, _ in chosen), labels, classes, digest)


def _files(folder: Path):
    """Names relative to the folder, with size and time of change (a link that leads nowhere has none)."""
    for root, subfolders, files in os.walk(folder):
        subfolders[:] = [s for s in subfolders if not s.startswith((".", "__MACOSX"))]
        for file in files:
            if file.lower().endswith(ENDINGS) and not file.startswith("."):
                path = os.path.join(root, file)
                try:
                    status = os.stat(path)
                    stamp = (status.st_size, status.st_mtime_ns)
                except OSError:
                    stamp = None
                yield os.path.relpath(path, folder).replace(os.sep, "/"), stamp


def channels(folder: Path) -> int:
    """1 when every readable picture of the folder is grey, else 3. Reads headers up to the first colour."""
    from PIL import Image

    for name, _ in sorted(_files(folder)):
        try:
            with Image.open(folder / name, formats=FORMATS) as image:
                if image.mode not in GREY:
                    return 3
        except Exception:  # a damaged picture has no say; decode() reports it
            continue
    return 1


def decode(path: Path, resolution: int, channels: int) -> np.ndarray:
    """One picture as uint8 (channels, resolution, resolution): upright, on white, centre square, antialiased.

    Raises CourseError that names the file when it cannot be decoded or is a decompression bomb.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=FORMATS) as image:
            # the header is enough to refuse; decoding is what would take the memory
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} × {image.height} pixels are more than {MOST_PIXELS:,}")
            image = ImageOps.exif_transpose(image)
            return square(_eight_bits(image, "L" if channels == 1 else "RGB"), resolution)
    except (
        Exception
    ) as error:  # decoders of foreign bytes raise nearly anything: OSError, SyntaxError, struct.error …
        reason = str(error).replace(str(path), "the file").replace("\n", " ").rstrip(".")
        raise CourseError(
            f"{path} cannot be read as a picture ({reason or type(error).__name__}): replace or remove it, "
            "or leave out such files with skip_damaged=True (on the command line --skip-damaged)."
        ) from error


def _eight_bits(image, mode: str):
    """A Pillow image of any mode as "L" or "RGB", transparency shown on white."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion would clip them
        image = Image.fromarray(
            (np.asarray(image).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8)
        )
    if image.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def square(image, resolution: int) -> np.ndarray:
    """The centre square of a Pillow image ("L" or "RGB") as uint8 (C, resolution, resolution).

    Pillow's Lanczos filter widens with the reduction, so it is antialiased (Parmar et al. 2022, "On Aliased
    Resizing and Surprising Subtleties in GAN Evaluation": others are not, and FID shows it).
    """
    from PIL import Image

    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size != (resolution, resolution):
        box = (left, top, left + side, top + side)
        image = image.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box)
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
