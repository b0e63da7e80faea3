"""Toy point sets: their names, their shapes, and that their samples follow what they promise."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.data.toy import TOYS, open_toy, swiss_roll, swiss_roll_curve
from course_lib.errors import UsageError


@pytest.mark.parametrize(
    "name", ["toy/ring8", "toy/grid25", "toy/mixture-1d", "toy/two-bumps-1d", "toy/swiss-roll"]
)
def test_every_toy_opens_by_name_and_samples_reproducibly(name):
    toy = open_toy(name)
    assert toy.name == name and toy.shape == (toy.dim,)
    first, again = (toy.sample(64, seeds.generator(1, purpose="toy")) for _ in range(2))
    assert first.shape == (64, toy.dim) and first.dtype == torch.float32 and torch.isfinite(first).all()
    assert torch.equal(first, again)
    assert not torch.equal(first, toy.sample(64, seeds.generator(2, purpose="toy")))


def test_names_are_those_of_the_registry():
    assert set(TOYS) == {"toy/ring8", "toy/grid25", "toy/mixture-1d", "toy/two-bumps-1d", "toy/swiss-roll"}


def test_unknown_toy_is_refused_with_the_known_names():
    with pytest.raises(UsageError, match="toy/ring8"):
        open_toy("toy/ring9")


@pytest.mark.parametrize(
    "name, modes, dim", [("toy/ring8", 8, 2), ("toy/grid25", 25, 2), ("toy/mixture-1d", 3, 1)]
)
def test_mixtures_know_their_density(name, modes, dim):
    toy = open_toy(name)
    assert toy.density.means.shape == (modes, dim) and toy.curve is None
    x = toy.sample(2000, seeds.generator(0, purpose="x")).double()
    # E[log p] over samples is minus the entropy: of separated modes, log K + d/2 log(2πe σ²)
    if name != "toy/mixture-1d":
        entropy = math.log(modes) + math.log(2 * math.pi * math.e * toy.density.std[0].item() ** 2)
        assert -toy.density.log_prob(x).mean().item() == pytest.approx(entropy, abs=0.1)


def test_swiss_roll_scatters_about_its_curve_with_the_noise_it_states():
    from course_lib.evaluation.coverage import distance_to_curve

    toy = open_toy("toy/swiss-roll")
    assert toy.density is None and toy.dim == 2
    x = toy.sample(5000, seeds.generator(0, purpose="x"))
    distance = distance_to_curve(x, toy.curve)
    # across the curve the noise is one-dimensional: the mean of |N(0, σ²)| is σ √(2/π)
    assert distance.mean().item() == pytest.approx(0.25 / 7.5 * math.sqrt(2 / math.pi), rel=0.05)
    quiet = distance_to_curve(swiss_roll(noise=0.0).sample(500, seeds.generator(0, purpose="x")), toy.curve)
    assert quiet.max() < 1e-4


def test_swiss_roll_curve_turns_once_and_is_about_unit_scale():
    curve = swiss_roll_curve()
    radius = curve.norm(dim=1)
    assert (radius[1:] > radius[:-1]).all()
    assert radius[0].item() == pytest.approx(1.5 * math.pi / 7.5) and radius[-1].item() == pytest.approx(
        4.5 * math.pi / 7.5
    )
    x = open_toy("toy/swiss-roll").sample(5000, seeds.generator(0, purpose="x"))
    assert 0.7 < x.std() < 1.2
