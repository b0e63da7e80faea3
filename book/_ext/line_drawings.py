"""Which figures are line drawings: lines, points and letters on the paper's ground.

In a dark page a line drawing is shown with dark and light exchanged, by a rule of the style sheet. Photographs,
generated images and maps of colours are not: their light and dark are what they show. They keep their light card.
"""

from pathlib import Path

import numpy as np

from course_lib.figures.style import PAPER

GROUND = 0.75  # least share of pixels that are paper
TILE = 16  # pixels
BUSY = 0.005  # greatest share of tiles without any paper, in which something is to be seen
FLAT = 6.0  # a tile whose channels deviate by less, of 255, is a surface of one colour


def is_line_drawing(picture: np.ndarray) -> bool:
    """Whether a picture, (H, W, 3) of 0..255, is lines and letters on paper."""
    paper = np.array([int(PAPER[i : i + 2], 16) for i in (1, 3, 5)])
    ground = np.abs(picture.astype(np.int16) - paper).max(axis=2) <= 2
    rows, columns = (side // TILE for side in ground.shape)
    if ground.mean() < GROUND or not rows or not columns:
        return False
    cut = (slice(rows * TILE), slice(columns * TILE))
    covered = ~ground[cut].reshape(rows, TILE, columns, TILE).any(axis=(1, 3))
    tiles = picture[cut].reshape(rows, TILE, columns, TILE, 3).astype(np.float32)
    busy = tiles.std(axis=(1, 3)).max(axis=2) > FLAT
    return bool((covered & busy).mean() < BUSY)


def file_is_line_drawing(path: Path) -> bool:
    """The same of a file that Pillow opens."""
    from PIL import Image

    with Image.open(path) as picture:
        return is_line_drawing(np.asarray(picture.convert("RGB")))
