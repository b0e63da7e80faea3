"""From factors to pictures."""

import torch
from torch import Tensor

from course_lib.data.faces import eyes, hair, head, scene
from course_lib.data.faces.canvas import Canvas
from course_lib.data.faces.factors import FACTORS
from course_lib.data.faces.look import PIVOT, Look
from course_lib.errors import UsageError

SMALLEST, LARGEST = 16, 256
VIEW, VIEW_LEVEL = 0.90, -0.055  # half the side of the picture, and the height of its middle
CHUNK_PIXELS = {"cpu": 1 << 18}  # drawn at a time: more would leave the cache, fewer are mostly Python
CHUNK_PIXELS_ELSEWHERE = 1 << 24


@torch.no_grad()
def draw(factors: Tensor, resolution: int = 64) -> Tensor:
    """The faces with these factors (B, K), columns as in `NAMES`: float32 (B, 3, R, R) in [-1, 1].

    On the device of the factors. A picture depends on its own row alone. Factors between or beyond their
    values are drawn too (glasses = 0.5 are half transparent).
    Raises UsageError for factors of another shape and for a resolution outside 16 to 256.
    """
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise UsageError(f"Factors of shape {tuple(factors.shape)} are not faces: give (B, {len(FACTORS)}).")
    if not SMALLEST <= resolution <= LARGEST:
        raise UsageError(f"Faces are drawn from {SMALLEST} to {LARGEST} pixels wide, not {resolution}.")
    factors = factors.float()
    out = torch.empty((len(factors), 3, resolution, resolution), device=factors.device)
    size = max(1, CHUNK_PIXELS.get(factors.device.type, CHUNK_PIXELS_ELSEWHERE) // resolution**2)
    for first in range(0, len(factors), size):
        _chunk(out[first : first + size], factors[first : first + size])
    return out


def _chunk(image: Tensor, factors: Tensor) -> None:
    """Paint one chunk, back to front."""
    resolution, look = image.shape[-1], Look.of(factors)
    pixel, top = 2 * VIEW / resolution, VIEW_LEVEL - VIEW
    line = (torch.arange(resolution, device=image.device) + 0.5) * pixel
    x = (line - VIEW).expand(1, resolution, resolution).contiguous()
    y = (line + top)[:, None].expand(1, resolution, resolution).contiguous()
    cos, sin = look.tilt.cos(), look.tilt.sin()
    u, v = x * cos + (y - PIVOT) * sin, (y - PIVOT) * cos - x * sin + PIVOT
    canvas = Canvas(image, x, y, u, v, pixel, -VIEW, top)

    scene.backdrop(canvas, look)
    hair.back(canvas, look)
    head.neck(canvas, look)
    scene.shirt(canvas, look)
    head.ears(canvas, look, front=False)
    head.face(canvas, look)
    head.lines(canvas, look)
    head.ears(canvas, look, front=True)
    _for_some(canvas, look, look.beard, head.beard)
    head.nose(canvas, look)
    head.mouth(canvas, look)
    for side in (-1, 1):
        eyes.eye(canvas, look, side)
    hair.front(canvas, look)
    _for_some(canvas, look, look.glasses, eyes.clear_glasses)
    _for_some(canvas, look, look.sunglasses, eyes.sun_glasses)
    _for_some(canvas, look, look.hat, hair.hat)
    image.mul_(2).sub_(1).clamp_(-1, 1)


def _for_some(canvas: Canvas, look: Look, worn: Tensor, paint) -> None:
    """Paint what only some faces wear on those alone."""
    index = worn.flatten().nonzero().flatten()
    if len(index):
        with canvas.only(index) as some:
            paint(some, look.at(index))
