"""What the studies of chapter 1 measure."""

from types import SimpleNamespace

import pytest
import torch

from course_lib import data, recipes
from course_lib.methods.gan import GAN
from course_lib.networks import mlp
from course_lib.studies import STUDIES, games
from course_lib.theory import divergences
from course_lib.theory.densities import gaussian
from course_lib.theory.quadrature import grid_1d

LINE = STUDIES["minimax-line"]


@pytest.fixture(scope="module")
def plan():
    return recipes.settle(LINE.recipe, "smoke", **LINE.changes_of("same rate"))


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.6), (-1.5, 0.6), (3.0, 0.2)])
def test_the_divergence_is_the_integral_of_the_densities(plan, mean, std):
    """Of a generator whose law is known: cells sent through the network, against quadrature."""
    method = GAN(mlp.gaussian_generator(mean, std), mlp.Discriminator(1, 8, 1))
    found = games.exact_divergence(plan)(SimpleNamespace(method=method))["js"]
    line = grid_1d(-9, 9, 6001)
    log_p = data.open("toy/mixture-1d").density.log_prob(line.points)
    exact = divergences.js(log_p, gaussian(mean, std).log_prob(line.points), line)
    assert found == pytest.approx(exact.item(), abs=2e-4)


def test_the_studies_play_the_chapters_game(plan):
    for name in ("minimax-line", "minimax-ring"):
        study = STUDIES[name]
        for variant in study.variants:
            settled = recipes.settle(study.recipe, "book", **study.changes_of(variant)).settings
            assert settled["method"].game == "minimax" and settled["loop"].ema == 0.99
            assert (settled["networks"].width, settled["networks"].depth) == (64, 2)
            assert settled["data"].batch == 256


def test_measuring_does_not_change_the_game(plan):
    small = recipes.settle(
        LINE.recipe, "smoke", tensorboard=False, **LINE.changes_of("same rate") | {"steps": 2}
    )
    measure = games.exact_divergence(small)
    plain = recipes.train(small, device="cpu", quiet=True)
    watched = recipes.train(small, device="cpu", every=1, observe=lambda step, run: measure(run), quiet=True)
    pairs = zip(*(run.method.networks.state_dict().values() for run in (plain, watched)), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
