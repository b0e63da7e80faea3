"""Slopes of critics: exact cases, and the order that they must keep."""

import pytest
import torch
from torch import nn

from course_lib.errors import UsageError
from course_lib.evaluation.lipschitz import (
    gradient_norms,
    greatest_pair_slope,
    layer_norm,
    slopes,
    upper_bound,
)
from course_lib.networks import dcgan, mlp


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Linear(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.layer = nn.Linear(len(weight), 1)
        self.layer.weight.data.copy_(weight[None])

    def forward(self, x):
        return self.layer(x).squeeze(1)


def test_a_linear_critic_has_one_slope():
    weight = torch.tensor([3.0, 4.0])
    critic, x = Linear(weight), drawn(50, 2)
    torch.testing.assert_close(gradient_norms(critic, x), torch.full((50,), 5.0).double())
    assert upper_bound(critic, (2,)) == pytest.approx(5)
    assert 4.5 < greatest_pair_slope(critic, x) <= 5 + 1e-5
    along = torch.outer(torch.arange(4.0), weight)
    assert greatest_pair_slope(critic, along) == pytest.approx(5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(5, 3), (5,)),
        (nn.Conv2d(2, 3, 4, 2, 1), (2, 8, 8)),
        (nn.Conv2d(2, 3, 3, 1, 1, bias=False), (2, 6, 6)),
        (nn.ConvTranspose2d(2, 3, 4, 2, 1), (2, 4, 4)),
    ],
    ids=["dense", "strided", "plain", "transposed"],
)
def test_the_norm_of_a_layer_is_the_largest_singular_value_of_its_matrix(layer, shape):
    basis = torch.eye(torch.Size(shape).numel()).view(-1, *shape)
    with torch.no_grad():
        matrix = (layer(basis) - layer(torch.zeros(1, *shape))).flatten(1)
    largest = torch.linalg.svdvals(matrix.double())[0].item()
    assert layer_norm(layer, shape, iterations=2000) == pytest.approx(largest, rel=1e-3)


def test_spectral_normalisation_bounds_the_matrix_and_not_the_convolution():
    """Miyato et al. (2018) divide by the norm of the kernel as a matrix; where patches overlap the layer has more."""
    torch.manual_seed(0)
    critic = dcgan.Discriminator(1, 16, 8, norm="spectral")
    for _ in range(30):  # power iterations, one a forward
        critic(drawn(2, 1, 16, 16))
    critic.eval()
    layer = critic.layers[2]
    assert torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() == pytest.approx(1, abs=0.02)
    norm = layer_norm(layer, (8, 8, 8))
    # kernel 4, stride 2: every entry lies in at most 4 patches, so the norm is at most sqrt(4) times that
    assert 1.05 < norm <= 2.05


@pytest.mark.parametrize("kind", ["mlp", "none", "spectral"])
def test_every_slope_keeps_below_the_bound(kind):
    torch.manual_seed(0)
    if kind == "mlp":
        critic, shape = mlp.Discriminator(2, 16, 2), (2,)
    else:
        critic, shape = dcgan.Discriminator(1, 8, 4, norm=kind), (1, 8, 8)
    found = slopes(critic, drawn(40, *shape), drawn(40, *shape, seed=1) + 1)
    assert found.data.shape == found.samples.shape == found.between.shape == (40,)
    highest = max(t.max().item() for t in (found.data, found.samples, found.between))
    assert 0 < highest <= found.bound * (1 + 1e-6)
    assert 0 < found.pair <= found.bound * (1 + 1e-6)
    assert critic.training, "left as it was"


def test_batch_normalisation_has_no_bound():
    critic = dcgan.Discriminator(1, 16, 4, norm="batch")
    with pytest.raises(UsageError, match="BatchNorm2d has none"):
        upper_bound(critic, (1, 16, 16))
    x = drawn(4, 1, 16, 16)
    assert slopes(critic, x, x + 1).bound is None
    steep = nn.Sequential(nn.Linear(2, 1), nn.LeakyReLU(3.0), nn.Flatten(0))
    with pytest.raises(UsageError, match="LeakyReLU"):
        upper_bound(steep, (2,))
