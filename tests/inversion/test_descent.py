"""The schedules, and the noise maps' own rules, by their formulas."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.inversion import noise_maps
from course_lib.inversion.descent import Descent, ImageDraws, against
from course_lib.inversion.noise_maps import autocorrelation, normalised, with_noise
from course_lib.inversion.optimise import image_numbers, z_space


def test_the_projectors_rate_goes_up_stays_and_comes_down():
    rates = [Descent(1000, 0.1, "projector").rate_at(step) for step in range(1000)]
    assert rates[0] == 0 and rates[25] == pytest.approx(0.05) and rates[50:751] == pytest.approx([0.1] * 701)
    assert rates[875] == pytest.approx(0.05)  # the middle of the cosine
    assert rates[999] < 1e-4 and rates[750:] == sorted(rates[750:], reverse=True)
    flat = Descent(10, 0.1, "projector", ramp_up=0, ramp_down=0)
    assert {flat.rate_at(step) for step in range(10)} == {0.1}


def test_noise_on_codes_ends_after_three_quarters():
    descent = Descent(100, jitter=0.8)
    assert descent.jitter_at(0) == 0.8 and descent.jitter_at(75) == 0 == descent.jitter_at(99)
    halfway = 0.8 * (1 - 0.3 / 0.75) ** 2
    assert descent.jitter_at(30) == pytest.approx(halfway)


def test_draws_are_of_the_image_and_the_restart():
    codes = torch.zeros(4, 2, 3)
    two = ImageDraws([7, 9], 2, seed=1)
    first, second = two.normal_like(codes), two.normal_like(codes)
    swapped = ImageDraws([9, 7], 2, seed=1).normal_like(codes)
    assert torch.equal(first[:2], swapped[2:]) and torch.equal(first[2:], swapped[:2])
    assert len({float(draw.sum()) for draw in (*first, *second)}) == 8
    many = ImageDraws(list(range(400)), 1, 0).normal_like(torch.zeros(400, 50))
    assert abs(many.mean()) < 0.03 and abs(many.std() - 1) < 0.03


def test_a_number_is_of_an_images_content():
    x = torch.rand(3, 1, 4, 4)
    a, b, c = image_numbers(x)
    assert image_numbers(x.flip(0)) == [c, b, a] and len({a, b, c}) == 3
    assert image_numbers(x.double()) == [a, b, c]
    x[0, 0, 0, 0] += 1e-3
    assert image_numbers(x)[0] != a


def test_autocorrelation_is_that_of_the_formula():
    ones = torch.ones(2, 1, 16, 16, dtype=torch.float64)
    torch.testing.assert_close(autocorrelation(ones), torch.full((2,), 4.0).double())  # two scales of two
    rows = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 1, 8, 8).double()  # changes sign along x alone
    torch.testing.assert_close(autocorrelation(rows), torch.tensor([2.0]).double())
    noise = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0)).double()
    small = torch.nn.functional.avg_pool2d(noise, 2)
    expected = 0.0
    for n in (noise, small):
        side = n.shape[-1]
        for i in range(3):
            x = sum(n[i, 0, r, c] * n[i, 0, r, c - 1] for r in range(side) for c in range(side)) / side**2
            y = sum(n[i, 0, r, c] * n[i, 0, r - 1, c] for r in range(side) for c in range(side)) / side**2
            expected += (x**2 + y**2).item()
    assert autocorrelation(noise).sum().item() == pytest.approx(expected)


def test_maps_are_normalised_one_by_one():
    noise = 5 + 3 * torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    done = normalised(noise)
    torch.testing.assert_close(done[:1], normalised(noise[:1]))
    assert done.mean((1, 2, 3)).abs().max() < 1e-12
    torch.testing.assert_close(done.square().mean((1, 2, 3)), torch.ones(4).double())


def test_rows_are_taken_apart_and_joined_again(style):
    space = with_noise(z_space(style), style)
    assert space.shape == (6 + 16 + 64,) and space.name == "z, noise"
    rows = space.draw(3, torch.Generator().manual_seed(0)).double()
    codes, maps = space.decode.split(rows)
    assert codes.shape == (3, 6) and [tuple(m.shape) for m in maps] == [(3, 1, 4, 4), (3, 1, 8, 8)]
    assert torch.equal(space.decode.join(codes, maps), rows)
    with torch.no_grad():
        made = style.synthesis(style.broadcast(style.mapping(codes)), maps)
        torch.testing.assert_close(space.decode(rows), made)
    projected = space.decode.split(space.project(rows))
    assert torch.equal(projected[0], codes)  # codes lie anywhere
    assert space.spread[:6].eq(1).all() and space.spread[6:].eq(0).all()
    expected = noise_maps.WEIGHT * sum(autocorrelation(noise) for noise in maps)
    torch.testing.assert_close(space.penalty(rows), expected)
    with pytest.raises(UsageError, match="no noise"):
        with_noise(space, torch.nn.Linear(2, 2))


def test_what_a_loss_needs_of_the_images_is_asked_once():
    class Counting:
        calls = 0

        def __call__(self, made, images):
            return self.against(images)(made)

        def against(self, images):
            self.calls += 1
            return lambda made: (made - images).square().flatten(1).mean(1)

    loss, x = Counting(), torch.rand(2, 1, 4, 4)
    seen = against(loss, x)
    assert torch.equal(seen(x + 1), seen(x - 1)) and loss.calls == 1
    assert against(lambda a, b: (a - b).flatten(1).sum(1), x)(x).abs().max() == 0
