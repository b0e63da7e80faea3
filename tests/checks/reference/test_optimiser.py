"""Gradient descent as torch does it, without torch's own class."""

import torch
from torch import nn

from course_lib.checks.reference.optimiser import PlainSGD


def test_steps_are_those_of_torch():
    networks = []
    for make in (PlainSGD, torch.optim.SGD):
        torch.manual_seed(0)
        network = nn.Linear(3, 2)
        optimizer = make(network.parameters(), lr=0.3)
        for step in range(3):
            optimizer.zero_grad(set_to_none=step < 2)
            network(torch.ones(4, 3)).square().mean().backward()
            optimizer.step()
        networks.append(network)
    assert all(torch.equal(a, b) for a, b in zip(*(n.parameters() for n in networks), strict=True))


def test_students_find_what_they_know():
    weight, still = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = PlainSGD([weight, still], 0.5)
    assert isinstance(optimizer, torch.optim.Optimizer) and "lr" in repr(optimizer)
    assert [len(group["params"]) for group in optimizer.param_groups] == [2]

    def closure():
        optimizer.zero_grad()
        loss = weight.sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 2 and weight.tolist() == [0.5, 0.5] and still.tolist() == [1, 1]
    optimizer.zero_grad(set_to_none=False)
    assert weight.grad.tolist() == [0, 0]
