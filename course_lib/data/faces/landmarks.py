"""Where the eyes, the nose, the mouth and the chin of a face lie: known from its factors, as everything about it."""

import torch
from torch import Tensor

from course_lib.data.faces.drawing import VIEW, VIEW_LEVEL
from course_lib.data.faces.look import EYE_ANGLE, EYE_LEVEL, HEAD_HEIGHT, HEAD_LEVEL, MOUTH_LEVEL, PIVOT, Look

LANDMARKS = ("left eye", "right eye", "nose", "mouth", "chin")  # left and right of the picture
NOSE_LEVEL = 0.098  # the bright tip


def landmarks(factors: Tensor, resolution: int = 32) -> Tensor:
    """(B, 5, 2) places (x, y) of `LANDMARKS` in pixels, of faces with these factors (B, K), columns as in `NAMES`.

    The middle of the first pixel is (0, 0). Only yaw, roll and the face's width matter.
    """
    look = Look.of(factors.float())
    across = torch.stack(
        [
            look.across(-EYE_ANGLE),
            look.across(EYE_ANGLE),
            look.across(0, 1.17),
            look.across(0, 1.04),
            look.turn * 0.17,  # the jaw swings a little to where the face looks
        ],
        1,
    )[..., 0, 0]
    levels = (EYE_LEVEL, EYE_LEVEL, NOSE_LEVEL, MOUTH_LEVEL, HEAD_LEVEL + HEAD_HEIGHT)
    down = across.new_tensor(levels) - PIVOT
    cos, sin = look.tilt[..., 0].cos(), look.tilt[..., 0].sin()
    x, y = across * cos - down * sin, across * sin + down * cos + PIVOT
    pixel = 2 * VIEW / resolution
    return torch.stack([(x + VIEW) / pixel - 0.5, (y - VIEW_LEVEL + VIEW) / pixel - 0.5], -1)
