"""Where attention looks: maps of layers inside a network, and distances of maps that are known."""

import pytest
import torch

from course_lib.data.spec import DataSpec
from course_lib.evaluation.attention_maps import attention_maps, distances
from course_lib.networks.attention import AttentionPair


def players(looks):
    torch.manual_seed(0)
    return AttentionPair(latent=6, generator_width=4, discriminator_width=4, at=8, looks=looks).build(
        DataSpec((3, 16, 16))
    )


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_maps_are_shares_and_nothing_is_changed(role):
    network = players("everywhere")[role]
    inputs = torch.randn(3, 6) if role == "generator" else torch.rand(3, 3, 16, 16) * 2 - 1
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ((layer, weights),) = attention_maps(network, inputs)
    assert weights.shape == (3, 8, 8, 4, 4) and layer.gamma == 0 and network.training
    torch.testing.assert_close(weights.sum((3, 4)), torch.ones(3, 8, 8))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_without_attention_has_no_maps():
    assert list(attention_maps(players("none")["generator"], torch.randn(2, 6))) == []


def test_distances_of_maps_that_are_known():
    even = torch.full((2, 8, 8, 4, 4), 1 / 16)
    found = distances(even)
    assert found.mean == pytest.approx(found.even) and found.other == pytest.approx(0.5)
    own, mirror = torch.zeros(1, 8, 8, 4, 4), torch.zeros(1, 8, 8, 4, 4)
    for i in range(8):
        for j in range(8):
            own[0, i, j, i // 2, j // 2] = 1.0
            mirror[0, i, j, i // 2, 3 - j // 2] = 1.0
    # the middle of a place lies half a place off the middle of its pooled one, in both directions
    assert distances(own).mean == pytest.approx(0.5**0.5) and distances(own).other == 0
    assert distances(mirror).other == pytest.approx(1.0)
    assert distances(mirror).mean > distances(own).mean
