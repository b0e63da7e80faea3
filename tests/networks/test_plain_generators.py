"""Generators without the DCGAN's rules."""

import pytest
import torch
from torch import nn

from course_lib.networks import dcgan
from course_lib.networks.plain_generators import ConstantWidthGenerator, PerceptronGenerator, generator


@pytest.mark.parametrize("architecture", ["dcgan", "constant", "mlp"])
@pytest.mark.parametrize(("channels", "resolution"), [(1, 16), (3, 32)])
def test_each_makes_images(architecture, channels, resolution):
    network = generator(architecture, 5, channels, resolution, 4, "none", "strided")
    images = network(torch.randn(3, 5))
    assert network.latent == 5 and images.shape == (3, channels, resolution, resolution)
    assert images.abs().max() <= 1 and images.std(0).max() > 0


def test_constant_width_is_constant_and_has_no_norm():
    layers = list(ConstantWidthGenerator(5, 1, 32, 12).layers)
    convolutions = [layer for layer in layers if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in convolutions] == [12, 12, 12, 1]
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in layers)


def test_the_perceptron_is_the_papers():
    network = PerceptronGenerator()
    linear = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [512, 512, 512, 512, 1024]
    assert not any(isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)) for m in network.modules())
    # He's initialisation: the size of activations survives four layers
    z = torch.randn(500, 64)
    before_tanh = nn.Sequential(*list(network.layers)[:8])(z)
    assert 0.5 < before_tanh.square().mean().sqrt() / z.square().mean().sqrt() < 2


def test_dcgan_is_the_dcgan():
    torch.manual_seed(0)
    ours = generator("dcgan", 5, 1, 16, 4, "batch", "strided")
    torch.manual_seed(0)
    theirs = dcgan.Generator(5, 1, 16, 4, "batch", "strided")
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ValueError, match="dcgan or constant or mlp, not transformer"):
        generator("transformer", 5, 1, 16, 4, "none", "strided")
