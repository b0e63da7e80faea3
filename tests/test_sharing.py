"""Work that processes share: two ranks played by threads, each with its own place in the group."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from course_lib import ranks, sharing
from course_lib.errors import CourseError, Elsewhere, UsageError
from course_lib.evaluation.frechet import bootstrap_interval
from course_lib.evaluation.report import draw_samples
from course_lib.ranks import Ranks


class Group:
    """What `torch.distributed` answers to threads that are the ranks of one group."""

    ReduceOp = torch.distributed.ReduceOp

    def __init__(self, world):
        self.world, self.me = world, threading.local()
        self.wall = threading.Barrier(world, timeout=20)
        self.board = [None] * world

    def broadcast(self, tensor, source):
        if self.me.rank == source:
            self.board[source] = tensor.clone()
        self.wall.wait()
        tensor.copy_(self.board[source])
        self.wall.wait()

    def all_reduce(self, tensor, op):
        self.board[self.me.rank] = tensor.clone()
        self.wall.wait()
        tensor.copy_(torch.stack(self.board).amax(0))
        self.wall.wait()


@pytest.fixture
def as_ranks(monkeypatch):
    """Call a function as each of `world` ranks: what each returned or raised."""

    def run(world, function):
        group = Group(world)
        here = lambda: Ranks(getattr(group.me, "rank", 0), world)  # noqa: E731
        for module in (ranks, sharing):
            monkeypatch.setattr(module, "distributed", group)
            monkeypatch.setattr(module, "ranks", here)

        def one(rank):
            group.me.rank = rank
            try:
                return function(rank)
            except CourseError as error:
                return error

        with ThreadPoolExecutor(world) as pool, sharing.dividing():
            return list(pool.map(one, range(world)))

    return run


@pytest.mark.parametrize("world", [1, 2, 3])
def test_each_part_is_done_once_and_every_rank_has_all_of_them(as_ranks, world):
    done = []

    def work(part):
        done.append(part)
        return {"twice": torch.full((part,), 2.0 * part, dtype=torch.float64), "number": part, "odd": None}

    answers = as_ranks(world, lambda rank: sharing.divided(range(5), work))
    assert sorted(done) == [0, 1, 2, 3, 4], "no part is computed by two"
    for found in answers:
        assert [f["number"] for f in found] == [0, 1, 2, 3, 4] and found[1]["odd"] is None
        assert all(torch.equal(f["twice"], torch.full((i,), 2.0 * i).double()) for i, f in enumerate(found))


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_error_of_one_ends_all_and_is_said_once(as_ranks, wrong):
    def work(part):
        if part == wrong:
            raise UsageError("there is no such thing.")
        return part

    first, second = as_ranks(2, lambda rank: sharing.divided([0, 1, 2], work))
    assert not first.said and second.said and isinstance(second, Elsewhere)
    assert first.exit_code == second.exit_code == 2
    whose = "process 1 of 2: " if wrong else ""
    assert str(first) == f"{whose}there is no such thing."


def test_the_first_does_its_turn_before_the_others(as_ranks):
    order = []
    assert as_ranks(2, lambda rank: sharing.in_turn(lambda: order.append(rank) or rank)) == [0, 1]
    assert order == [0, 1]


def test_outside_of_the_block_each_works_alone(monkeypatch):
    """A process that measures by itself while others train must not wait for them."""
    monkeypatch.setattr(sharing, "ranks", lambda: Ranks(0, 2))
    assert sharing.divided([1, 2, 3], lambda part: part) == [1, 2, 3]
    assert sharing.together(lambda: 1) == sharing.in_turn(lambda: 1) == 1


class Sampler:
    device, classifier = torch.device("cpu"), None

    def latents(self, n, generator):
        return torch.randn(n, 3, generator=generator)

    def sample(self, latents):
        return latents.sin()


@pytest.mark.parametrize("world", [2, 3])
def test_samples_and_resamples_are_those_of_one_process(as_ranks, world):
    """Were the latents or the resamples drawn by each rank from its own seed, these would differ."""
    alone = draw_samples(Sampler(), 70, seed=1, batch=20)
    interval = bootstrap_interval(alone, alone.flip(0)[:40], resamples=7)
    for found in as_ranks(world, lambda rank: draw_samples(Sampler(), 70, seed=1, batch=20)):
        assert torch.equal(found, alone)
    for found in as_ranks(world, lambda rank: bootstrap_interval(alone, alone.flip(0)[:40], resamples=7)):
        assert found == interval
