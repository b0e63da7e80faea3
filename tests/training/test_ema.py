"""Averaged weights."""

import pytest
import torch
from torch import nn

from course_lib.errors import UsageError
from course_lib.training.ema import Average


def networks(value: float) -> nn.ModuleDict:
    made = nn.ModuleDict({"generator": nn.Linear(2, 1), "discriminator": nn.Linear(1, 1)})
    nn.init.constant_(made["generator"].weight, value)
    return made


def test_the_average_is_that_of_the_closed_form():
    weights = [0.0, 1.0, -2.0, 5.0, 3.0, 8.0]
    ours = networks(weights[0])
    average = Average(ours, ("generator",), 0.4)
    expected = weights[0]
    for step, weight in enumerate(weights[1:], 1):
        nn.init.constant_(ours["generator"].weight, weight)
        average.update(ours, step)
        decay = min(0.4, (step + 1) / (step + 10))
        expected = decay * expected + (1 - decay) * weight
    assert torch.allclose(average.networks["generator"].weight, torch.full((1, 2), expected))


def test_without_decay_it_is_the_last_weights():
    ours = networks(1.0)
    average = Average(ours, ("generator",), 0.0)
    nn.init.constant_(ours["generator"].weight, 0.1)
    average.update(ours, 1)
    assert torch.equal(average.networks["generator"].weight, ours["generator"].weight)


def test_running_statistics_are_averaged_and_counters_copied():
    ours = nn.ModuleDict({"generator": nn.BatchNorm1d(3)})
    average = Average(ours, ("generator",), 0.5)
    ours["generator"](torch.randn(8, 3) + 7)
    average.update(ours, 100)
    theirs, norm = average.networks["generator"], ours["generator"]
    assert torch.allclose(theirs.running_mean, norm.running_mean / 2)
    assert theirs.num_batches_tracked == 1


def test_the_average_is_a_copy_that_does_not_train():
    ours = networks(1.0)
    average = Average(ours, ("generator",), 0.9)
    assert list(average.networks) == ["generator"]
    assert not any(p.requires_grad for p in average.networks["generator"].parameters())
    nn.init.constant_(ours["generator"].weight, 9.0)
    assert average.networks["generator"].weight.tolist() == [[1, 1]]


def test_the_networks_are_given_back_even_after_an_error():
    ours = networks(1.0)
    last, other = ours["generator"], ours["discriminator"]
    average = Average(ours, ("generator",), 0.9)
    with pytest.raises(KeyError), average.applied(ours):
        assert ours["generator"] is average.networks["generator"] and ours["discriminator"] is other
        raise KeyError
    assert ours["generator"] is last and list(ours) == ["generator", "discriminator"]


def test_its_state_comes_back():
    ours = networks(1.0)
    average = Average(ours, ("generator",), 0.9)
    nn.init.constant_(ours["generator"].weight, 2.0)
    average.update(ours, 50)
    fresh = Average(networks(7.0), ("generator",), 0.9)
    fresh.load_state_dict(average.state_dict())
    assert torch.equal(fresh.networks["generator"].weight, average.networks["generator"].weight)


def test_spectral_norms_cannot_be_averaged():
    ours = nn.ModuleDict({"critic": nn.utils.parametrizations.spectral_norm(nn.Linear(2, 1))})
    with pytest.raises(UsageError, match="critic has spectral norms"):
        Average(ours, ("critic",), 0.99)
    assert Average(ours, ("critic",), 0.0).networks["critic"](torch.ones(1, 2)).shape == (1, 1)
