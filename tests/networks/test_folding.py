"""Batch normalisation folded away: the same function, and nothing folded that must not be."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from course_lib.networks.dcgan import Generator
from course_lib.networks.folding import folded


def worked(network: nn.Module, *shape: int) -> nn.Module:
    """With statistics and affine maps that are not those of a new network, in float64."""
    draw = torch.Generator().manual_seed(1)
    network.double().train()
    for part in network.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(part.weight, -2, 2, generator=draw)
            nn.init.normal_(part.bias, generator=draw)
    for _ in range(3):
        network(torch.randn(8, *shape, dtype=torch.float64, generator=draw))
    return network.eval()


def norms(network: nn.Module) -> int:
    return sum(isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)) for part in network.modules())


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (Generator(6, 1, 16, 4), (6,)),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()), (3, 9, 9)),
        (nn.Sequential(nn.Conv2d(4, 8, 3, groups=2, bias=False), nn.BatchNorm2d(8)), (4, 9, 9)),
        (nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 3)), (5,)),
    ],
)
def test_a_folded_network_is_the_same_function_with_the_same_slope(network, shape):
    network = worked(network, *shape)
    x = torch.randn(4, *shape, dtype=torch.float64, requires_grad=True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ours, theirs = folded(network), network
    assert norms(ours) == 0 < norms(theirs)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-12, rtol=1e-10)
    slopes = [torch.autograd.grad(f(x).sin().sum(), x)[0] for f in (ours, theirs)]
    torch.testing.assert_close(*slopes, atol=1e-12, rtol=1e-10)
    after = network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items()), "the network itself stays"


def test_what_cannot_be_folded_is_left_alone():
    hooked = nn.Conv2d(3, 4, 1)
    hooked.register_forward_hook(lambda module, inputs, output: output.relu())
    by_batch = nn.BatchNorm2d(4, track_running_stats=False)
    for layers in (
        [spectral_norm(nn.Conv2d(3, 4, 1)), nn.BatchNorm2d(4)],
        [hooked, nn.BatchNorm2d(4)],
        [nn.Conv2d(3, 4, 1), by_batch],
        [nn.Conv2d(3, 4, 1), nn.ReLU(), nn.BatchNorm2d(4)],
        [nn.ConvTranspose2d(3, 4, 2), nn.ReLU()],
    ):
        network = worked(nn.Sequential(*layers), 3, 5, 5)
        x = torch.randn(4, 3, 5, 5, dtype=torch.float64)
        assert norms(folded(network)) == norms(network)
        torch.testing.assert_close(folded(network)(x), network(x), atol=0, rtol=0)


def test_a_grouped_transposed_convolution_stays():
    network = worked(nn.Sequential(nn.ConvTranspose2d(4, 6, 2, groups=2), nn.BatchNorm2d(6)), 4, 5, 5)
    assert norms(folded(network)) == 1


def test_layers_keep_their_numbers():
    network = Generator(6, 1, 16, 4)
    names = [name for name, _ in network.named_modules()]
    assert [name for name, _ in folded(network).named_modules()] == names
