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
    mixing_layer,
)
from course_lib.objectives.penalties import squared_gradient_norm


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
    torch.testing.assert_close(minibatch_deviation(x, group), expected)  # float64, as the features are


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


@pytest.mark.parametrize("pixels", [(), (4, 4)])
@pytest.mark.parametrize(
    ("dtype", "mean", "std"),
    [
        (torch.bfloat16, 3, 0.05),
        (torch.float16, 30, 0.1),
        (torch.float32, 1e3, 0.05),
        (torch.float64, 1e6, 1.0),
    ],
)
def test_virtual_batch_norm_is_stable_where_the_mean_is_large(dtype, mean, std, pixels):
    """The mean of squares less the square of the mean loses every digit of the variance here."""
    x = (mean + std * numbers(200, 3, *pixels)).to(dtype)
    out = VirtualBatchNorm(3, 100)(x) if dtype != torch.float64 else VirtualBatchNorm(3, 100).double()(x)
    assert out.dtype == dtype
    dims = [0, *range(2, x.ndim)]
    assert (out.double().mean(dims).abs() < 0.35).all() and ((out.double().std(dims) - 1).abs() < 0.2).all()


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


def test_a_virtual_batch_whose_layers_expect_another_reference_is_refused():
    """They would take rows of the batch for the reference, and its examples would influence each other."""
    with pytest.raises(ValueError, match="50 rows.* 8"):
        VirtualBatch(nn.Sequential(VirtualBatchNorm(4, 50)), numbers(8, 4))


# which networks have a gradient per image


def flat_discriminator(*layers):
    """Points (B, 4) -> (B,) logits, with layers between two linear ones."""
    return nn.Sequential(nn.Linear(4, 8), *layers, nn.Tanh(), nn.LazyLinear(1), nn.Flatten(0))


NETWORKS = {
    "none": lambda: flat_discriminator(),
    "layer norm": lambda: flat_discriminator(nn.LayerNorm(8)),
    "group norm": lambda: flat_discriminator(nn.GroupNorm(2, 8)),
    "instance norm": lambda: flat_discriminator(nn.Unflatten(1, (2, 4)), nn.InstanceNorm1d(2), nn.Flatten()),
    "spectral norm": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 2, 2)), nn.Upsample((8, 8)), dcgan.Discriminator(1, 8, 4, "spectral")
    ),
    "batch norm": lambda: flat_discriminator(nn.BatchNorm1d(8)),
    "batch norm without statistics": lambda: flat_discriminator(nn.BatchNorm1d(8, track_running_stats=False)),
    "minibatch discrimination": lambda: flat_discriminator(MinibatchDiscrimination(8)),
    "minibatch deviation": lambda: flat_discriminator(MinibatchDeviation()),
    "virtual batch norm": lambda: flat_discriminator(VirtualBatchNorm(8, 3)),
    "virtual batch": lambda: VirtualBatch(flat_discriminator(VirtualBatchNorm(8, 3)), numbers(3, 4)),
    "virtual batch with a minibatch layer": lambda: VirtualBatch(
        flat_discriminator(VirtualBatchNorm(8, 3), MinibatchDeviation()), numbers(3, 4)
    ),
    "batch-aware, none": lambda: BatchAwareDiscriminator(mlp.Discriminator(4, 8, 2), torch.zeros(2, 4)),
    "batch-aware, deviation": lambda: BatchAwareDiscriminator(
        mlp.Discriminator(4, 8, 2), torch.zeros(2, 4), "deviation"
    ),
    "batch-aware, discrimination": lambda: BatchAwareDiscriminator(
        mlp.Discriminator(4, 8, 2), torch.zeros(2, 4), "discrimination"
    ),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_is_said_to_mix_exactly_if_a_logit_depends_on_other_examples(kind):
    torch.manual_seed(0)
    network, x = NETWORKS[kind](), numbers(8, 4)
    network(x.float())  # lazy layers take their shape
    network.double()
    jacobian = torch.autograd.functional.jacobian(network, x)  # (8, 8, 4): of each logit by each example
    own = torch.eye(8, dtype=torch.bool)
    mixes = jacobian[~own].abs().max() > 1e-8 * jacobian[own].abs().max()
    assert (mixing_layer(network) is not None) == mixes
    # and what that means for a penalty: the norm of the summed gradient is that of each logit's own, or is not
    own_norms = jacobian[range(8), range(8)].square().sum(1)
    x.requires_grad_(True)
    together = squared_gradient_norm(network(x), x)
    # a hundredth, for a power iteration goes on between two forwards
    assert torch.allclose(together, own_norms, rtol=1e-2) == (not mixes)


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


def last_layer(discriminator):
    return [m for m in discriminator.modules() if isinstance(m, (nn.Linear, nn.Conv2d))][-1]


@pytest.mark.parametrize("minibatch", ["none", "discrimination", "deviation"])
@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_the_last_layer_is_normed_as_the_one_it_replaces(norm, minibatch):
    torch.manual_seed(0)
    player = BatchAwareDiscriminator(
        dcgan.Discriminator(1, 16, 4, norm), torch.zeros(2, 1, 16, 16), minibatch
    )
    with torch.no_grad():  # a weight far from norm 1; the power iteration of each forward finds it
        last = player.head
        raw = last.parametrizations.weight.original if norm == "spectral" else last.weight
        raw.mul_(100)
        for _ in range(20):
            player(numbers(8, 1, 16, 16).float())
        largest = torch.linalg.matrix_norm(player.head.weight, 2).item()
    assert (largest == pytest.approx(1, abs=1e-3)) == (norm == "spectral")


@pytest.mark.parametrize("minibatch", ["none", "discrimination", "deviation"])
@pytest.mark.parametrize("kind", ["dcgan", "mlp"])
def test_the_last_layer_is_drawn_as_the_one_it_replaces(kind, minibatch):
    """Mean and spread of weights and bias over 200 draws: of the original's last layer and of the new one."""
    weights, biases = {"old": [], "new": []}, {"old": [], "new": []}
    torch.manual_seed(0)
    for _ in range(200):
        if kind == "dcgan":
            old, example = dcgan.Discriminator(1, 16, 2), torch.zeros(2, 1, 16, 16)
        else:
            old, example = mlp.Discriminator(2, 64, 2), torch.zeros(2, 2)
        layers = {"old": last_layer(old), "new": BatchAwareDiscriminator(old, example, minibatch).head}
        for which, layer in layers.items():
            weights[which].append(layer.weight.detach().flatten())
            biases[which].append(layer.bias.detach())
    old, new = (torch.cat(weights[which]) for which in ("old", "new"))
    assert new.std() == pytest.approx(old.std().item(), rel=0.1) and new.mean().abs() < 0.1 * old.std()
    old, new = (torch.cat(biases[which]) for which in ("old", "new"))
    assert new.std() == pytest.approx(old.std().item(), rel=0.2, abs=1e-9)


def test_a_minibatch_layer_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="standard deviation"):
        BatchAwareDiscriminator(mlp.Discriminator(2, 8), torch.zeros(2, 2), "standard deviation")
