"""Gradients of several processes, and how they agree: the parts, in one process (`test_ranks.py` has the runs)."""

import socket
from datetime import timedelta

import pytest
import torch
from torch import nn

from course_lib.errors import CourseError, UsageError
from course_lib.ranks import Ranks, ranks
from course_lib.sharing import from_first
from course_lib.training import distributed
from course_lib.training.distributed import Votes, averaged_gradients, process_group
from course_lib.training.stopping import Interrupted, Requeue


def with_flags(gradients, present=(1.0, 1.0)):
    """What a rank sends: its gradients, and for each parameter whether it had one."""
    return torch.cat([gradients, torch.tensor(present)])


def test_the_mean_gradient_of_the_parts_is_that_of_the_whole(monkeypatch):
    """Two ranks played by one process: the reduction adds what the other one has."""
    torch.manual_seed(0)
    network, x = nn.Linear(3, 2), torch.randn(8, 3)
    optimizer = torch.optim.SGD(network.parameters(), 1.0)
    network(x[4:]).square().mean().backward()
    other = torch.cat([p.grad.flatten() for p in network.parameters()])
    network.zero_grad()
    monkeypatch.setattr(distributed.distributed, "all_reduce", lambda vector: vector.add_(with_flags(other)))
    whole = nn.Linear(3, 2)
    whole.load_state_dict(network.state_dict())
    whole(x).square().mean().backward()
    network(x[:4]).square().mean().backward()
    with averaged_gradients([optimizer], 2):
        optimizer.step()
    for p, q in zip(network.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad)


def test_a_gradient_that_no_rank_has_stays_away_and_that_of_one_is_halved(monkeypatch):
    """Adam would otherwise count a step of a weight that the loss does not reach, and forget what it knows of it."""
    first, second, third = (nn.Parameter(torch.ones(2)) for _ in range(3))
    first.grad = torch.full((2,), 2.0)
    other = with_flags(torch.tensor([4.0, 4.0, 6.0, 6.0, 0.0, 0.0]), (1.0, 1.0, 0.0))
    monkeypatch.setattr(distributed.distributed, "all_reduce", lambda vector: vector.add_(other))
    distributed.average_over_ranks([first, second, third], 2)
    assert first.grad.tolist() == [3, 3] and second.grad.tolist() == [3, 3] and third.grad is None


def test_other_optimisers_and_later_steps_are_left_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(distributed.distributed, "all_reduce", lambda vector: calls.append(len(vector)))
    ours, theirs = (nn.Linear(2, 1) for _ in range(2))
    mine, other = (torch.optim.SGD(n.parameters(), 0.1) for n in (ours, theirs))
    for network in (ours, theirs):
        network(torch.ones(1, 2)).sum().backward()
    with averaged_gradients([mine], 2):
        mine.step()
        other.step()
    mine.step()
    assert calls == [3 + 2], "three gradients, and for each of two parameters whether there was one"


def test_alone_nothing_is_sent(monkeypatch):
    monkeypatch.setattr(distributed.distributed, "all_reduce", None)
    network = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    network(torch.ones(1, 2)).sum().backward()
    with averaged_gradients([optimizer], 1):
        optimizer.step()


def test_a_batch_is_that_of_all_ranks():
    assert Ranks(1, 4).share(32) == 8 and ranks() == Ranks(0, 1)
    with pytest.raises(UsageError, match="does not divide"):
        Ranks(0, 3).share(32)


def test_half_of_a_launcher_s_variables_is_an_error(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(UsageError, match="RANK is not set"), process_group():
        pytest.fail("a process without a number")
    monkeypatch.setenv("WORLD_SIZE", "1")
    with process_group() as here:
        assert here == Ranks()


def test_a_process_whose_others_do_not_come_says_so(monkeypatch):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    group = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": port}
    for name, value in group.items():
        monkeypatch.setenv(name, value)
    rendezvous = torch.distributed.rendezvous  # which else waits for half an hour
    monkeypatch.setattr(
        torch.distributed, "rendezvous", lambda url: rendezvous(url, timeout=timedelta(seconds=1))
    )
    with pytest.raises(CourseError, match="2 processes .* have not found each other .*1/2"), process_group():
        pytest.fail("alone of two")
    assert not torch.distributed.is_initialized()


def test_alone_a_vote_is_obeyed_at_once_and_what_was_read_is_had():
    votes = Votes(Ranks())
    assert votes(Requeue) is Requeue and votes(None) is None and votes.result() is None
    assert from_first(lambda: {"a": 1}) == {"a": 1}


def test_a_vote_is_obeyed_a_step_later_and_the_stronger_one_prevails(monkeypatch):
    other = iter([1, 2, 0])  # what the other rank asks for

    class Work:
        def wait(self):
            pass

    def all_reduce(vote, op, async_op):
        vote.fill_(max(int(vote), next(other)))
        return Work()

    monkeypatch.setattr(distributed.distributed, "all_reduce", all_reduce)
    votes = Votes(Ranks(0, 2))
    assert votes(None) is None and votes(Requeue) is Requeue and votes(None) is Interrupted
    assert votes.result() is None and votes.result() is None
