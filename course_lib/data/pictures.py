"""How one picture file becomes a square of bytes: upright, on white, the centre, antialiased."""

import os
from functools import cache
from typing import BinaryIO

import numpy as np

from course_lib.data.images import Damaged

# what Pillow lists and this course does not open
REFUSED = {
    "EPS", "WMF",  # start foreign programs, or need Windows
    "BUFR", "GRIB", "HDF5", "MPEG",  # Pillow knows nothing of them but the name
    "IMT", "IPTC", "MCIDAS", "SPIDER", "XVTHUMB",  # nothing at their head tells them from other bytes
}  # fmt: skip
NAMED = {"TGA"}  # nor of this one, which is common: it is read where the ending says so
MOST_PIXELS = 89_478_485  # Pillow's own limit for a picture that is no decompression bomb
MOST_BYTES = 256 << 20  # of one file: a picture within that limit does not take more
GREY = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")


@cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read: all that this Pillow decodes by itself."""
    from PIL import Image

    Image.init()
    return tuple(sorted(set(Image.OPEN) - REFUSED))


@cache
def endings(kinds: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Endings of files, in lower case, that are taken for pictures: of all formats that are read, or of some."""
    from PIL import Image

    read = set(kinds or formats())
    return tuple(sorted(e for e, kind in Image.registered_extensions().items() if kind in read))


def formats_of(name: str) -> tuple[str, ...]:
    """The formats that a picture of that name may have. Its content decides between them, whatever the ending says."""
    named = name.lower().endswith(endings(tuple(sorted(NAMED))))
    return formats() if named else tuple(kind for kind in formats() if kind not in NAMED)


def is_picture(name: str) -> bool:
    """Whether a file's name promises a picture that can be read."""
    return name.lower().endswith(endings())


def decode(
    file: str | os.PathLike | BinaryIO,
    resolution: int,
    channels: int,
    *,
    name: str,
    crop: int | None = None,
    several: list[str] | None = None,
) -> np.ndarray:
    """One picture as uint8 (channels, resolution, resolution): upright, on white, centre square, antialiased.

    `crop` is the side of that square in pixels of the picture; None takes the largest that fits. Of several frames the
    first is taken, and `name` is added to `several`.
    Raises Damaged with `name` when the file cannot be decoded, is a decompression bomb or is smaller than `crop`.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file, formats=formats_of(name)) as image:
            # the header is enough to refuse; decoding is what would take the memory
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} × {image.height} pixels are more than {MOST_PIXELS:,}")
            if several is not None and getattr(image, "is_animated", False):
                several.append(name)
            upright = ImageOps.exif_transpose(image)
            if crop and min(upright.size) < crop:
                raise ValueError(f"{upright.width} × {upright.height} pixels hold no square of {crop}")
            return square(_eight_bits(upright, "L" if channels == 1 else "RGB"), resolution, crop)
    except Exception as error:  # decoders of foreign bytes raise nearly anything: OSError, SyntaxError, …
        raise Damaged(name, reason(error, file)) from error


def reason(error: Exception, file: object = None) -> str:
    """A few words on one line for what a decoder raised."""
    text = str(error.args[1] if isinstance(error, OSError) and len(error.args) > 1 else error)
    if not isinstance(file, (str, os.PathLike)):
        file = "<_io.BytesIO object" if "<_io.BytesIO object" in text else ""
    if "cannot identify image file" in text:
        return "no picture that Pillow reads"
    text = text.replace(str(file), "the file") if str(file) else text
    text = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return (text if len(text) <= 150 else text[:149] + "…").rstrip(".") or type(error).__name__


def has_colour(file: str | os.PathLike | BinaryIO, name: str) -> bool:
    """Whether a picture's header promises more than greys; False for what is no picture."""
    from PIL import Image

    try:
        with Image.open(file, formats=formats_of(name)) as image:
            if image.mode == "P" and (palette := image.getpalette("RGB")):  # GIF and BMP keep greys in one
                red, green, blue = palette[::3], palette[1::3], palette[2::3]
                return not red == green == blue
            return image.mode not in GREY
    except Exception:  # a damaged picture has no say; decode() reports it
        return False


def _eight_bits(image, mode: str):
    """A Pillow image of any mode as "L" or "RGB", transparency shown on white."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("floating point numbers of no known range: save 8 or 16 bits")
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion would clip them
        values = np.asarray(image).astype(np.float64)
        if values.min() < 0 or values.max() > 65_535:
            raise ValueError("whole numbers beyond 16 bits, of no known range: save 8 or 16 bits")
        image = Image.fromarray((values / 257).round().astype(np.uint8))
    if image.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def square(image, resolution: int, crop: int | None = None) -> np.ndarray:
    """The centre square of a Pillow image ("L" or "RGB") as uint8 (C, resolution, resolution).

    `crop` is its side in pixels: the image is cut to it and then resized. By default the square is as large as fits,
    and the filter sees what lies beside it. Pillow's Lanczos filter widens with the reduction, so it is antialiased
    (Parmar et al. 2022, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation": others are not, and FID
    shows it). An image that has the size already is copied, not filtered.
    """
    from PIL import Image

    if crop:
        left, top = (image.width - crop) // 2, (image.height - crop) // 2
        image = image.crop((left, top, left + crop, top + crop))
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size != (resolution, resolution):
        box = (left, top, left + side, top + side)
        image = image.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box)
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def resized(pixels: np.ndarray, resolution: int) -> list[np.ndarray]:
    """Square images uint8 (N, C, H, H), C 1 or 3, at another resolution, by the filter of `square`."""
    from PIL import Image

    planes = (np.ascontiguousarray(p[0] if len(p) == 1 else p.transpose(1, 2, 0)) for p in pixels)
    return [square(Image.fromarray(p), resolution) for p in planes]


def with_filter(pixels: np.ndarray, resolution: int, name: str) -> list[np.ndarray]:
    """Square images uint8 (N, C, H, H), C 1 or 3, at another resolution by a named filter of Pillow: "bilinear",
    "bicubic" or "nearest". Bilinear and bicubic centre a pixel's value at its middle and widen with a reduction.
    """
    from PIL import Image

    size, method = (resolution, resolution), Image.Resampling[name.upper()]
    planes = (np.ascontiguousarray(p[0] if len(p) == 1 else p.transpose(1, 2, 0)) for p in pixels)
    made = (np.asarray(Image.fromarray(p).resize(size, method)) for p in planes)
    return [p[None] if p.ndim == 2 else np.ascontiguousarray(p.transpose(2, 0, 1)) for p in made]
