"""Signed-distance shading: shapes as fields over a batch of pictures, covered with an edge one pixel wide."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Canvas:
    """A rectangle of a batch of pictures, and where its pixels lie.

    image: (B, 3, h, w), painted in place, in [0, 1]; x, y: (1, h, w), the picture's coordinates, to the right
    and down; u, v: (B, h, w), the same points in the frame of the tilted head; pixel: the side of a pixel;
    left, top: the rectangle's corner in the picture's coordinates.
    Shapes come back as fields (B, h, w) in [0, 1], how much of each pixel they cover.
    """

    image: Tensor
    x: Tensor
    y: Tensor
    u: Tensor
    v: Tensor
    pixel: float
    left: float
    top: float

    @contextmanager
    def part(self, left: float, top: float, right: float, bottom: float) -> Iterator["Canvas"]:
        """A smaller canvas over a box of the picture; what is painted on it is in the picture afterwards.

        A shape that stays within a box is drawn there at a fraction of the work. The copies are contiguous,
        on which arithmetic is several times faster than on a slice.
        """
        height, width = self.image.shape[2:]
        first_row, first = (
            max(int((p - q) / self.pixel), 0) for p, q in ((top, self.top), (left, self.left))
        )
        rows = slice(first_row, min(int((bottom - self.top) / self.pixel) + 1, height))
        columns = slice(first, min(int((right - self.left) / self.pixel) + 1, width))
        whole = self.image[:, :, rows, columns]
        x, y, u, v = (field[:, rows, columns].contiguous() for field in (self.x, self.y, self.u, self.v))
        corner = self.left + first * self.pixel, self.top + first_row * self.pixel
        part = Canvas(whole.contiguous(), x, y, u, v, self.pixel, *corner)
        yield part
        whole.copy_(part.image)

    @contextmanager
    def only(self, index: Tensor) -> Iterator["Canvas"]:
        """A canvas of the pictures at `index` (M,) alone, put back afterwards."""
        chosen = Canvas(
            self.image[index], self.x, self.y, self.u[index], self.v[index], self.pixel, self.left, self.top
        )
        yield chosen
        self.image[index] = chosen.image

    # fields

    def cover(self, distance: Tensor, soft: float = 0.0) -> Tensor:
        """How much of each pixel lies where `distance` is negative. Changes `distance` in place.

        The edge is a straight ramp one pixel wide, which is what a box filter makes of an edge, so that a
        picture drawn small looks like a large one made smaller. `soft` widens it by a length of its own.
        """
        return distance.mul_(-1 / (self.pixel + soft)).add_(0.5).clamp_(0, 1)

    def stroke(self, offset: Tensor, half: Tensor | float) -> Tensor:
        """How much a line covers, from the distance to its middle. Changes `offset` in place.

        A line thinner than a pixel is drawn one pixel wide and paler, so that it keeps its weight.
        """
        half = torch.as_tensor(half, device=offset.device)
        wide = half.clamp(min=self.pixel / 2)
        return offset.abs_().sub_(wide).mul_(-1 / self.pixel).add_(0.5).clamp_(0, 1).mul_(half / wide)

    def disc(self, u: Tensor | float, v: Tensor | float, ru: Tensor | float, rv: Tensor | float) -> Tensor:
        """An ellipse with centre (u, v) and radii (ru, rv) in the head's frame."""
        size = torch.as_tensor(ru) * 0.5 + torch.as_tensor(rv) * 0.5
        return self.cover(squares(self.u, self.v, u, v, ru, rv).sqrt_().sub_(1).mul_(size))

    def glow(self, u: Tensor | float, v: Tensor | float, ru: Tensor | float, rv: Tensor | float) -> Tensor:
        """A soft spot: 1 at its centre, fading to 0 at the ellipse."""
        return squares(self.u, self.v, u, v, ru, rv).neg_().add_(1).clamp_(min=0).square_()

    # paint

    def paint(self, cover: Tensor, colour: Tensor) -> None:
        """Lay one colour (B or 1, 3, 1, 1) over the picture where `cover` (B, h, w) says."""
        self.image.lerp_(colour, cover[:, None])

    def shade(self, cover: Tensor, dark: Tensor, bright: Tensor, light: Tensor) -> None:
        """As `paint`, with a colour between `dark` (light 0) and `bright` (light 1) at every pixel."""
        self.image.lerp_((bright - dark) * light[:, None] + dark, cover[:, None])


def squares(
    x: Tensor, y: Tensor, cx: Tensor | float, cy: Tensor | float, rx: Tensor | float, ry: Tensor | float
) -> Tensor:
    """((x - cx) / rx)² + ((y - cy) / ry)²: below 1 inside the ellipse."""
    across = x.sub(cx).div_(rx).square_()
    return across.add_(y.sub(cy).div_(ry).square_())
