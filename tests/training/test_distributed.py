"""Two processes that train one run take the steps of one process with the whole batch."""

import json
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from course_lib.errors import UsageError
from course_lib.training import distributed
from course_lib.training.distributed import Ranks, averaged_gradients

# one rank of two: a run of `recipes.train`, whose weights every rank prints
RANK = """
import json, sys, torch
from torch import distributed
rank, store = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
from course_lib import recipes
plan = recipes.resolve("wgan-gp-ring", "smoke", steps=3, batch=16, width=8, depth=1, tensorboard=False, ema=0.0)
run = recipes.train(plan, device="cpu", quiet=True)
weights = [p.flatten().tolist() for p in run.method.networks.parameters()]
print(json.dumps({"weights": weights, "loss": run.history[-1]["critic/loss"]}))
distributed.destroy_process_group()
"""


def test_two_ranks_hold_the_same_weights_though_they_see_other_data(tmp_path):
    """Penalty and several critic steps included: the hook sees only gradients."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(rank), str(tmp_path / "store")],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    finished = [rank.communicate(timeout=120) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], finished
    first, second = (json.loads(out.splitlines()[-1]) for out, _ in finished)
    assert first["weights"] == second["weights"] and first["loss"] != second["loss"]


def test_the_mean_gradient_of_the_parts_is_that_of_the_whole(monkeypatch):
    """Two ranks played by one process: the reduction adds what the other one has."""
    torch.manual_seed(0)
    network, x = nn.Linear(3, 2), torch.randn(8, 3)
    optimizer = torch.optim.SGD(network.parameters(), 1.0)
    network(x[4:]).square().mean().backward()
    other = torch.cat([p.grad.flatten() for p in network.parameters()])
    network.zero_grad()
    monkeypatch.setattr(distributed.distributed, "all_reduce", lambda vector: vector.add_(other))
    whole = nn.Linear(3, 2)
    whole.load_state_dict(network.state_dict())
    whole(x).square().mean().backward()
    network(x[:4]).square().mean().backward()
    with averaged_gradients([optimizer], 2):
        optimizer.step()
    for p, q in zip(network.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad)


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
    assert calls == [3]


def test_alone_nothing_is_sent(monkeypatch):
    monkeypatch.setattr(distributed.distributed, "all_reduce", None)
    network = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    network(torch.ones(1, 2)).sum().backward()
    with averaged_gradients([optimizer], 1):
        optimizer.step()


def test_a_batch_is_that_of_all_ranks():
    assert Ranks(1, 4).share(32) == 8 and distributed.ranks() == Ranks(0, 1)
    with pytest.raises(UsageError, match="does not divide"):
        Ranks(0, 3).share(32)
