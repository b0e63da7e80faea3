"""Flows, brushes and morphs: known motions come back, wishes come true, and what is not wished stays near."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.inversion import flow
from course_lib.inversion.constrained_edit import Wish, edit, transferred
from course_lib.inversion.descent import Descent
from course_lib.inversion.morph import between, images_of
from course_lib.inversion.optimise import z_space


def scene(shift=0.0, side=16):
    """Two smooth blobs, moved to the right by so many pixels: (1, 2, side, side) in float64."""
    at = torch.arange(side, dtype=torch.float64)
    x, y = at[None, :] - shift, at[:, None]
    blobs = [torch.exp(-((x - cx).square() + (y - cy).square()) / 8) for cx, cy in ((5, 6), (9, 10))]
    return torch.stack(blobs)[None] * 2 - 1


def test_warping_by_whole_pixels_moves_pixels():
    x = scene()
    u = torch.zeros(1, 2, 16, 16, dtype=torch.float64)
    u[:, 0] = 3  # what stands three pixels to the right is seen here
    torch.testing.assert_close(flow.warped(x, u)[..., :13], x[..., 3:])
    torch.testing.assert_close(flow.identity(x)(x), x)


def test_a_known_motion_and_a_known_change_of_colour_are_found():
    before, after = scene(), scene(1.5)
    found = flow.estimated(before, after, steps=200, smooth=1e-3)
    assert (found(before) - after).square().mean() < (before - after).square().mean() / 30
    seen = (before[0, 0] > -0.5) & (after[0, 0] > -0.5)
    assert found.displacement[0, 0][seen].mean().item() == pytest.approx(-1.5, abs=0.4)
    darker = 0.5 * before - 0.3
    colour = flow.estimated(before, darker, steps=200, smooth=1e-3)
    assert (colour(before) - darker).square().mean() < 1e-3
    assert colour.displacement.abs().mean() < 0.3


def test_flows_one_after_the_other_are_one_flow():
    g = torch.Generator().manual_seed(0)

    def smooth():
        rest = flow.identity(scene())
        tilt = torch.randn(1, 2, 2, 1, 1, generator=g, dtype=torch.float64) * 0.1
        shift = torch.randint(-2, 3, (1, 2, 1, 1), generator=g).double().expand(1, 2, 16, 16)
        return flow.Flow(shift, rest.matrix + tilt, rest.offset + 0.1)

    first, second = smooth(), smooth()
    x = scene()
    inner = (slice(None), slice(None), slice(5, 11), slice(5, 11))  # away from the border, which is repeated
    torch.testing.assert_close(second.after(first)(x)[inner], second(first(x))[inner])


def test_each_image_gets_the_flow_that_it_gets_alone():
    before, after = torch.cat([scene(), scene(1)]), torch.cat([scene(1), scene(0)])
    both = flow.estimated(before, after, steps=15)
    alone = [flow.estimated(b[None], a[None], steps=15) for b, a in zip(before, after, strict=True)]
    torch.testing.assert_close(both.displacement, torch.cat([f.displacement for f in alone]))


def test_a_wish_comes_true_where_the_generator_can(style, own_images):
    z = torch.randn(3, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    other = torch.randn(3, 6, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    with torch.no_grad():
        wanted = style(0.7 * z + 0.3 * other)
    mask = torch.zeros(3, 1, 8, 8, dtype=torch.float64)
    mask[:, :, :4] = 1
    done = edit(z_space(style), z, Wish(mask, wanted), proximity=0.0, descent=Descent(80, 0.05))
    assert (done.after < done.before / 5).all()
    held = edit(z_space(style), z, Wish(mask, wanted), proximity=10.0, descent=Descent(80, 0.05))
    assert ((held.codes - z).norm(dim=1) < (done.codes - z).norm(dim=1)).all() and (
        held.after <= held.before
    ).all()
    alone = edit(
        z_space(style), z[1:2], Wish(mask[1:2], wanted[1:2]), proximity=0.0, descent=Descent(80, 0.05)
    )
    torch.testing.assert_close(alone.codes[0], done.codes[1], rtol=1e-5, atol=1e-6)


def test_colours_outside_the_mask_do_not_matter(style, own_images):
    z = torch.zeros(3, 6, dtype=torch.float64) + 0.1
    mask = torch.zeros(3, 1, 8, 8, dtype=torch.float64)
    mask[:, :, 2:4, 2:4] = 1
    noise = torch.randn(own_images.shape, generator=torch.Generator().manual_seed(0)).double()
    results = [
        edit(z_space(style), z, Wish(mask, x), descent=Descent(10)).codes
        for x in (own_images, own_images + noise * (1 - mask))
    ]
    torch.testing.assert_close(*results)


def test_an_edit_is_carried_over_to_a_photograph():
    class Slide(torch.nn.Module):
        """A code is how far the scene has slid."""

        latent = 1

        def __init__(self):
            super().__init__()
            self.unit = torch.nn.Parameter(torch.ones((), dtype=torch.float64))

        def forward(self, z):
            return torch.cat([scene(float(row) * float(self.unit)) for row in z[:, 0]])

    detail = 0.05 * torch.sin(torch.arange(16.0).double() * 2)[:, None].expand(16, 16)
    codes = torch.tensor([[0.0]]).double(), torch.tensor([[2.0]]).double()
    result = transferred(z_space(Slide()), scene() + detail, *codes, frames=3, steps=150)
    assert (result - scene(2) - detail).square().mean() < (scene() - scene(2)).square().mean() / 10
    # the generator's own picture of the end has lost the detail, and what was carried over has not
    own = (scene(2) - scene(2) - detail).square().mean()
    assert (result - scene(2) - detail)[..., 4:12, 4:12].square().mean() < own


def test_a_morph_begins_and_ends_where_it_is_told(style):
    g = torch.Generator().manual_seed(0)
    a, b = (torch.randn(2, 3, 6, generator=g, dtype=torch.float64) for _ in range(2))
    way = between(a, b, 5)
    assert way.shape == (2, 5, 3, 6) and torch.equal(way[:, 0], a)
    torch.testing.assert_close(way[:, 2], (a + b) / 2)
    torch.testing.assert_close(way[:, -1], b)
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (a[:, 0], b[:, 0]))
    round_way = between(a, b, 4, spherical=True)
    torch.testing.assert_close(round_way.norm(dim=2), torch.ones(2, 4).double())
    images = images_of(style, round_way)
    torch.testing.assert_close(images[1, 2], style(round_way[1, 2:3])[0])
    with pytest.raises(UsageError, match="at least 2"):
        between(a, b, 1)


def test_masks_that_ask_for_nothing_are_refused(style, own_images):
    z = torch.zeros(3, 6).double()
    with pytest.raises(UsageError, match="empty"):
        edit(z_space(style), z, Wish(torch.zeros(3, 1, 8, 8), own_images))
    with pytest.raises(UsageError, match="as many masks"):
        edit(z_space(style), z, Wish(torch.ones(2, 1, 8, 8), own_images))
