"""The joint game on finite sets: its value is a divergence of joints, and its solutions are pairs of inverse maps."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory import joint_game

UNIFORM = torch.full((3,), 1 / 3, dtype=torch.float64)


def rows(*shape, seed):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).softmax(-1)


def test_the_value_is_that_of_the_best_discriminator_and_a_divergence():
    p, q = joint_game.encoded_pairs(rows(3, seed=0), rows(3, 4, seed=1)), joint_game.generated_pairs(
        rows(4, seed=2), rows(4, 3, seed=3)
    )  # fmt: skip
    assert p.shape == q.shape == (3, 4)
    torch.testing.assert_close(p.sum() + q.sum(), torch.tensor(2.0, dtype=torch.float64))
    best = joint_game.value(p, q)
    torch.testing.assert_close(best, 2 * joint_game.divergence(p, q) - math.log(4))
    # every other discriminator is worse: the maximum by gradient ascent on free logits
    logits = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    for _ in range(300):
        d = logits.sigmoid()
        reached = (p * d.log() + q * (1 - d).log()).sum()
        assert reached <= best + 1e-12
        (slope,) = torch.autograd.grad(reached, logits)
        logits = (logits + slope / (p + q)).detach().requires_grad_(True)
    torch.testing.assert_close(reached.detach(), best, atol=1e-9, rtol=0)


def test_the_value_is_least_exactly_where_encoder_and_generator_undo_each_other():
    """Theorem 2, by looking at all 27 · 27 pairs of maps between three images and three codes, equally likely."""
    maps = joint_game.maps(3, 3)
    least, solutions = -math.log(4), 0
    for encoder in maps:
        for generator in maps:
            value = joint_game.value(
                joint_game.encoded_pairs(UNIFORM, encoder), joint_game.generated_pairs(UNIFORM, generator)
            )
            inverse = torch.equal(encoder @ generator, torch.eye(3, dtype=torch.float64))
            assert (abs(value - least) < 1e-12) == inverse, (encoder, generator)
            solutions += inverse
    assert solutions == math.factorial(3)


def test_few_codes_are_lost_where_the_joints_are_near():
    """Chapter 8's third theorem, for every pair of maps of three things, and for laws that are not uniform."""
    for p_x, p_z in ((UNIFORM, UNIFORM), (rows(3, seed=4), rows(3, seed=5))):
        tight = 0
        for encoder in joint_game.maps(3, 3):
            encoded = joint_game.encoded_pairs(p_x, encoder)
            for generator in joint_game.maps(3, 3):
                lost = 1 - joint_game.recovered(p_z, generator, encoder)
                bound = 2 * joint_game.divergence(encoded, joint_game.generated_pairs(p_z, generator))
                assert lost <= bound.clamp(min=0).sqrt() + 1e-9
                tight += bool(lost > 0.8 * bound.clamp(min=1e-12).sqrt())
        assert tight > 10, "the bound is not idle"


def test_what_comes_back_is_counted_with_the_probability_of_its_code():
    turn = torch.eye(3, dtype=torch.float64).roll(1, 0)
    law = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    assert joint_game.recovered(law, turn, turn.T) == pytest.approx(1)
    assert joint_game.recovered(law, turn, turn) == 0
    constant = torch.zeros(3, 3, dtype=torch.float64)
    constant[:, 1] = 1  # one code for all images
    assert joint_game.recovered(law, turn, constant) == pytest.approx(0.3)


def test_equal_marginals_are_not_enough():
    """Where E and G each reach the other's distribution but do not undo each other, the joint game goes on."""
    turn = torch.eye(3, dtype=torch.float64).roll(1, 0)  # i -> i - 1, both ways
    encoded = joint_game.encoded_pairs(UNIFORM, turn)
    generated = joint_game.generated_pairs(UNIFORM, turn)
    for axis in (0, 1):
        torch.testing.assert_close(encoded.sum(axis), generated.sum(axis))
    assert joint_game.divergence(encoded, generated) == pytest.approx(math.log(2))


def test_as_many_maps_as_there_are_and_no_more_than_can_be_looked_at():
    maps = joint_game.maps(2, 3)
    assert maps.shape == (9, 2, 3) and (maps.sum(-1) == 1).all() and len(maps.flatten(1).unique(dim=0)) == 9
    with pytest.raises(UsageError, match="at most 10,000"):
        joint_game.maps(6, 6)
