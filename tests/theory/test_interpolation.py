"""Paths between latents: ends, lengths, laws."""

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.interpolation import linear, spherical


def normal(*shape, purpose):
    return torch.randn(shape, generator=seeds.generator(0, purpose=purpose), dtype=torch.float64)


@pytest.mark.parametrize("path", [linear, spherical])
def test_paths_start_at_a_and_end_at_b(path):
    a, b = normal(5, 8, purpose="a"), normal(5, 8, purpose="b")
    torch.testing.assert_close(path(a, b, 0.0), a)
    torch.testing.assert_close(path(a, b, 1.0), b)


def test_spherical_keeps_the_norm_and_moves_at_constant_speed():
    a, b = normal(4, 16, purpose="a"), normal(4, 16, purpose="b")
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    points = torch.stack([spherical(a, b, t) for t in torch.linspace(0, 1, 11, dtype=torch.float64)])
    torch.testing.assert_close(points.norm(dim=2), torch.ones(11, 4).double())
    steps = points.diff(dim=0).norm(dim=2)
    torch.testing.assert_close(steps, steps[:1].expand_as(steps))


def test_the_chord_of_two_gaussian_draws_has_the_stated_variance():
    a, b = normal(20_000, 16, purpose="a"), normal(20_000, 16, purpose="b")
    for t in (0.25, 0.5, 0.9):
        assert linear(a, b, t).var().item() == pytest.approx((1 - t) ** 2 + t**2, rel=0.02)
    # in many dimensions draws are nearly orthogonal, and the great circle keeps their variance nearly
    assert spherical(a, b, 0.5).var().item() == pytest.approx(1, rel=0.05)


def test_nearly_equal_ends_give_the_straight_path():
    a = normal(3, 8, purpose="a")
    b = a * (1 + 1e-9)
    torch.testing.assert_close(spherical(a, b, 0.3), linear(a, b, 0.3))
    assert torch.isfinite(spherical(a, a, torch.full((3, 1), 0.5).double())).all()


def test_a_time_for_each_pair_is_allowed():
    a, b = normal(3, 8, purpose="a"), normal(3, 8, purpose="b")
    t = torch.tensor([[0.0], [0.5], [1.0]]).double()
    for path in (linear, spherical):
        torch.testing.assert_close(path(a, b, t)[1], path(a[1], b[1], 0.5))


def test_ends_without_one_path_are_refused():
    a = torch.ones(2, 3)
    for b in (-a, torch.zeros(2, 3), torch.ones(2, 4)):
        with pytest.raises(UsageError):
            spherical(a, b, 0.5)
