import math

import numpy as np
import pytest

from course_lib.theory import divergences
from course_lib.theory.densities import mixture_1d
from course_lib.theory.quadrature import grid_1d

SCRIPTS = ["games.js", "game1d.js"]
CODE = """const { js, value, best, xs } = solveGame(DATA_1D, DATA);
return { js, value, best: Array.from(best), xs: Array.from(xs), data: DATA_1D };"""


@pytest.mark.parametrize(("mean", "gap", "spread"), [(-2, 0, 0.6), (0, 3, 0.6), (0.5, 1, 1.7), (4, 0, 0.2)])
def test_the_game_is_the_theorys(javascript, mean, gap, spread):
    got = javascript(SCRIPTS, CODE, {"mean": mean, "gap": gap, "deviation": spread})
    grid = grid_1d(-20, 20, 2001)
    np.testing.assert_allclose(got["xs"], grid.points, atol=1e-12)
    half, std = got["data"]["gap"] / 2, got["data"]["deviation"]
    log_p = mixture_1d((-half, half), (std, std), (0.5, 0.5)).log_prob(grid.points)
    log_q = mixture_1d((mean - gap / 2, mean + gap / 2), (spread, spread), (0.5, 0.5)).log_prob(grid.points)
    logits = divergences.optimal_discriminator(log_p, log_q)
    assert got["js"] == pytest.approx(divergences.js(log_p, log_q, grid).item(), abs=1e-9)
    assert got["value"] == pytest.approx(divergences.value(log_p, log_q, logits, grid).item(), abs=1e-9)
    np.testing.assert_allclose(got["best"], logits.sigmoid(), atol=1e-12)
    assert got["value"] == pytest.approx(2 * got["js"] - math.log(4), abs=1e-6)


def test_the_reader_can_reach_the_least_value(javascript):
    got = javascript(SCRIPTS, CODE, {"mean": 0, "gap": 3, "deviation": 0.6})
    assert got["js"] == pytest.approx(0, abs=1e-12)
    assert got["best"] == pytest.approx([0.5] * len(got["best"]))
