"""What the studies of chapter 6 measure."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from course_lib import data, recipes
from course_lib.studies.catalogue import fgan
from course_lib.theory import fdivergences
from course_lib.theory.densities import gaussian


class Critic(nn.Module):
    """The best raw output, from the densities themselves, or a multiple of it."""

    def __init__(self, row, factor=1.0):
        super().__init__()
        self.row, self.factor = row, factor
        self.data = data.open("toy/two-bumps-1d").density

    def forward(self, x):
        ratio = self.data.log_prob(x.double()) - gaussian(0.0, 1.4).log_prob(x.double())
        return self.factor * self.row.best_output(ratio)


def run_with(row, critic):
    """As much of a run as the study looks at."""
    method = SimpleNamespace(divergence=row, networks={"critic": critic}, device=torch.device("cpu"))
    return SimpleNamespace(method=method)


@pytest.mark.parametrize("name", ["kl", "js", "gan", "squared-hellinger", "reverse-kl", "pearson", "neyman"])
def test_the_best_critic_finds_the_whole_divergence_and_others_less(name):
    plan = recipes.resolve("fgan-gaussian", "smoke", divergence=name, std=1.4, generator_lr=0.0)
    measure = fgan.share_found(plan)
    row = fdivergences.find(name)
    shares = []
    for factor in (1.0, 0.7):
        shares.append(measure(run_with(row, Critic(row, factor)))["share"])
    assert shares[0] == pytest.approx(1, abs=1e-4) and shares[1] < 0.999


def test_a_critic_that_says_nothing_finds_nothing():
    row = fdivergences.find("js")
    plan = recipes.resolve("fgan-gaussian", "smoke", divergence="js", std=1.4)
    silent = run_with(row, lambda x: torch.zeros(len(x)))
    assert fgan.share_found(plan)(silent)["share"] == pytest.approx(0, abs=1e-6)
