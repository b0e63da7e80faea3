"""Layers that see a batch, against loops over its samples."""

import math

import pytest
import torch
from torch import nn

from course_lib.networks import dcgan, mlp
from course_lib.networks.batch_aware import BatchAwareDiscriminator, virtual_generator
from course_lib.networks.layers import (
    MinibatchDeviation,
    MinibatchDiscrimination,
    VirtualBatch,
    VirtualBatchNorm,
    minibatch_deviation,
)


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# minibatch discrimination


def test_minibatch_discrimination_is_the_papers_sum():
    torch.manual_seed(0)
    layer, features = MinibatchDiscrimination(5, kernels=3, dim=2).double(), numbers(4, 5)
    tensor = layer.weight.detach().view(5, 3, 2)
    expected = torch.zeros(4, 3).double()
    for i in range(4):
        for j in range(4):
            for b in range(3):
                mine = [sum(features[i, a] * tensor[a, b, c] for a in range(5)) for c in range(2)]
                others = [sum(features[j, a] * tensor[a, b, c] for a in range(5)) for c in range(2)]
                expected[i, b] += math.exp(-sum(abs(p - q) for p, q in zip(mine, others, strict=True)))
    out = layer(features)
    assert torch.equal(out[:, :5], features)
    torch.testing.assert_close(out[:, 5:], expected)


def test_minibatch_discrimination_counts_a_collapsed_batch():
    layer = MinibatchDiscrimination(5).double()
    alike = layer(numbers(1, 5).expand(6, 5))[:, 5:]
    apart = layer(1e3 * numbers(6, 5))[:, 5:]
    torch.testing.assert_close(alike, torch.full_like(alike, 6))
    torch.testing.assert_close(apart, torch.ones_like(apart), atol=1e-6, rtol=0)


# minibatch deviation


@pytest.mark.parametrize(("batch", "group"), [(8, 4), (6, 2), (6, 4), (3, 3)])
def test_minibatch_deviation_is_that_of_strided_groups(batch, group):
    x = numbers(batch, 3, 2, 2)
    size = group if batch % group == 0 else batch
    groups = batch // size
    expected = torch.zeros(batch).double()
    for i in range(batch):
        members = [x[j] for j in range(batch) if j % groups == i % groups]
        assert len(members) == size
        middle = sum(members) / size
        biased = sum((m - middle) ** 2 for m in members) / size
        expected[i] = (biased + 1e-8).sqrt().mean()
    # the statistic itself is float32, whatever the features are
    torch.testing.assert_close(minibatch_deviation(x, group), expected, rtol=1e-5, atol=1e-6)


def test_minibatch_deviation_is_appended_as_one_more_map():
    x = numbers(8, 3, 2, 2)
    out = MinibatchDeviation()(x)
    assert torch.equal(out[:, :3], x) and out.shape == (8, 4, 2, 2)
    torch.testing.assert_close(out[:, 3], minibatch_deviation(x)[:, None, None].expand(8, 2, 2))
    assert MinibatchDeviation()(numbers(8, 5)).shape == (8, 6)


def test_a_collapsed_batch_has_no_deviation_and_a_finite_slope():
    x = numbers(1, 3).expand(8, 3).clone().requires_grad_(True)
    deviation = minibatch_deviation(x)
    deviation.sum().backward()
    assert deviation.max() < 1e-3 and x.grad.isfinite().all()


# virtual batch normalisation


@pytest.mark.parametrize("pixels", [(), (2, 3)])
def test_virtual_batch_norm_is_the_loop_over_examples(pixels):
    reference, x = numbers(3, 4, *pixels), numbers(5, 4, *pixels, seed=1)
    layer = VirtualBatchNorm(4, 3).double()
    with torch.no_grad():
        layer.weight.copy_(numbers(4, seed=2)), layer.bias.copy_(numbers(4, seed=3))
    out = layer(torch.cat([reference, x]))
    for c in range(4):
        first, second = reference[:, c].mean(), reference[:, c].square().mean()
        scale, shift = layer.weight[c], layer.bias[c]
        own = (reference[:, c] - first) / (second - first**2 + 1e-5).sqrt() * scale + shift
        torch.testing.assert_close(out[:3, c], own)
        for i in range(5):
            mean = (3 * first + x[i, c].mean()) / 4
            square = (3 * second + x[i, c].square().mean()) / 4
            expected = (x[i, c] - mean) / (square - mean**2 + 1e-5).sqrt() * scale + shift
            torch.testing.assert_close(out[3 + i, c], expected)


def test_no_example_of_a_virtual_batch_sees_another():
    torch.manual_seed(0)
    generator, z = virtual_generator(2, 3, 8, 2, reference=6).double(), numbers(5, 2)
    together = generator(z)
    alone = torch.cat([generator(row[None]) for row in z])
    torch.testing.assert_close(together, alone)
    # with ordinary batch normalisation they do
    plain = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)).double()
    assert (plain(z)[:2] - plain(z[:2])).abs().max() > 1e-3


def test_the_reference_batch_is_part_of_the_state():
    first, second = virtual_generator(2, 3, 8, 2), virtual_generator(2, 3, 8, 2)
    z = numbers(5, 2).float()
    assert not torch.equal(first(z), second(z))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(z), second(z)) and first.latent == 2
    assert "reference" in first.state_dict() and not first.reference.requires_grad


def test_the_reference_batch_comes_out_normalised():
    reference = 3 * numbers(50, 4) + 2
    network = VirtualBatch(nn.Sequential(VirtualBatchNorm(4, 50)).double(), reference)
    inside = network.network(reference)
    torch.testing.assert_close(inside.mean(0), torch.zeros(4).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(inside.var(0, correction=0), torch.ones(4).double(), atol=1e-4, rtol=0)
    # the reference batch itself does not come out
    assert network(numbers(2, 4)).shape == (2, 4)


# the players


@pytest.mark.parametrize("minibatch", ["none", "discrimination", "deviation"])
def test_a_batch_aware_discriminator_sees_its_batch_or_not(minibatch):
    torch.manual_seed(0)
    player = BatchAwareDiscriminator(mlp.Discriminator(2, 8, 2), torch.zeros(2, 2), minibatch)
    x = numbers(8, 2).float()
    logits, features = player(x), player.features(x)
    assert logits.shape == (8,) and features.shape == (8, 8)
    torch.testing.assert_close(features[:2], player.features(x[:2]))
    moved = torch.cat([x[:4], 3 * x[4:] + 1])
    same = torch.allclose(player(moved)[:4], logits[:4])
    assert same == (minibatch == "none")


@pytest.mark.parametrize("minibatch", ["none", "discrimination", "deviation"])
def test_a_batch_aware_discriminator_takes_images(minibatch):
    player = BatchAwareDiscriminator(dcgan.Discriminator(1, 16, 4), torch.zeros(2, 1, 16, 16), minibatch)
    assert player(numbers(8, 1, 16, 16).float()).shape == (8,)
    assert all(m.num_batches_tracked == 1 for m in player.modules() if isinstance(m, nn.BatchNorm2d))


def test_a_minibatch_layer_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="standard deviation"):
        BatchAwareDiscriminator(mlp.Discriminator(2, 8), torch.zeros(2, 2), "standard deviation")
