"""Pairs of codes and images: what a step gets, and how long a learner waits for it."""

import time

import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.methods.generated_pairs import PairStream, waiting_share
from course_lib.methods.spaces import Space


class Small(nn.Module):
    """z (B, 3) -> (B, 1, 4, 4), with batch normalisation that has seen nothing."""

    def __init__(self, pause=0.0):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16))
        self.pause = pause

    def forward(self, z):
        time.sleep(self.pause)
        return self.layers(z).reshape(-1, 1, 4, 4)


def space(generator):
    return Space("z", (3,), generator, lambda n, draws: torch.randn(n, 3, generator=draws))


def draw(step, seed=0, rank=0):
    return seeds.Draw(seed, rank, step)


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return Small()


def test_a_pair_is_a_code_and_its_image(generator):
    generator.train()
    images, codes = PairStream(space(generator)).at(draw(0), 5)
    assert generator.training and not images.requires_grad and not codes.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(images, generator.eval()(codes))


def test_making_pairs_changes_no_running_statistics(generator):
    before = {k: v.clone() for k, v in generator.state_dict().items()}
    PairStream(space(generator.train())).at(draw(0), 5)
    assert all(torch.equal(v, before[k]) for k, v in generator.state_dict().items())


def test_a_step_has_its_own_pairs_whatever_came_before(generator):
    stream = PairStream(space(generator))
    late = stream.at(draw(7), 4)
    other = PairStream(space(generator))
    for step in range(7):
        other.at(draw(step), 4)
    assert torch.equal(late.codes, other.at(draw(7), 4).codes)
    different = [draw(8), draw(7, seed=1), draw(7, rank=1)]
    assert not any(torch.equal(late.codes, stream.at(d, 4).codes) for d in different)
    assert not torch.equal(late.codes, stream.at(draw(7), 4, "others").codes)


def test_no_pair_comes_twice(generator):
    stream = PairStream(space(generator))
    codes = torch.cat([stream.at(draw(step), 16).codes for step in range(20)])
    assert len(codes.unique(dim=0)) == len(codes) == stream.pairs


def test_a_stream_of_nothing_is_refused(generator):
    with pytest.raises(UsageError, match="at least one pair"):
        PairStream(space(generator)).at(draw(0), 0)


@pytest.mark.parametrize(("pause", "rest", "share"), [(0.006, 0.002, 0.75), (0.001, 0.009, 0.1)])
def test_the_share_of_waiting_is_that_of_the_clock(pause, rest, share):
    """A generator and a learner that sleep: the share is known."""
    stream = PairStream(space(Small(pause)))

    def step(number):
        stream.at(draw(number), 2)
        time.sleep(rest)

    assert waiting_share(stream, step, 15) == pytest.approx(share, abs=0.12)
    assert not stream.timed


def test_the_share_needs_steps():
    with pytest.raises(UsageError, match="at least 1"):
        waiting_share(PairStream(space(Small())), lambda number: None, 0)
