"""Where a search for codes begins: at drawn codes, at those of them whose images are nearest, or at zeros."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.methods.spaces import Space
from course_lib.settings import Count, check


@dataclass(frozen=True)
class Start:
    """How each image's search begins.

    kind: "nearest" takes, of `pool` drawn codes, those whose images are nearest (by squared error); "drawn" takes drawn
    ones as they come, the same for every image; "zeros". In a DCGAN zeros can be a trap: where they switch every unit
    of the first layer off, no gradient leads out.
    """

    kind: Literal["nearest", "drawn", "mean", "zeros"] = "nearest"  # nearest, drawn, mean or zeros
    pool: Count = 4096  # drawn codes of which the nearest are taken
    restarts: Count = 1  # starts of each image; the best of their ends is kept

    def __post_init__(self):
        check(self)


def starts(space: Space, images: Tensor, start: Start, batch: int, seed: int) -> Tensor:
    """(N, restarts, *shape). What an image gets depends on it and on the seed, never on the others.

    `batch` codes are decoded at a time.
    """
    n = len(images)
    if start.kind == "zeros":
        return images.new_zeros(n, 1, *space.shape)
    draw = seeds.generator(seed, purpose="inversion/starts")  # on the CPU: the same codes on every device
    count = start.restarts if start.kind == "drawn" else max(start.pool, start.restarts)
    drawn = space.draw(count, draw).to(images.device, images.dtype)
    if start.kind == "mean":  # for a second restart the same again
        mean = space.project(drawn.mean(0, keepdim=True))
        return mean.expand(n, start.restarts, *space.shape)
    if start.kind == "drawn":
        return drawn.expand(n, *drawn.shape)
    nearest = []
    with torch.no_grad():
        decoded = torch.cat([space.decode(z).flatten(1) for z in drawn.split(batch)])
        lengths = decoded.square().sum(1)
        for x in images.split(batch):  # |x − g|² less |x|², which is the same for all g
            distances = torch.addmm(lengths, x.flatten(1), decoded.T, alpha=-2)
            nearest.append(distances.topk(start.restarts, largest=False).indices)
    return drawn[torch.cat(nearest)]
