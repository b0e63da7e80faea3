"""Receptive fields against the gradient of real convolutions: where it is zero, nothing is seen."""

import pytest
import torch
from torch import nn

from course_lib.errors import UsageError
from course_lib.networks.attention import DiscriminatorBlock
from course_lib.theory.receptive_field import layers_to_join, receptive_field


def seen(network, side):
    """Side of the square of inputs on which the middle output depends."""
    x = torch.zeros(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    y = network.double()(x)
    middle = y.shape[2] // 2
    (slope,) = torch.autograd.grad(y[0, 0, middle, middle], x)
    rows = (slope[0, 0].abs().sum(1) > 0).nonzero()
    return int(rows.max() - rows.min()) + 1


@pytest.mark.parametrize("layers", [[(3, 1)], [(3, 1)] * 4, [(3, 1), (3, 1), (2, 2)] * 2, [(4, 2), (3, 1)]])
def test_it_is_where_the_gradient_is_not_zero(layers):
    parts = [nn.Conv2d(1, 1, kernel, stride, (kernel - 1) // 2) for kernel, stride in layers]
    network = nn.Sequential(*parts)
    for part in parts:
        nn.init.ones_(part.weight)
    assert seen(network, 64) == receptive_field(layers)


def test_blocks_of_the_discriminator_see_what_is_counted():
    torch.manual_seed(0)
    blocks = nn.Sequential(DiscriminatorBlock(1, 1, begin=True), DiscriminatorBlock(1, 1))
    for parameter in blocks.parameters():
        nn.init.constant_(parameter, 0.5)
    assert seen(blocks, 64) == receptive_field([(3, 1), (3, 1), (2, 2)] * 2) == 16


@pytest.mark.parametrize(("distance", "kernel"), [(0, 3), (1, 3), (2, 3), (31, 3), (31, 5), (7, 2)])
def test_layers_to_join_two_places_are_the_fewest(distance, kernel):
    count = layers_to_join(distance, kernel)
    assert receptive_field([(kernel, 1)] * count) >= distance + 1
    assert count == 0 or receptive_field([(kernel, 1)] * (count - 1)) < distance + 1


def test_what_sees_nothing_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        receptive_field([(0, 1)])
    with pytest.raises(UsageError, match="does not join"):
        layers_to_join(4, 1)
