"""Dragging, where it is known what a drag must do: a spot whose place is its code."""

import pytest
import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.inversion.dragging import (
    DragSettings,
    MiddleFeatures,
    at,
    change_outside,
    disc,
    distance,
    drag,
    early_layers,
    looks,
    motion_loss,
    track,
)
from course_lib.networks.style import StyleGenerator

STARTS = torch.tensor([[6.0, 8.0], [12.0, 12.0], [15.0, 6.0]])
TARGETS = STARTS + torch.tensor([[9.0, 5.0], [-6.0, 4.0], [0.0, 8.0]])


def spot(codes: Tensor, width: float = 3.0, size: int = 24) -> Tensor:
    """(B, 2) places -> (B, 3, size, size): a Gaussian about the place, and its slopes, so that one place differs from
    another."""
    line = torch.arange(size).float()
    right = (line - codes[:, :1, None]) / width
    down = (line[:, None] - codes[:, 1:, None]) / width
    bump = (-(right**2 + down**2) / 2).exp()
    return torch.stack([bump, bump * right, bump * down], 1)


def dragged(**changes: object) -> tuple[Tensor, bool]:
    """How far each spot ends from its target, and whether all are said to have arrived."""
    settings = DragSettings(**{"rate": 0.2, "steps": 60, "near": 0.5, **changes})  # type: ignore[arg-type]
    found = drag(spot, STARTS, STARTS[:, None], TARGETS[:, None], settings)
    return (found.codes - TARGETS).norm(dim=1), bool(found.arrived.all())


def test_a_spot_reaches_its_target():
    left, arrived = dragged()
    assert arrived and left.max() < 0.8  # pixels; the targets are 7 to 10 away


def test_without_its_parts_it_does_not():
    begun = (STARTS - TARGETS).norm(dim=1)
    for part in ("detach", "track"):
        left, arrived = dragged(**{part: False})
        assert not arrived and (left > 0.3 * begun).all(), part


def test_what_tracking_says_is_where_the_spot_is():
    found = drag(spot, STARTS, STARTS[:, None], TARGETS[:, None], DragSettings(rate=0.2, near=0.5))
    assert distance(found.points[:, :, 0], found.path).max() < 0.6
    assert len(found.path) == len(found.points) == 1 + int(found.moved.max())


def test_an_image_that_arrived_stays_and_others_do_not_matter():
    settings = DragSettings(rate=0.2, near=0.5)
    near = STARTS + torch.tensor([2.0, 0.0])
    targets = torch.stack([near[0], TARGETS[1]])
    both = drag(spot, STARTS[:2], STARTS[:2, None], targets[:, None], settings)
    alone = drag(spot, STARTS[:1], STARTS[:1, None], targets[:1, None], settings)
    assert both.moved[0] == alone.moved[0] < both.moved[1]
    assert torch.equal(both.codes[0], alone.codes[0])


def test_only_what_lies_ahead_gets_a_gradient():
    maps = torch.rand(1, 2, 9, 9, generator=torch.Generator().manual_seed(0)).requires_grad_()
    point, target = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[8.0, 4.0]]])
    (gradient,) = torch.autograd.grad(motion_loss(maps, point, target, 0).sum(), maps)
    row, column = gradient.abs().sum((0, 1)).nonzero().T
    assert (row.tolist(), column.tolist()) == ([4], [4])  # one pixel towards the target
    loss = motion_loss(maps, point, target, 0)
    assert loss.item() == pytest.approx((maps[0, :, 4, 4] - maps[0, :, 4, 3]).abs().sum().item())


def test_a_step_ends_at_the_target():
    maps = spot(STARTS)
    points = STARTS[:, None]
    assert torch.equal(motion_loss(maps, points, points, 2), torch.zeros(3))
    near = motion_loss(maps, points, points + 0.25, 1.5)
    assert (near > 0).all() and (near < motion_loss(maps, points, points + 5, 1.5)).all()


def test_a_handle_is_sought_near_its_last_place():
    maps = torch.zeros(1, 1, 11, 11)
    maps[0, 0, 3, 4], maps[0, 0, 9, 9] = 0.9, 1.0  # the better likeness is far away
    asked, last = torch.ones(1, 1, 1), torch.tensor([[[5.0, 3.0]]])
    assert track(maps, asked, last, 2).flatten().tolist() == [4, 3]
    assert track(maps, asked, last, 9).flatten().tolist() == [9, 9]
    edge = torch.tensor([[[0.0, 10.0]]])
    assert (track(torch.rand(1, 1, 11, 11), asked, edge, 3, 2) - 5).abs().max() <= 5


def test_a_patch_tells_places_apart_that_a_pixel_does_not():
    maps = torch.zeros(1, 1, 9, 9)
    maps[0, 0, 4, 2], maps[0, 0, 4, 6], maps[0, 0, 3, 6] = 1.0, 1.0, 1.0
    asked = looks(maps, torch.tensor([[[6.0, 4.0]]]), 1)
    last = torch.tensor([[[3.0, 4.0]]])
    assert track(maps, asked, last, 4, patch=1).flatten().tolist() == [6, 4]
    assert track(maps, asked[..., :1], last, 4).flatten().tolist() == [2, 4]


def test_places_between_pixels():
    maps = torch.arange(5.0)[None, None, None, :].expand(1, 1, 4, 5)
    assert at(maps, torch.tensor([[[1.25, 2.0], [4.0, 3.0]]])).flatten().tolist() == pytest.approx(
        [1.25, 4.0]
    )
    assert len(disc(1)) == 5 and len(disc(1.5)) == 9 and disc(3)[0].tolist() == [0, 0]


def test_the_mask_counts_change_outside_of_it():
    first, now = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    now[:, :, 0, 0] = 8.0
    inside = torch.zeros(1, 4, 4)
    inside[0, 0, 0] = 1
    assert change_outside(now, first, inside).item() == 0
    assert change_outside(now, first, 1 - inside).item() == pytest.approx(0.5)


def test_a_style_generator_is_dragged_in_its_early_layers():
    torch.manual_seed(0)
    generator = StyleGenerator(8, 8, 16, 3, base=32, most=8, depth=1).requires_grad_(False)
    features = MiddleFeatures(generator, 1)
    styles = generator.broadcast(generator.mapping(torch.randn(2, 8))).clone()
    assert features(styles).shape == (2, 8, 16, 16) or features(styles).shape[2:] == (16, 16)
    handles = torch.tensor([[[5.0, 5.0]], [[8.0, 8.0]]])
    free = early_layers(generator, 3)
    found = drag(features, styles, handles, handles + 4, DragSettings(steps=3), free=free)
    changed = (found.codes - styles).abs().amax((0, 2)) > 0
    assert changed.tolist() == [True] * 3 + [False] * (generator.layers - 3)


def test_points_that_do_not_belong_together():
    with pytest.raises(UsageError, match="handles and targets"):
        drag(spot, STARTS, STARTS, TARGETS)
    with pytest.raises(UsageError, match="z, w or w"):
        MiddleFeatures(StyleGenerator(8, 8, 16, 3, base=32, most=8, depth=1), 1, "x")
