"""Layers that grow: the function is kept, the optimiser's state too, and what is new comes in by β."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.methods.optimisers import follow
from course_lib.networks.growth import (
    GrowingConv2d,
    GrowingLinear,
    grow_linear,
    he_deviation,
    with_corner,
)

KINDS = {
    "linear": lambda equalised: (GrowingLinear(5, 7, equalised=equalised), (4, 5), (4, 8)),
    "convolution": lambda equalised: (GrowingConv2d(5, 7, 3, equalised=equalised), (4, 5, 6, 6), (4, 8, 6, 6)),
    "closing convolution": lambda equalised: (
        GrowingConv2d(5, 7, 4, padded=False, equalised=equalised), (4, 5, 4, 4), (4, 8, 4, 4),
    ),
}  # fmt: skip


def test_a_corner_is_kept_and_what_is_around_it():
    old, new = torch.arange(6.0).view(2, 3), -torch.ones(4, 5)
    grown = with_corner(old, new)
    assert torch.equal(grown[:2, :3], old) and grown.sum() == old.sum() - 14
    assert torch.equal(new, -torch.ones(4, 5))
    with pytest.raises(ValueError, match="does not fit"):
        with_corner(new, old)


def test_he_keeps_the_second_moment_through_a_leaky_layer():
    torch.manual_seed(0)
    x = F.leaky_relu(torch.randn(4_000, 400) * math.sqrt(2 / 1.04), 0.2)  # E[x^2] = 1
    weight = torch.randn(300, 400) * he_deviation(400)
    assert F.leaky_relu(x @ weight.T, 0.2).square().mean().item() == pytest.approx(1, abs=0.05)


def test_a_grown_linear_layer_computes_what_it_computed():
    torch.manual_seed(0)
    layer, x, more = nn.Linear(3, 4), torch.randn(6, 3), 100 * torch.randn(6, 2)
    for new in ("zero", "he"):
        grown = grow_linear(layer, 5, 6, new)
        assert grown.weight.shape == (6, 5)
        assert torch.equal(grown.weight[:4, :3], layer.weight) and torch.equal(grown.bias[:4], layer.bias)
    grown = grow_linear(layer, 5)
    torch.testing.assert_close(grown(torch.cat([x, more], 1)), layer(x), atol=1e-6, rtol=0)
    grown(torch.cat([x, more], 1)).square().sum().backward()
    assert grown.weight.grad[:, 3:].abs().min() > 0, "new columns learn although they begin at zero"
    with pytest.raises(ValueError, match="does not fit"):
        grow_linear(layer, 2)


@pytest.mark.parametrize("equalised", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_at_beta_0_a_grown_layer_computes_what_it_computed(kind, equalised):
    torch.manual_seed(0)
    layer, shape, grown_shape = KINDS[kind](equalised)
    x, more = torch.randn(shape), torch.randn(grown_shape)
    more[:, :5] = x
    before = layer(x)
    layer.grow(8, 11)
    after = layer(more, torch.tensor(0.0))
    torch.testing.assert_close(after[:, :7], before, atol=1e-6, rtol=0)
    assert not after[:, 7:].any()
    full = layer(more, torch.tensor(1.0))
    assert (full[:, :7] - before).abs().max() > 0.1
    layer.settle()
    torch.testing.assert_close(layer(more), full)


@pytest.mark.parametrize("kind", KINDS)
def test_beta_multiplies_new_weights_and_no_others(kind):
    torch.manual_seed(0)
    layer, shape, grown_shape = KINDS[kind](False)
    layer.grow(8, 11)
    nn.init.normal_(layer.bias)
    weight, bias = layer.weights(0.3)
    new = torch.ones(11, 8, dtype=torch.bool)
    new[:7, :5] = False
    torch.testing.assert_close(weight[new], 0.3 * layer.weight[new])
    torch.testing.assert_close(weight[~new], layer.weight[~new])
    torch.testing.assert_close(bias, layer.bias * torch.tensor([1.0] * 7 + [0.3] * 4))


def test_an_equalised_weight_keeps_the_number_that_it_was_born_with():
    layer = GrowingConv2d(4, 4, 3, equalised=True)
    layer.grow(16, 4)
    layer.settle()
    scale = layer.weights()[0] / layer.weight
    torch.testing.assert_close(scale[:, :4], torch.full((4, 4, 3, 3), he_deviation(36)))
    torch.testing.assert_close(scale[:, 4:], torch.full((4, 12, 3, 3), he_deviation(144)))


def test_adam_goes_on_with_the_weights_that_stay():
    """One step after growth at β = 0 moves the kept weights as one step without growth does."""

    def trained(grow: bool) -> torch.Tensor:
        torch.manual_seed(0)
        layer = GrowingConv2d(3, 2, 3)
        optimizer = torch.optim.Adam(layer.parameters(), 0.01, (0.0, 0.99))
        x = torch.randn(8, 3, 5, 5)
        for step in range(6):
            if grow and step == 3:
                before = dict(layer.named_parameters())
                layer.grow(5, 4)
                follow(optimizer, before, dict(layer.named_parameters()))
                x = torch.cat([x, torch.randn(8, 2, 5, 5)], 1)
            optimizer.zero_grad()
            layer(x, 0.0)[:, :2].square().sum().backward()
            optimizer.step()
        return layer.weight.detach()[:2, :3]

    torch.testing.assert_close(trained(True), trained(False), atol=1e-6, rtol=0)


def test_a_layer_that_is_being_faded_in_does_not_grow_again():
    layer = GrowingLinear(2, 2)
    layer.grow(3, 2)
    with pytest.raises(ValueError, match="settle"):
        layer.grow(4, 2)
    layer.settle()
    layer.grow(4, 2)
    with pytest.raises(ValueError, match="does not fit"):
        GrowingLinear(4, 4).grow(3, 4)
