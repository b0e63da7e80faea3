"""Heavy pictures in at most 256 colours, so that a page's first picture is soon there on a phone.

Photographs and generated images are drawn as PNG, which keeps every shade. With a palette of their own, chosen by
median cut and three rounds of k-means, the pages' faces take a third of the bytes, and their values move by 3 of 255 on
average: less than as WebP of quality 90, which is larger. Drawings of lines are SVG on a page; what of them is a PNG
(for print) stays as it is.
"""

import io
from pathlib import Path

from line_drawings import file_is_line_drawing

HEAVY = 150_000  # bytes
COLOURS = 256


def in_few_colours(content: bytes) -> bytes:
    """A PNG with a palette, of another picture's bytes; the same bytes where that has one already, is transparent
    somewhere, or is not larger."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as picture:
        # figures are written with a channel of opacity that is full everywhere
        clear = "A" in picture.getbands() and picture.getchannel("A").getextrema()[0] < 255
        if picture.mode == "P" or clear or "transparency" in picture.info:
            return content
        few = picture.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE
        )
    written = io.BytesIO()
    few.save(written, "PNG", optimize=True)
    return min(content, written.getvalue(), key=len)


def shrink(folder: Path) -> list[Path]:
    """Write the heavy pictures of a folder anew, drawings of lines excepted. Returns those that were."""
    changed = []
    for file in sorted(folder.glob("*.png")):
        content = file.read_bytes()
        if len(content) <= HEAVY or file_is_line_drawing(file):
            continue
        if (fewer := in_few_colours(content)) != content:
            file.write_bytes(fewer)
            changed.append(file)
    return changed


def finish(app, error) -> None:
    if not error and app.builder.format == "html":
        shrink(Path(app.outdir, "_images"))


def setup(app) -> dict:
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
