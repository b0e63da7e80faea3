import math

import numpy as np
import pytest
import torch

from course_lib.evaluation.coverage import mode_coverage
from course_lib.theory.densities import ring

SCRIPTS = ["rng.js", "mlp.js", "games.js", "points.js", "gan2d.js"]
MAKE = """const make = (game, data = "ring of eight") => new Gan2d({ data, game, generatorRate: 1e-3,
  discriminatorRate: 1e-3, discriminatorSteps: 1, seed: 1, ...(DATA ?? {}) });
"""


@pytest.mark.slow
def test_it_learns_to_cover_the_ring(javascript):
    code = (
        MAKE
        + """const gan = make("non-saturating"); const found = [];
      const count = () => found.push(coverage(DATA_SETS[gan.data], gan.sample(500), 500));
      count(); for (let i = 0; i < 2500; i++) gan.step(); count();
      return found;"""
    )
    before, after = javascript(SCRIPTS, code)
    assert before["covered"] <= 3
    assert after["covered"] == 8
    assert after["good"] > 0.5 > 3 * before["good"]


@pytest.mark.parametrize("game", ["non-saturating", "minimax", "maximum-likelihood", "least-squares"])
def test_a_step_descends_each_players_cost(javascript, game):
    """With small steps against a frozen opponent, each player's cost on many fresh points goes down."""
    code = (
        MAKE
        + f"""const gan = make({game!r}); const side = GAMES[gan.game]; const n = 2000;
      const mean = (a, f) => a.reduce((s, v) => s + f(v) / n, 0);
      const real = DATA_SETS[gan.data].sample(makeRandom(9), n), z = normals(makeRandom(8), 2 * n);
      const costD = () => {{ const fake = gan.sample(n, z);
        const cost = mean(gan.discriminator.forward(real, n), side.real.loss);
        return cost + mean(gan.discriminator.forward(fake, n), side.fake.loss); }};
      const costG = () => mean(gan.discriminator.forward(gan.sample(n, z), n), side.generator.loss);
      const costs = [costD()];
      for (let i = 0; i < 20; i++) gan.discriminatorStep();
      costs.push(costD(), costG());
      for (let i = 0; i < 20; i++) gan.generatorStep();
      costs.push(costG());
      return costs;"""
    )
    d_before, d_after, g_before, g_after = javascript(SCRIPTS, code, {"generatorRate": 2e-4})
    assert d_after < d_before
    assert g_after < g_before


def test_a_seed_is_a_run(javascript):
    code = (
        MAKE
        + """const run = () => { const gan = make("minimax"); return [gan.step(), gan.step()]; };
      return [run(), run()];"""
    )
    first, second = javascript(SCRIPTS, code)
    assert first == second
    assert javascript(SCRIPTS, code, {"seed": 2})[0] != first


def test_pull_is_minus_the_gradient_of_the_cost(javascript):
    code = (
        MAKE
        + """const gan = make("non-saturating"); for (let i = 0; i < 5; i++) gan.step();
      const x = Float64Array.from([0.3, -1.1]); const { loss } = GAMES[gan.game].generator;
      const cost = (p) => loss(gan.discriminator.forward(p, 1)[0]);
      const pull = Array.from(gan.pull(x, 1)); const h = 1e-5;
      const slope = [0, 1].map((k) => { const [a, b] = [x.slice(), x.slice()]; a[k] += h; b[k] -= h;
        return (cost(b) - cost(a)) / (2 * h); });
      return [pull, slope];"""
    )
    pull, slope = javascript(SCRIPTS, code)
    assert math.hypot(*pull) > 1e-3
    np.testing.assert_allclose(pull, slope, rtol=1e-5)


def test_coverage_counts_as_the_library_does(javascript):
    mixture = ring(std=0.1)
    points = mixture.sample(400, torch.Generator().manual_seed(0), dtype=torch.float64)
    points = points[points[:, 0] < 1.9]  # most of one mode is cut away
    points = torch.cat([points, torch.randn(100, 2, generator=torch.Generator().manual_seed(1))])
    n = len(points)
    ours = mode_coverage(points, mixture, minimum=math.ceil(0.1 * n / 8))
    theirs = javascript(
        SCRIPTS, f"return coverage(DATA_SETS['ring of eight'], DATA, {n});", points.flatten().tolist()
    )
    assert theirs["covered"] == ours.modes
    assert theirs["good"] == pytest.approx(ours.high_quality)


def test_data_lie_in_the_drawn_square(javascript):
    code = """const reach = (d) => Math.max(...Array.from(d.sample(makeRandom(1), 2000), Math.abs));
      return Object.values(DATA_SETS).map(reach);"""
    reaches = javascript(SCRIPTS, code)
    assert len(reaches) == 3
    assert all(1 < reach < 3 for reach in reaches)
