"""Motion and colour between two images: where each pixel comes from, and how its colour changed on the way.

Zhu et al. (2016), section 5.2, find both at once: x' (p) ≈ A(p) x(p + u(p)), u a displacement and A an affine map of
colours, each smooth. Here they live on a coarse grid that is enlarged bilinearly, and Adam finds them.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Flow:
    """displacement (B, 2, H, W) in pixels, (x, y); matrix (B, C, C, H, W) and offset (B, C, H, W) of colours."""

    displacement: Tensor = field(repr=False)
    matrix: Tensor = field(repr=False)
    offset: Tensor = field(repr=False)

    def __call__(self, images: Tensor) -> Tensor:
        """A(p) x(p + u(p)) for images (B, C, H, W)."""
        return _coloured(self.matrix, self.offset, warped(images, self.displacement))

    def after(self, first: "Flow") -> "Flow":
        """The flow that does `first` and then this one, without resampling an image twice."""
        u = self.displacement
        displacement = u + warped(first.displacement, u)
        matrix = warped(first.matrix.flatten(1, 2), u).unflatten(1, first.matrix.shape[1:3])
        joined = torch.einsum("bijhw,bjkhw->bikhw", self.matrix, matrix)
        offset = _coloured(self.matrix, self.offset, warped(first.offset, u))
        return Flow(displacement, joined, offset)


def identity(images: Tensor) -> Flow:
    """The flow of images (B, C, H, W) that changes nothing."""
    b, c, h, w = images.shape
    eye = torch.eye(c, dtype=images.dtype, device=images.device).view(1, c, c, 1, 1)
    return Flow(images.new_zeros(b, 2, h, w), eye.expand(b, c, c, h, w), images.new_zeros(b, c, h, w))


def warped(images: Tensor, displacement: Tensor) -> Tensor:
    """x(p + u(p)), bilinear between pixels, the border's value beyond it. displacement: (B, 2, H, W) in pixels."""
    h, w = images.shape[-2:]
    rows = torch.arange(h, dtype=images.dtype, device=images.device).view(1, h, 1)
    columns = torch.arange(w, dtype=images.dtype, device=images.device).view(1, 1, w)
    x = (columns + displacement[:, 0]) * 2 / max(w - 1, 1) - 1
    y = (rows + displacement[:, 1]) * 2 / max(h - 1, 1) - 1
    return F.grid_sample(images, torch.stack([x, y], -1), padding_mode="border", align_corners=True)


def estimated(
    before: Tensor,
    after: Tensor,
    *,
    cell: int = 4,
    steps: int = 150,
    rate: float = 0.05,
    smooth: float = 1e-2,
) -> Flow:
    """The flow that takes images `before` (B, C, H, W) to `after`, each image by itself.

    cell: pixels a node of the grid. smooth: weight of squared differences between neighbouring nodes, of displacements
    (in pixels) and colours alike; it also holds colours back where motion explains a change.
    """
    b, c, h, w = before.shape
    size = (max(h // cell, 2), max(w // cell, 2))
    nodes = before.new_zeros(b, 2 + c * c + c, *size, requires_grad=True)
    adam = torch.optim.Adam([nodes], rate, betas=(0.9, 0.99))
    for step in range(steps):
        adam.param_groups[0]["lr"] = rate * (1 - step / steps)
        made = _flow(nodes, before)(before)
        error = (made - after).square().flatten(1).mean(1)
        rough = sum(nodes.diff(dim=axis).square().flatten(1).mean(1) for axis in (2, 3))
        colours = nodes[:, 2:].square().flatten(1).mean(1)
        (nodes.grad,) = torch.autograd.grad((error + smooth * (rough + colours)).sum(), nodes)
        adam.step()
    with torch.no_grad():
        return _flow(nodes, before)


def _flow(nodes: Tensor, images: Tensor) -> Flow:
    c, size = images.shape[1], images.shape[-2:]
    fields = F.interpolate(nodes, size, mode="bilinear", align_corners=True)
    rest = identity(images)
    matrix = rest.matrix + fields[:, 2 : 2 + c * c].unflatten(1, (c, c))
    return Flow(fields[:, :2], matrix, fields[:, 2 + c * c :])


def _coloured(matrix: Tensor, offset: Tensor, images: Tensor) -> Tensor:
    return torch.einsum("bijhw,bjhw->bihw", matrix, images) + offset
