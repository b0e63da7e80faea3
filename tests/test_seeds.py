"""Every draw is a function of (seed, rank, step, purpose), and of nothing else."""

import itertools

import pytest
import torch

from course_lib import seeds


def test_the_same_coordinates_give_the_same_numbers():
    draws = [seeds.Draw(3, rank=1, step=7).normal(4, 2, purpose="latents") for _ in range(2)]
    assert torch.equal(*draws)


def test_every_coordinate_matters():
    coordinates = itertools.product((0, 1), (0, 1), (0, 1, 10), ("", "0", "1", "/0"))
    numbers = [seeds.number(s, rank=r, step=t, purpose=p) for s, r, t, p in coordinates]
    assert len(set(numbers)) == len(numbers)
    assert all(0 <= n < 2**63 for n in numbers)


def test_numbers_are_pinned():
    """Another hash would change every recorded result without a word."""
    assert seeds.number(0) == 7683044551549099801
    assert seeds.number(1, rank=2, step=3, purpose="latents") == 2687762738465114155


def test_a_draw_leaves_torchs_global_generator_alone():
    state = torch.random.get_rng_state()
    seeds.Draw(0).uniform(3, purpose="x")
    assert torch.equal(torch.random.get_rng_state(), state)


def test_uniform_numbers_fill_minus_one_to_one():
    u = seeds.Draw(0).uniform(20_000, purpose="u")
    assert -1 <= u.min() < -0.999 and 0.999 < u.max() < 1
    assert abs(u.mean()) < 4 * (1 / 3) ** 0.5 / 20_000**0.5


def test_normal_numbers_have_unit_variance():
    x = seeds.Draw(0).normal(20_000, purpose="x")
    assert abs(x.mean()) < 4 / 20_000**0.5 and abs(x.var() - 1) < 4 * (2 / 20_000) ** 0.5


def test_parts_of_a_step_draw_differently_and_nest():
    draw = seeds.Draw(0, step=5)
    parts = [draw, draw.part(0), draw.part(1), draw.part(0).part(1), draw.part(1).part(0)]
    first = [part.normal(1, purpose="x").item() for part in parts]
    assert len(set(first)) == len(first)
    assert draw.part(1) == draw.part(1)


def test_close_seeds_are_unrelated():
    rows = torch.stack([seeds.Draw(s).normal(2_000, purpose="x") for s in range(6)])
    correlations = torch.corrcoef(rows) - torch.eye(6)
    assert correlations.abs().max() < 5 / 2_000**0.5


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_the_device_may_be_a_name_or_an_object(device):
    assert seeds.generator(0, device=device).device.type == "cpu"


def test_the_global_generator_is_seeded_as_torch_does_it():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        theirs = torch.rand(5)
        seeds.seed_global(3)
        assert torch.equal(torch.rand(5), theirs)
