"""Excluded minima: the formula against autograd and its critical points, and where descent ends."""

import pytest
import torch

from course_lib import seeds
from course_lib.theory.two_minima import TwoMinima, descent, growing_descent


def starts(n, purpose="starts"):
    return 2 * seeds.Draw(0).uniform(n, 2, purpose=purpose).double()


@pytest.mark.parametrize("f", [TwoMinima(), TwoMinima(a=1.5, c=-0.3), TwoMinima(a=0, c=0.5)])
def test_the_gradient_is_that_of_the_value(f):
    w = starts(20).requires_grad_()
    (gradient,) = torch.autograd.grad(f.value(w).sum(), w)
    torch.testing.assert_close(f.gradient(w), gradient)
    points = f.critical_points()
    assert f.gradient(points).abs().max() < 1e-9
    for point in points:
        values = torch.linalg.eigvalsh(torch.func.hessian(f.value)(point))
        assert bool((values > 0).all()) == bool((f.minima() == point).all(1).any())


def test_there_are_two_minima_up_to_the_tilt_at_which_one_vanishes():
    edge = 2 / 27**0.5  # the local maximum of w - w^3
    assert len(TwoMinima(c=0.99 * edge).minima()) == 2 and len(TwoMinima(c=1.01 * edge).minima()) == 1
    assert len(TwoMinima(c=-0.99 * edge).minima()) == 2


@pytest.mark.parametrize("a", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("c", [0.01, 0.1, 0.38])
def test_descent_that_grows_ends_where_the_line_leans_to_and_direct_descent_in_both(a, c):
    f = TwoMinima(a, c)
    unwanted, sought = f.minima()
    grown = growing_descent(f, starts(50)[:, 0], 0.05, 6_000, 3_000)
    assert (grown[3_000].abs().max() < 1e-6) and (grown[1:, :, 1] >= 0).all()
    torch.testing.assert_close(grown[-1], sought.expand(50, 2), atol=1e-4, rtol=0)
    direct = descent(f, starts(300), 0.05, 6_000, (True, True))[-1]
    ends = torch.cdist(direct, f.minima())
    assert ends.min(1).values.max() < 1e-2
    share = (ends.argmin(1) == 0).double().mean()
    assert 0.02 < share < 0.56  # of 300: a half, less what the tilt takes


def test_growth_says_nothing_about_which_minimum_is_the_better():
    """With the tilt the other way round it ends, always, in the other one."""
    f = TwoMinima(c=-0.1)
    grown = growing_descent(f, starts(20)[:, 0], 0.05, 4_000, 1_000)[-1]
    assert (grown[:, 1] < 0).all()
    # and a deeper minimum can be the one that is never reached: let the line be another than w_2 = 0
    shifted = descent(f, torch.tensor([[0.3, 0.5]]), 0.05, 4_000, (True, True))[-1]
    assert shifted[0, 1] > 0 and f.value(shifted[0]) > f.value(grown[0])
