"""What the studies of chapter 5 measure of a critic."""

import math

import pytest
import torch
from torch import nn

from course_lib import recipes
from course_lib.studies.catalogue import wasserstein
from course_lib.theory.transport import wasserstein_points


class Run:
    """A run that holds this critic and has nothing to average."""

    def __init__(self, critic):
        self.method = type("Method", (), {"networks": {"critic": critic}, "device": torch.device("cpu")})()


def plan_of(**changes):
    return recipes.resolve("wgan-critic", "smoke", steps=2, tensorboard=False, **changes)


def test_a_linear_critic_is_measured_exactly():
    critic = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    with torch.no_grad():
        critic[0].weight.copy_(torch.tensor([[0.09994, 0.0]]))
        critic[0].weight[0, 1] = 0.05
    row = wasserstein.critic_slopes(plan_of(constraint="clip", clip=0.1))(Run(critic))
    slope = math.hypot(0.09994, 0.05)
    for key in ("slope_data", "slope_samples", "slope_between", "bound"):
        assert row[key] == pytest.approx(slope, rel=1e-5)
    assert row["steepest"] == pytest.approx(slope, rel=1e-3) and row["at_bound"] == 0.5
    assert abs(row["earned"]) <= slope * row["exact"], "no function of that slope earns more"
    assert row["ripple"] == pytest.approx(0, abs=1e-5), "a plane rises and falls once on a circle"
    assert critic.training, "left as it was"


def test_ripples_are_counted_eight_to_a_round():
    class Waves(nn.Module):
        def forward(self, x):
            return 0.3 * torch.cos(8 * torch.atan2(x[:, 1], x[:, 0]))

    row = wasserstein.critic_slopes(plan_of())(Run(Waves()))
    assert row["ripple"] * row["steepest"] == pytest.approx(0.3, rel=1e-4)
    assert "at_bound" not in row and row["bound"] is None


def test_the_distance_is_that_of_the_samples_measured():
    plan = plan_of(std=0.5)
    row = wasserstein.critic_slopes(plan)(Run(nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))))
    # the ring has radius 2, the samples are about 0.6 from the origin
    assert 0.9 < row["exact"] < 2.1
    ring = torch.tensor([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]])
    assert wasserstein_points(ring, torch.zeros(4, 2)).item() == pytest.approx(2)


def test_the_critic_is_watched_without_being_changed():
    plan = plan_of(constraint="spectral", critic_norm="spectral")
    measure = wasserstein.critic_slopes(plan)
    plain = recipes.train(plan, device="cpu", quiet=True)
    watched = recipes.train(plan, device="cpu", every=1, observe=lambda step, run: measure(run), quiet=True)
    pairs = zip(*(run.method.networks.state_dict().values() for run in (plain, watched)), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert plain.method.networks["generator"].layers[0].weight.diagonal().tolist() == pytest.approx(
        [1.2, 1.2]
    )
