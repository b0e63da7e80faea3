"""Perceptual path length against closed forms: generators that are linear, and paths on a sphere."""

import math

import pytest
import torch
from torch import nn

from course_lib.errors import UsageError
from course_lib.evaluation.path_length import path_length, pixel_distance
from course_lib.methods.spaces import Space


class Linear(nn.Module):
    """codes (B, 3) -> images (B, 1, 2, 2)."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.matrix = torch.randn(4, 3, dtype=torch.float64, generator=generator)

    def forward(self, codes):
        return (codes @ self.matrix.T).reshape(-1, 1, 2, 2)


def normal(n, generator):
    return torch.randn(n, 3, dtype=torch.float64, generator=generator)


def ball(n, generator):
    """Points on the unit sphere."""
    return nn.functional.normalize(normal(n, generator))


@pytest.mark.parametrize("at", ["full", "end"])
def test_a_linear_generator_has_a_closed_form(at):
    """On the chord of two normal codes its speed is A(b - a) everywhere: the mean square is 2 tr(A A^T)."""
    generator = Linear()
    space = Space("z", (3,), generator, normal)
    found = path_length(space, pixel_distance, at=at, pairs=20_000, trimmed=False)
    expected = 2 * generator.matrix.square().sum().item()
    assert found.value == pytest.approx(expected, rel=0.03)
    low, high = found.interval
    assert low < expected < high and (high - low) / expected < 0.05
    # the step plays no part, and the fewest pairs suffice for that
    coarse = path_length(space, pixel_distance, at=at, pairs=20_000, trimmed=False, epsilon=0.1)
    assert coarse.value == pytest.approx(found.value, rel=1e-6)


def test_on_a_sphere_the_speed_is_the_angle():
    """Its density on [0, pi] is half its sine, its mean square (pi² - 4)/2; that of the chord is 2."""
    sphere = Space("z", (3,), nn.Identity(), ball)
    arc = path_length(sphere, pixel_distance, path="spherical", pairs=20_000, trimmed=False)
    assert arc.value == pytest.approx((math.pi**2 - 4) / 2, rel=0.03)
    chord = path_length(sphere, pixel_distance, pairs=20_000, trimmed=False)
    assert chord.value == pytest.approx(2, rel=0.03)


def test_a_bend_between_the_codes_is_seen_by_full_and_not_by_end():
    """Images that jump across a line: at the codes themselves nothing moves."""

    class Step(nn.Module):
        def forward(self, codes):
            return torch.sigmoid(50 * codes).reshape(-1, 1, 1, 1)

    def ends(n, generator):
        return torch.where(torch.rand(n, 1, dtype=torch.float64, generator=generator) < 0.5, -1.0, 1.0)

    space = Space("z", (1,), Step(), ends)
    full = path_length(space, pixel_distance, pairs=40_000, trimmed=False)
    end = path_length(space, pixel_distance, at="end", pairs=4_000, trimmed=False)
    # half of the paths cross. With x from -1 to 1 and s' the sigmoid's slope, whose square has the integral 1/6, the
    # mean of (2 · 50 s'(50 x))² is 100² / (2 · 50 · 6)
    assert full.value == pytest.approx(100**2 / 600 / 2, rel=0.1)
    assert end.value < 1e-6 * full.value


def test_outliers_are_left_out_and_nonsense_is_refused():
    def heavy(n, generator):
        codes = normal(n, generator)
        codes[:3] *= 1_000
        return codes

    space = Space("z", (3,), Linear(), heavy)
    whole = path_length(space, pixel_distance, pairs=2_000, trimmed=False)
    trimmed = path_length(space, pixel_distance, pairs=2_000)
    assert trimmed.value < 0.1 * whole.value
    for wrong in ({"pairs": 1}, {"epsilon": 0.0}):
        with pytest.raises(UsageError, match="two pairs"):
            path_length(space, pixel_distance, **wrong)
