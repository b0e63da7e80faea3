"""Agreement of sides on pictures whose halves share a colour, share it in part, or do not."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.sides import SideReader, half, halves_of

N = 400


def pictures(left, right, seed=0):
    """(N, 3, 4, 6): the halves in the colour of their number, and noise."""
    noise = 0.1 * torch.randn(len(left), 3, 4, 6, generator=torch.Generator().manual_seed(seed))
    noise[..., :3] += left[:, None, None, None]
    noise[..., 3:] += right[:, None, None, None]
    return noise


def numbers(seed):
    return torch.randn(N, generator=torch.Generator().manual_seed(seed))


def features(images):
    return torch.stack([images.mean((1, 2, 3)), images[:, 0].mean((1, 2))], 1)


def test_a_half_shows_one_side():
    images = torch.randn(2, 3, 4, 7)
    left, right = half(images, "left"), half(images, "right")
    assert torch.equal(left[..., :3], images[..., :3]) and not left[..., 3:].any()
    assert torch.equal(right[..., 4:], images[..., 4:]) and not right[..., :4].any()


def test_agreement_is_the_correlation_of_the_sides():
    same = numbers(1)
    reader = SideReader(features, pictures(same, same), same[:, None])
    torch.testing.assert_close(
        reader.readings(pictures(same, numbers(2), 3), "left")[:, 0], same.double(), atol=0.2, rtol=0
    )
    assert reader.agreement(pictures(same, same, 4)) > 0.98
    assert reader.agreement(pictures(same, numbers(5), 6)).abs() < 0.15
    # a right side that is half its own: correlation 0.6 by construction
    mixed = 0.6 * same + 0.8 * numbers(7)
    assert reader.agreement(pictures(same, mixed, 8)).item() == pytest.approx(0.6, abs=0.12)


def test_too_few_images_are_refused():
    with pytest.raises(UsageError, match="at least 4 images"):
        SideReader(features, pictures(numbers(0)[:3], numbers(0)[:3]), numbers(0)[:3, None])


def test_halves_of_two_images_do_not_know_of_each_other():
    same = numbers(1)
    images = pictures(same, same)
    mixed = halves_of(images, images.roll(1, 0))
    assert torch.equal(mixed[..., :3], images[..., :3])
    assert torch.equal(mixed[1:, ..., 3:], images[:-1, ..., 3:])
    reader = SideReader(features, images, same[:, None])
    assert reader.agreement(mixed).abs() < 0.15 < 0.98 < reader.agreement(images)
