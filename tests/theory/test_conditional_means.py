"""Encoders of least squared error, on tables: no other guess does better, and what a condition adds."""

import pytest
import torch

from course_lib.theory import conditional_means as means

CODES = torch.tensor([[-1.0, 0.5], [1.0, 0.0], [0.0, -2.0], [2.0, 1.5]], dtype=torch.float64)


def joint(seed, conditions=2, images=5):
    table = torch.rand(
        4, conditions, images, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    return table / table.sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("told", [False, True])
def test_the_slope_of_the_error_is_zero_at_the_conditional_mean_and_nowhere_near(seed, told):
    p = joint(seed)
    best = (means.mean_given_both if told else means.mean_given_image)(p, CODES)
    guess = best.clone().requires_grad_(True)
    error = means.squared_error(p, CODES, guess)
    (slope,) = torch.autograd.grad(error, guess)
    assert slope.abs().max() < 1e-14
    assert means.squared_error(p, CODES, best + 0.01) > error


@pytest.mark.parametrize("seed", range(3))
def test_being_told_takes_off_exactly_the_gain(seed):
    p = joint(seed)
    alone = means.squared_error(p, CODES, means.mean_given_image(p, CODES))
    told = means.squared_error(p, CODES, means.mean_given_both(p, CODES))
    assert means.gain(p, CODES) > 1e-4
    torch.testing.assert_close(alone - told, means.gain(p, CODES))


def test_where_the_image_shows_its_condition_nothing_is_gained():
    p = joint(0)
    p[:, 0, :3], p[:, 1, 3:] = 0, 0  # the first three images are of one condition, the others of the other
    p = p / p.sum()
    assert means.gain(p, CODES) < 1e-15


@pytest.mark.parametrize("seed", range(3))
def test_best_codes_are_too_short_by_the_least_error(seed):
    p = joint(seed)
    least = means.squared_error(p, CODES, means.mean_given_image(p, CODES))
    whole = (p.sum((1, 2)) * CODES.square().sum(1)).sum()
    torch.testing.assert_close(means.length(p, CODES), whole - least)


def test_an_image_that_comes_from_two_codes_gets_one_between_them():
    """G(−1) = G(1): the best code is 0, whose image is another one."""
    p = torch.zeros(3, 1, 2, dtype=torch.float64)
    p[0, 0, 0], p[1, 0, 1], p[2, 0, 0] = 0.25, 0.5, 0.25
    found = means.mean_given_image(p, torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64))
    torch.testing.assert_close(found, torch.zeros(2, 1, dtype=torch.float64))
