"""The game on clusters: what a fixed D makes of G, what two remedies change, and its slopes by finite differences."""

import math

import pytest
import torch

from course_lib.theory import cluster_game
from course_lib.theory.cluster_game import ClusterGame


def tables(batch, seed=0):
    noise = torch.Generator().manual_seed(seed)
    shares = torch.rand(8, generator=noise, dtype=torch.float64) + 0.1
    a, b = (torch.randn(n, generator=noise, dtype=torch.float64) for n in (8, batch))
    return shares / shares.sum(), a, b


def played(steps, batch=1, seed=0, **how):
    game = ClusterGame(seed, batch)
    shares = []
    for _ in range(steps):
        game.step(**how)
        shares.append(game.shares)
    return game, torch.stack(shares)


def test_companions_are_those_of_drawn_batches():
    shares, *_ = tables(1)
    law = cluster_game.companions(shares, 4)
    torch.testing.assert_close(law.sum(1), torch.ones(8, dtype=torch.float64))
    drawn = torch.multinomial(
        shares, 4 * 50_000, replacement=True, generator=torch.Generator().manual_seed(1)
    )
    others = (drawn.view(-1, 4)[:, 1:, None] == torch.arange(8)).sum(1)
    for n in range(4):
        assert (law[:, n] - (others == n).double().mean(0)).abs().max() < 0.01


@pytest.mark.parametrize("batch", [1, 5])
def test_value_is_least_minus_log_four_where_d_is_undecided(batch):
    shares, a, b = tables(batch)
    assert cluster_game.value(shares, 0 * a, 0 * b).item() == pytest.approx(-math.log(4))


def test_one_sample_at_a_time_the_best_d_is_the_ratio():
    shares, a, b = tables(1)
    for _ in range(400):
        a, b = (x.detach().requires_grad_(True) for x in (a, b))
        a, b = cluster_game.answer(shares, a, b)
    found = torch.sigmoid(a + b)
    torch.testing.assert_close(found, 0.125 / (0.125 + shares), rtol=1e-6, atol=0)


@pytest.mark.parametrize(("batch", "ahead"), [(1, 0), (1, 3), (4, 0), (4, 2)])
def test_slope_agrees_with_finite_differences(batch, ahead):
    shares, a, b = tables(batch)

    def reached(q):
        x, y = a.clone().requires_grad_(True), b.clone().requires_grad_(True)
        for _ in range(ahead):
            x, y = cluster_game.answer(q, x, y)
        return cluster_game.value(q, x, y).item()

    found = cluster_game.slope(shares, a, b, ahead)
    for c in range(8):
        step = torch.zeros(8, dtype=torch.float64)
        step[c] = 1e-5
        assert found[c].item() == pytest.approx(
            (reached(shares + step) - reached(shares - step)) / 2e-5, rel=1e-5
        )


def test_against_a_d_that_stands_still_one_cluster_is_left():
    """`thm-collapse-frozen` on the table."""
    game, _ = played(60, ratio=30)
    favourite = game.a.argmax()
    for _ in range(2_000):
        game.step(still=True)
    assert game.covered == 1 and game.shares.argmax() == favourite


def test_a_share_that_rounds_to_nothing_comes_back():
    game = ClusterGame()
    game.logits = torch.tensor([0.0] + 7 * [-800.0], dtype=torch.float64)
    assert game.shares[1] == 0
    game.a = torch.tensor([-400.0] + 7 * [400.0], dtype=torch.float64)
    for _ in range(10):
        game.step(still=True)
    assert game.covered == 7


def test_a_g_that_looks_ahead_does_not_collapse_against_it():
    game, _ = played(60, ratio=30)
    for _ in range(300):
        game.step(ahead=1, still=True)
    assert game.covered == 8


@pytest.mark.parametrize("seed", range(2))
def test_where_d_is_late_g_runs_from_cluster_to_cluster(seed):
    _, shares = played(800, ratio=30, seed=seed)
    end = shares[-400:]
    assert (end >= cluster_game.COVERED).sum(1).double().mean() < 3
    assert end.argmax(1).diff().ne(0).sum() >= 5


def test_where_d_answers_each_step_the_shares_become_even():
    _, shares = played(400, ratio=1)
    assert (shares[-100:] - 0.125).abs().max() < 0.01


def test_a_batch_that_d_compares_keeps_the_clusters():
    covered = {}
    for batch in (1, 2, 8):
        _, shares = played(800, batch, ratio=30)
        covered[batch] = (shares[-300:] >= cluster_game.COVERED).sum(1).double().mean().item()
    assert covered[1] + 2 < covered[2] < 8 and covered[8] == 8


def test_one_step_ahead_keeps_them_too():
    _, shares = played(300, ratio=30, ahead=1)
    assert (shares[-1] - 0.125).abs().max() < 0.01
