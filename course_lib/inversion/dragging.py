r"""Editing by dragging (Pan et al. 2023, DragGAN): handles of an image are moved to targets, by changing its code.

Two steps alternate. *Motion supervision* changes the code so that the features one pixel nearer to the target become
what the features at the handle are now. *Point tracking* then looks for the handle: it is where the features are most
like those that the handle had in the first image. Nothing is trained, and no network beside the generator is needed.

Points are (x, y) in pixels of the image; the middle of the first pixel is (0, 0).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.errors import UsageError
from course_lib.networks.style import StyleGenerator
from course_lib.settings import Bound, Count, CountFrom0, Rate, Weight, check


@dataclass(frozen=True)
class DragSettings:
    """How a drag goes. Defaults: lengths for 32 pixels; the authors take radii of 3 and 12 at 512 pixels."""

    steps: Count = 100  # at most; the authors take 300
    rate: Rate = 0.02  # Adam's step size; the authors' is 0.002
    radius: Bound = 1.5  # pixels: the patch about a handle that motion supervision shifts
    reach: Bound = 3.0  # pixels: how far from its last place a handle is sought
    fine: Count = 4  # places a pixel that tracking compares
    patch: Weight = 0.0  # pixels: what tracking compares; 0, the authors' choice: one place
    near: Bound = 1.0  # pixels: a drag ends when every handle is as near as this to its target
    mask_weight: Weight = 20.0  # of the change of features outside of the mask
    track: bool = True  # False: handles are taken to stay where they were, a control
    detach: bool = True  # False: the features at the handle move too, a control

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Drag:
    """What a drag made of B images.

    codes: (B, ...), the last. path: codes after 0, 1, ... steps, (steps + 1, B, ...). points: where tracking saw the
    handles, (steps + 1, B, k, 2), in pixels. moved: (B,), the number of steps that changed each image's code. arrived:
    bool (B,), whether all handles of an image came near their targets.
    """

    codes: Tensor = field(repr=False)
    path: Tensor = field(repr=False)
    points: Tensor = field(repr=False)
    moved: Tensor
    arrived: Tensor


def drag(
    features: Callable[[Tensor], Tensor],
    codes: Tensor,
    handles: Tensor,
    targets: Tensor,
    settings: DragSettings | None = None,
    *,
    mask: Tensor | None = None,
    free: Tensor | None = None,
) -> Drag:
    """Move the handles of B images to their targets.

    features: codes (B, ...) -> maps (B, C, H, W), one image's from its own code alone. handles and targets:
    (B, k, 2). mask: (B or 1, H, W), 1 where the image may change; None: anywhere. free: a tensor that broadcasts to
    the codes, 1 for the numbers that may change, as in `early_layers`; None: all.
    Raises UsageError for points that do not belong together.
    """
    s = settings or DragSettings()
    if handles.ndim != 3 or handles.shape != targets.shape or handles.shape[::2] != (len(codes), 2):
        raise UsageError(
            f"{len(codes)} codes need handles and targets (B, k, 2), not {tuple(handles.shape)} and "
            f"{tuple(targets.shape)}."
        )
    handles, targets = handles.to(codes), targets.to(codes)
    start, code = codes.detach(), codes.detach().clone().requires_grad_()
    adam = torch.optim.Adam([code], lr=s.rate)
    with torch.no_grad():
        first = features(start)
    asked, points = looks(first, handles, s.patch), handles  # what the handles look like, and where they are
    path, places = [start.clone()], [points]
    moved = torch.zeros(len(start), dtype=torch.long, device=start.device)
    for _ in range(s.steps):
        busy = distance(points, targets).amax(1) > s.near
        if not busy.any():
            break
        now = features(code)
        loss = motion_loss(now, points, targets, s.radius, detach=s.detach)
        if mask is not None:
            loss = loss + s.mask_weight * change_outside(now, first, mask)
        (gradient,) = torch.autograd.grad(loss.sum(), code)
        code.grad = gradient if free is None else gradient * free
        before = code.detach().clone()
        adam.step()
        with torch.no_grad():
            going = busy.reshape(-1, *[1] * (code.ndim - 1))
            code.copy_(torch.where(going, code, before))  # those that arrived stay
            if s.track:
                found = track(features(code), asked, points, s.reach, s.fine, s.patch)
                points = torch.where(busy[:, None, None], found, points)
        moved += busy
        path.append(code.detach().clone())
        places.append(points)
    arrived = distance(points, targets).amax(1) <= s.near
    return Drag(code.detach(), torch.stack(path), torch.stack(places), moved, arrived)


def motion_loss(
    maps: Tensor, points: Tensor, targets: Tensor, radius: float, *, detach: bool = True
) -> Tensor:
    r"""$\sum_i \sum_{q \in \Omega(p_i)} \lVert F(q + d_i) - F(q) \rVert_1$ of each image: (B,).

    maps: F, (B, C, H, W). points and targets: p and t, (B, k, 2). $\Omega(p)$: the places p + (i, j), with whole
    numbers i and j, at most `radius` pixels from p. d: from p towards t, one pixel long or, nearer, up to t. F(q) is
    what F(q + d) is to become, so it is held constant (Pan et al. 2023, equation 1); with `detach` False it is not.
    """
    way = targets - points
    step = way / way.norm(dim=-1, keepdim=True).clamp(min=1)
    patch = points[:, :, None] + disc(radius).to(points)  # (B, k, n, 2)
    here, there = at(maps, patch.flatten(1, 2)), at(maps, (patch + step[:, :, None]).flatten(1, 2))
    return (there - (here.detach() if detach else here)).abs().sum((1, 2))


def track(
    maps: Tensor, asked: Tensor, points: Tensor, reach: float, fine: int = 1, patch: float = 0
) -> Tensor:
    r"""Where each handle is now: $\arg\min_q \lVert F(q) - f \rVert_1$ over places at most `reach` from its last one.

    maps: F, (B, C, H, W). asked: f, what `looks` said of the handles in the *first* image, with the same `patch`:
    compared with the last image's, small errors would add up. points: (B, k, 2). fine: places a pixel.
    Returns (B, k, 2), inside the image.
    """
    height, width = maps.shape[-2:]
    there = points[:, :, None] + disc(reach * fine).to(points) / fine  # (B, k, n, 2)
    there = there.clamp(min=0).minimum(there.new_tensor([width - 1, height - 1]))
    seen = looks(maps, there.flatten(1, 2), patch).unflatten(1, there.shape[1:3])
    nearest = (seen - asked[:, :, None]).abs().sum(-1).argmin(-1)
    return there.gather(2, nearest[:, :, None, None].expand(-1, -1, 1, 2)).squeeze(2)


def looks(maps: Tensor, points: Tensor, patch: float = 0) -> Tensor:
    """Features of maps (B, C, H, W) within `patch` pixels of points (B, n, 2): (B, n, places times C).

    0: at the point alone, as the authors have it at 512 pixels.
    """
    around = points[:, :, None] + disc(patch).to(points)
    return at(maps, around.flatten(1, 2)).unflatten(1, around.shape[1:3]).flatten(2)


def change_outside(now: Tensor, first: Tensor, mask: Tensor) -> Tensor:
    """(B,): mean over pixels and maps of |now - first| where the mask (B or 1, H, W) is 0."""
    return ((now - first) * (1 - mask[:, None].to(now))).abs().mean((1, 2, 3))


def at(maps: Tensor, points: Tensor) -> Tensor:
    """Maps (B, C, H, W) at points (B, n, 2), between pixels by bilinear interpolation: (B, n, C)."""
    height, width = maps.shape[-2:]
    scale = points.new_tensor([max(width - 1, 1), max(height - 1, 1)])
    grid = (points / scale * 2 - 1)[:, :, None].to(maps)
    found = F.grid_sample(maps, grid, align_corners=True, padding_mode="border")
    return found[..., 0].transpose(1, 2)


def disc(radius: float) -> Tensor:
    """(n, 2) whole numbers (x, y) at most `radius` from 0; first 0 itself, so that a tie leaves a point where it is."""
    most = int(radius)
    line = torch.arange(-most, most + 1)
    places = torch.cartesian_prod(line, line)
    length = places.square().sum(1)
    inside = length <= radius**2
    return places[inside][length[inside].argsort(stable=True)]


def distance(points: Tensor, targets: Tensor) -> Tensor:
    """(B, k) pixels between points and targets (B, k, 2)."""
    return (points - targets).norm(dim=-1)


class MiddleFeatures(nn.Module):
    """Codes of a style generator -> the features of one of its blocks, resized to the image: (B, C, R, R).

    level: 0 for the block at 4 pixels, 1 for that at 8, ... Codes are z (B, latent), w (B, width) or styles
    (B, layers, width), as `space` says. The stored noise is used, so that features are a function of the code.
    """

    def __init__(self, generator: StyleGenerator, level: int, space: str = "w+"):
        super().__init__()
        if space not in ("z", "w", "w+"):
            raise UsageError(f"codes of a style generator are z, w or w+, not {space}.")
        if not 0 <= level < len(generator.synthesis.sizes):
            raise UsageError(
                f"this generator has blocks 0 to {len(generator.synthesis.sizes) - 1}, not {level}."
            )
        self.generator, self.level, self.space = generator, level, space

    def styles(self, codes: Tensor) -> Tensor:
        """(B, layers, width)."""
        if self.space == "w+":
            return codes
        return self.generator.broadcast(self.generator.mapping(codes) if self.space == "z" else codes)

    def forward(self, codes: Tensor) -> Tensor:
        maps = self.generator.synthesis.features(self.styles(codes), self.level).features
        assert maps is not None
        size = self.generator.resolution
        return F.interpolate(maps, size=(size, size), mode="bilinear", align_corners=False)

    @torch.no_grad()
    def images(self, codes: Tensor) -> Tensor:
        """(B, colours, R, R), by all layers."""
        return self.generator.synthesis(self.styles(codes))


class BlockFeatures(nn.Module):
    """Codes (B, latent) of a DCGAN -> the features of some of its blocks, resized to the image: (B, C, R, R).

    blocks: 0 for the one at 4 pixels, 1 for that at 8, ... Their maps stand one after the other, each block's divided
    by their number, so that all blocks count alike.
    """

    def __init__(self, generator: nn.Module, blocks: tuple[int, ...] = (1,)):
        super().__init__()
        layers = list(generator.layers)  # type: ignore[arg-type]
        ends = [place for place, layer in enumerate(layers) if isinstance(layer, nn.ReLU)]
        if not blocks or not 0 <= min(blocks) <= max(blocks) < len(ends):
            raise UsageError(f"this generator has blocks 0 to {len(ends) - 1}, not {blocks}.")
        self.generator, self.blocks, self.ends = generator, blocks, ends
        self.resolution = 4 * 2 ** len(ends)

    def forward(self, codes: Tensor) -> Tensor:
        maps, found = codes[:, :, None, None], []
        size = (self.resolution, self.resolution)
        for place, layer in enumerate(self.generator.layers):  # type: ignore[arg-type]
            maps = layer(maps)
            if place in self.ends and self.ends.index(place) in self.blocks:
                larger = F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
                found.append(larger / maps.shape[1])
        return torch.cat(found, 1)

    @torch.no_grad()
    def images(self, codes: Tensor) -> Tensor:
        """(B, colours, R, R)."""
        return self.generator(codes)


def early_layers(generator: StyleGenerator, layers: CountFrom0) -> Tensor:
    """(layers of the generator, 1): 1 for the first so many styles, which hold the geometry, and 0 for the others."""
    return (torch.arange(generator.layers) < layers).float()[:, None]
