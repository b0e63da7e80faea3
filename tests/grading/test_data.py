"""Answers as data that runs no code, questions as objects with their tensors, and damage that is seen."""

import math

import numpy
import pytest
import torch
from torch import nn

from course_lib.grading import data, questions


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, math.inf, "words", ..., [1, (2, [3.0])], {"a": 1, 2: (3,)}],
)
def test_plain_values_come_back_as_they_were(value):
    assert data.read(data.write(value)[0])[0] == value


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.bool])
def test_tensors_keep_values_and_dtype(kind):
    value = torch.tensor([[0, 1], [1, 1]]).to(kind).T  # not contiguous
    back, tensors = data.read(data.write([value, value])[0])
    assert len(tensors) == 2
    assert all(torch.equal(b, value) and b.dtype == kind and not b.requires_grad for b in back)


def test_gradients_arrays_and_opaque_objects():
    leaf = torch.ones(2, requires_grad=True)
    written, tensors = data.write([2 * leaf, numpy.arange(3.0), nn.Linear(1, 1), 10**30])
    (flows, array, opaque, huge), read = data.read(written)
    assert len(tensors) == len(read) == 2 and read[0] is flows
    assert flows.requires_grad and torch.equal(flows.detach(), torch.tensor([2.0, 2.0]))
    assert isinstance(array, numpy.ndarray) and array.tolist() == [0, 1, 2]
    assert opaque.kind == "Linear" and isinstance(huge, data.Opaque)
    with pytest.raises(data.Unreadable):
        opaque(1)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\xff" * 8, data.write([1])[0][:-3], b"\0" * 9])
def test_damage_is_seen(content):
    with pytest.raises(data.Unreadable):
        data.read(content)


def test_a_question_carries_networks_closures_and_gradients():
    network, scale = nn.Linear(2, 1), torch.tensor(3.0, requires_grad=True)
    network.weight.grad = torch.ones(1, 2)
    content, tensors = questions.dump((network, lambda x: scale * network(x), network.bias))
    (other, function, bias), loaded = questions.load(content)
    assert {id(t) for t in (network.weight, network.bias, scale)} == {id(t) for t in tensors}
    assert len(loaded) == 3 and other.bias is bias and isinstance(bias, nn.Parameter)
    assert other.weight.grad.tolist() == [[1, 1]] and bias.grad is None
    x = torch.ones(4, 2)
    assert torch.equal(function(x), scale * network(x))
    with torch.no_grad():
        other.weight.fill_(7)  # what the other side does to its own
    assert not torch.equal(other.weight, network.weight) and torch.equal(function(x), scale * other(x))
