"""Self-attention against a loop over places, where it may look, and the players that hold it."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.gan import GANSettings
from course_lib.networks.attention import AttentionPair, SelfAttention
from course_lib.seeds import Draw

PAIR = {"latent": 6, "generator_width": 4, "discriminator_width": 4, "at": 8}


def layer(maps=16, looks="everywhere"):
    torch.manual_seed(0)
    attention = SelfAttention(maps, looks).double()
    attention.gamma.data.fill_(0.7)
    return attention


def test_attention_is_a_weighted_mean_of_pooled_values_at_every_place():
    attention, x = layer(), torch.randn(2, 16, 6, 6, dtype=torch.float64)
    got = attention(x)
    for b in range(2):
        query, key, value = (m(x[b : b + 1])[0] for m in (attention.query, attention.key, attention.value))
        keys, values = F.max_pool2d(key, 2).flatten(1), F.max_pool2d(value, 2).flatten(1)
        assert keys.shape == (2, 9) and values.shape == (8, 9)
        for i in range(6):
            for j in range(6):
                scores = torch.stack([query[:, i, j] @ keys[:, k] for k in range(9)])
                share = scores.exp() / scores.exp().sum()
                mixed = sum(share[k] * values[:, k] for k in range(9))
                expected = x[b, :, i, j] + 0.7 * attention.out.weight[:, :, 0, 0] @ mixed
                torch.testing.assert_close(got[b, :, i, j], expected)


def test_it_begins_as_the_identity_and_learns_to_look():
    attention, x = SelfAttention(16), torch.randn(2, 16, 6, 6)
    assert torch.equal(attention(x), x)
    attention(x).square().sum().backward()
    # gamma's gradient is the sum of <dL/dy, what was mixed>; the weights have gamma as a factor
    attention.gamma.data.fill_(1.0)
    mixed = (attention(x) - x).detach()
    torch.testing.assert_close(attention.gamma.grad, (2 * x * mixed).sum())
    assert attention.gamma.grad.abs() > 0
    for weight in (attention.query, attention.key, attention.value, attention.out):
        assert not weight.weight.grad.any()


def test_it_does_not_know_where_a_place_lies():
    attention, x = layer(), torch.randn(1, 16, 6, 6, dtype=torch.float64)

    def exchanged(maps):
        other = maps.clone()
        other[..., :2, :2], other[..., 2:4, 4:] = maps[..., 2:4, 4:], maps[..., :2, :2]
        return other

    torch.testing.assert_close(attention(exchanged(x)), exchanged(attention(x)))


@pytest.mark.parametrize("looks", ["everywhere", "near"])
def test_where_a_place_may_look(looks):
    attention = layer(looks=looks)
    x = torch.randn(1, 16, 16, 16, dtype=torch.float64)
    weights = attention.weights(x).view(16, 16, 8, 8)
    torch.testing.assert_close(weights.sum((2, 3)), torch.ones(16, 16, dtype=torch.float64))
    reached = (weights[6, 9] > 0).nonzero()  # the place (6, 9) lies in the pooled place (3, 4)
    if looks == "near":
        assert {tuple(p) for p in reached.tolist()} == {(a, b) for a in (2, 3, 4) for b in (3, 4, 5)}
        assert (weights[0, 0] > 0).sum() == 4, "at a corner"
    else:
        assert len(reached) == 64


def test_only_attention_carries_from_one_side_to_the_other():
    for looks, far in (("everywhere", True), ("near", False)):
        attention, x = layer(looks=looks), torch.randn(1, 16, 16, 16, dtype=torch.float64)
        other = x.clone()
        other[..., -1] += 1.0
        moved = (attention(other) - attention(x))[..., 0].abs().max() > 1e-9
        assert bool(moved) == far


@pytest.mark.parametrize("looks", ["everywhere", "near", "none"])
def test_the_pair_plays_with_spectral_norms_in_both(looks):
    torch.manual_seed(0)
    players = AttentionPair(**PAIR, looks=looks).build(DataSpec((3, 16, 16)))
    for network in players.values():
        assert sum(isinstance(m, SelfAttention) for m in network.modules()) == (looks != "none")
        layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        assert all(nn.utils.parametrize.is_parametrized(m, "weight") for m in layers)
    method = GANSettings(game="hinge", generator_lr=1e-4, discriminator_lr=4e-4, beta1=0.0).build(players)
    draw = Draw(0, step=0)
    metrics = method.step(Batch(draw.uniform(4, 3, 16, 16, purpose="data"), None, draw))
    assert all(value.isfinite() for value in metrics.values())
    assert method.sample(torch.randn(2, 6)).shape == (2, 3, 16, 16)


def test_a_place_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="--at 8 or 16"):
        AttentionPair(at=32).build(DataSpec((3, 32, 32)))
