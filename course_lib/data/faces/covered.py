"""What no face of the data set wears, for images outside of a model's range: a cloth mask over mouth and nose."""

import torch
from torch import Tensor

from course_lib.data.faces.factors import COLUMN

CLOTH = (-0.35, 0.25, 0.62)  # a blue that is no clothing's, in [-1, 1]
MIDDLE, RADII = (0.0, 0.36), (0.42, 0.30)  # in half images: below the nose of a face that looks ahead
SOFT = 0.06  # width of the edge


def ahead(factors: Tensor) -> Tensor:
    """The same faces looking straight ahead: (B, K) with yaw and roll 0."""
    turned = factors.clone()
    turned[:, [COLUMN["yaw"], COLUMN["roll"]]] = 0.0
    return turned


def masked(images: Tensor) -> Tensor:
    """(B, 3, R, R) faces that look straight ahead, with a mask: an ellipse of blue cloth with a fold across it."""
    side = images.shape[-1]
    line = (torch.arange(side, dtype=images.dtype, device=images.device) + 0.5) * (2 / side) - 1
    x, y = line[None, :] - MIDDLE[0], line[:, None] - MIDDLE[1]
    inside = 1 - ((x / RADII[0]) ** 2 + (y / RADII[1]) ** 2).sqrt()  # 0 at the edge
    cover = (inside / SOFT + 0.5).clamp(0, 1)
    fold = 1 - 0.25 * torch.exp(-((y / 0.05) ** 2)).expand_as(cover)
    cloth = torch.tensor(CLOTH, dtype=images.dtype, device=images.device)[:, None, None]
    return images * (1 - cover) + (cloth + 1) * fold * cover - cover
