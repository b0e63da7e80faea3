"""What two games and cycle consistency leave open, by trying every map between small sets."""

from math import factorial

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory.unpaired import automorphisms, composed, consistent, cycle_loss, inverse, winning


def points(n):
    return torch.arange(1.0, n + 1)[:, None]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_two_games_leave_every_pairing_open_and_the_cycle_those_that_invert_each_other(n):
    p = torch.full((n,), 1 / n)
    ways = winning(p, p)
    assert len(ways) == factorial(n), "of equally likely points every permutation wins, and nothing else does"
    pairs = consistent(p, p, points(n), points(n))
    assert len(pairs) == factorial(n) < len(ways) ** 2
    assert all(f == inverse(g) for g, f in pairs)


@pytest.mark.parametrize(
    ("p", "count"),
    [((0.1, 0.2, 0.3, 0.4), 1), ((0.25, 0.25, 0.2, 0.3), 2), ((0.1, 0.1, 0.4, 0.4), 4), ((0.25,) * 4, 24)],
)
def test_from_one_answer_symmetries_of_the_second_domain_give_all_others(p, count):
    """Theorem: with (G, F) also (σG, Fσ⁻¹) wins everything; conversely there are no others."""
    p = torch.tensor(p)
    found, symmetries = consistent(p, p, points(4), points(4)), automorphisms(p)
    g, f = found[-1]
    assert len(found) == len(symmetries) == count
    assert set(found) == {(composed(s, g), composed(f, inverse(s))) for s in symmetries}


def test_one_game_and_one_cycle_imply_the_others():
    """Where G turns p into q and F(G(x)) = x, F wins its game too and G(F(y)) = y."""
    p = torch.tensor([0.25, 0.25, 0.2, 0.3])
    every = torch.cartesian_prod(*[torch.arange(4)] * 4).tolist()
    seen = 0
    for g in winning(p, p):
        for f in every:
            if cycle_loss(g, f, p, points(4)) == 0:
                seen += 1
                assert tuple(f) in winning(p, p) and cycle_loss(f, g, p, points(4)) == 0
    assert seen == 2


def test_one_game_and_the_other_cycle_imply_nothing():
    """Two points to one: G wins and G(F(y)) = y for every F, but no F wins, and none comes back from G."""
    p, q = torch.full((2,), 0.5), torch.ones(1)
    g = (0, 0)
    assert winning(p, q) == [g]
    for f in ((0,), (1,)):
        assert cycle_loss(f, g, q, points(1)) == 0
        assert f not in winning(q, p) and cycle_loss(g, f, p, points(2)) > 0


def test_no_deterministic_cycle_through_a_smaller_set():
    """Four equally likely points to two: the game can be won, and no F comes back."""
    p, q = torch.full((4,), 0.25), torch.full((2,), 0.5)
    ways = winning(p, q)
    assert len(ways) == 6
    back = torch.cartesian_prod(*[torch.arange(4)] * 2).tolist()
    least = min(cycle_loss(g, f, p, points(4)) for g in ways for f in back)
    assert least == 0.5, "the nearest pairs go together and one of each is lost"
    assert not winning(q, p), "F would have to make four points of two"
    assert not consistent(p, q, points(4), points(2))


def test_the_identity_loss_says_nothing_about_points_outside_of_the_second_domain():
    """Maps of the union of two disjoint domains: any G of the first goes with the identity on the second."""
    p = torch.tensor([0.5, 0.5])
    x, y = [0, 1], [2, 3]
    for g in winning(p, p):
        whole = [y[g[0]], y[g[1]], 2, 3]
        assert [whole[i] for i in y] == y  # no identity loss
        assert sorted(whole[i] for i in x) == y  # and the game is won, by either pairing


def test_what_is_too_large_or_no_permutation_is_refused():
    with pytest.raises(UsageError, match="one by one"):
        winning(torch.full((8,), 0.125), torch.full((8,), 0.125))
    with pytest.raises(UsageError, match="no inverse"):
        inverse((0, 0))
