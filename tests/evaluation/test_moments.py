"""Ink, slant and width: of bars that are sheared, widened and brightened by known amounts."""

import math

import pytest
import torch

from course_lib.evaluation.moments import explained, moments

SIDE = 64
UP = torch.arange(SIDE / 2 - 0.5, -SIDE / 2, -1)[:, None]
RIGHT = torch.arange(-SIDE / 2 + 0.5, SIDE / 2)[None, :]


def blob(shear=0.0, width=4.0, height=8.0, brightness=1.0, shift=0.0):
    """A Gaussian blob, leaning `shear` to the right for each pixel up."""
    mass = brightness * torch.exp(-(((RIGHT - shift - shear * UP) / width) ** 2 + (UP / height) ** 2) / 2)
    return (2 * mass - 1)[None, None]


@pytest.mark.parametrize("shear", [-0.6, 0.0, 0.4])
def test_slant_is_the_shear_and_the_width_does_not_see_it(shear):
    found = moments(blob(shear))
    assert found.slant.item() == pytest.approx(shear, abs=1e-3)
    assert found.width.item() == pytest.approx(4 / SIDE, rel=1e-3)


def test_ink_is_the_mean_mass_wherever_it_lies():
    expected = 0.5 * 2 * math.pi * 4 * 8 / SIDE**2
    for shift in (0.0, 5.0):
        found = moments(blob(brightness=0.5, shift=shift))
        assert found.ink.item() == pytest.approx(expected, rel=1e-3)
        assert found.width.item() == pytest.approx(4 / SIDE, rel=1e-3)


def test_images_are_measured_one_by_one_and_empty_ones_are_no_trouble():
    batch = torch.cat([blob(0.3), -torch.ones(1, 1, SIDE, SIDE), blob(0.0, 6.0)])
    found = moments(batch.expand(3, 3, SIDE, SIDE))
    assert found.slant.tolist() == pytest.approx([0.3, 0, 0], abs=1e-3)
    assert found.width.tolist() == pytest.approx([4 / SIDE, 0, 6 / SIDE], rel=1e-3)
    assert found.ink[1] == 0


def test_explained_is_the_squared_correlation():
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    y = 2 * x[:, 0] - x[:, 1] + 3
    found = explained(x, y)
    expected = torch.corrcoef(torch.cat([x, y[:, None]], 1).T)[:3, 3].square()
    torch.testing.assert_close(found, expected.double(), atol=1e-5, rtol=1e-4)
    assert explained(x, torch.ones(500)).max() < 1e-12
