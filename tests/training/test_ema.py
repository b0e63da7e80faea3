"""Averaged weights."""

import pytest
import torch
from torch import nn

from course_lib.methods.protocol import Method
from course_lib.training.ema import Average, normalise


def method(**networks: nn.Module) -> Method:
    made = Method(None, **networks)
    made.averaged = ("generator",)
    return made


def players(value: float) -> Method:
    made = method(generator=nn.Linear(2, 1), discriminator=nn.Linear(1, 1))
    nn.init.constant_(made.networks["generator"].weight, value)
    return made


def test_the_average_is_that_of_the_closed_form():
    weights = [0.0, 1.0, -2.0, 5.0, 3.0, 8.0]
    ours = players(weights[0])
    average = Average(ours, 0.4)
    expected = weights[0]
    for step, weight in enumerate(weights[1:], 1):
        nn.init.constant_(ours.networks["generator"].weight, weight)
        average.update(ours, step)
        decay = min(0.4, (step + 1) / (step + 10))
        expected = decay * expected + (1 - decay) * weight
    assert torch.allclose(average.networks["generator"].weight, torch.full((1, 2), expected))


def test_without_decay_it_is_the_last_weights():
    ours = players(1.0)
    average = Average(ours, 0.0)
    nn.init.constant_(ours.networks["generator"].weight, 0.1)
    average.update(ours, 1)
    assert torch.equal(average.networks["generator"].weight, ours.networks["generator"].weight)


def test_running_statistics_are_averaged_and_counters_copied():
    ours = method(generator=nn.BatchNorm1d(3))
    average = Average(ours, 0.5)
    ours.networks["generator"](torch.randn(8, 3) + 7)
    average.update(ours, 100)
    theirs, norm = average.networks["generator"], ours.networks["generator"]
    assert torch.allclose(theirs.running_mean, norm.running_mean / 2)
    assert theirs.num_batches_tracked == 1


def test_the_average_is_a_copy_that_does_not_train():
    ours = players(1.0)
    average = Average(ours, 0.9)
    assert list(average.networks) == ["generator"]
    assert not any(p.requires_grad for p in average.networks["generator"].parameters())
    nn.init.constant_(ours.networks["generator"].weight, 9.0)
    assert average.networks["generator"].weight.tolist() == [[1, 1]]


def test_the_networks_are_given_back_even_after_an_error():
    ours = players(1.0)
    last, other = ours.networks["generator"], ours.networks["discriminator"]
    average = Average(ours, 0.9)
    with pytest.raises(KeyError), average.applied(ours.networks):
        assert (
            ours.networks["generator"] is average.networks["generator"]
            and ours.networks["discriminator"] is other
        )
        raise KeyError
    assert ours.networks["generator"] is last and list(ours.networks) == ["generator", "discriminator"]


def test_its_state_comes_back():
    ours = players(1.0)
    average = Average(ours, 0.9)
    nn.init.constant_(ours.networks["generator"].weight, 2.0)
    average.update(ours, 50)
    fresh = Average(players(7.0), 0.9)
    fresh.load_state_dict(average.state_dict())
    assert torch.equal(fresh.networks["generator"].weight, average.networks["generator"].weight)


def spectral(seed: int) -> Method:
    torch.manual_seed(seed)
    norm = nn.utils.parametrizations.spectral_norm
    return method(
        generator=nn.Sequential(
            norm(nn.Linear(5, 4)), norm(nn.Conv2d(3, 2, 3)), norm(nn.ConvTranspose2d(3, 2, 3))
        )
    )


def raw(network: nn.Module) -> list[torch.Tensor]:
    return [layer.parametrizations.weight.original for layer in network]


def exact_norm(layer: nn.Module, weight: torch.Tensor) -> torch.Tensor:
    matrix = layer.parametrizations.weight[0]._reshape_weight_to_matrix(weight)
    return torch.linalg.matrix_norm(matrix.double(), 2)


def test_spectral_norms_of_an_average_are_those_of_the_averaged_weights():
    """The mean of quotients, or the mean of singular vectors, gives other networks: both are compared."""
    ours = spectral(0)
    average, expected = Average(ours, 0.5), [w.detach().clone() for w in raw(ours.networks["generator"])]
    for step in range(100, 106):
        for weight in raw(ours.networks["generator"]):
            with torch.no_grad():
                weight.add_(torch.randn_like(weight))
        expected = [
            (e + w.detach()) / 2 for e, w in zip(expected, raw(ours.networks["generator"]), strict=True)
        ]
        average.update(ours, step)
    with average.applied(ours.networks):
        network = ours.networks["generator"].eval()
        for layer, weight, before in zip(network, raw(network), expected, strict=True):
            torch.testing.assert_close(weight, before)
            torch.testing.assert_close(layer.weight, (weight / exact_norm(layer, weight)).float())


def test_an_average_with_spectral_norms_goes_on_as_if_it_had_not_been_looked_at():
    def run(look: bool) -> list[torch.Tensor]:
        ours = spectral(1)
        average = Average(ours, 0.9)
        for step in range(3):
            ours.networks["generator"][0](torch.randn(2, 5, generator=torch.Generator().manual_seed(step)))
            if look:
                average.state_dict()
            average.update(ours, step + 1)
        return list(average.state_dict()["generator"].values())

    assert all(torch.equal(a, b) for a, b in zip(run(True), run(False), strict=True))


def test_normalising_is_exact_where_one_power_iteration_is_not():
    network = spectral(2).networks["generator"]
    with torch.no_grad():
        raw(network)[0].mul_(torch.linspace(0.1, 3, 5))
    network.eval()
    off = abs(torch.linalg.matrix_norm(network[0].weight, 2) - 1)
    normalise(network)
    assert abs(torch.linalg.matrix_norm(network[0].weight, 2) - 1) < 1e-6 < off
