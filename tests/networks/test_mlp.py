"""The fully connected pair: shapes, size, start, and that a generator without hidden layers has a known law."""

import math

import pytest
import torch

from course_lib.networks import mlp


@pytest.mark.parametrize(("latent", "dim", "width", "depth"), [(2, 2, 128, 3), (1, 1, 16, 1), (5, 3, 8, 0)])
def test_latents_become_points_and_points_logits(latent, dim, width, depth):
    generator = mlp.Generator(latent, dim, width, depth)
    discriminator = mlp.Discriminator(dim, width, depth)
    x = generator(torch.randn(7, latent))
    assert generator.latent == latent
    assert x.shape == (7, dim)
    assert discriminator(x).shape == (7,)
    assert discriminator(x[:1]).shape == (1,)  # a single sample is still a batch


def test_the_number_of_parameters_is_that_of_its_layers():
    def layers(*sizes):
        return sum(a * b + b for a, b in zip(sizes, sizes[1:], strict=False))

    def count(network):
        return sum(p.numel() for p in network.parameters())

    assert count(mlp.Generator(2, 2)) == layers(2, 128, 128, 128, 2) == 33_666
    assert count(mlp.Discriminator(2)) == layers(2, 128, 128, 128, 1) == 33_537
    assert count(mlp.Discriminator(1, 64, 2)) == layers(1, 64, 64, 1)


def test_hidden_layers_keep_the_scale_of_their_inputs():
    """He et al. (2015): the mean square of the activations neither grows nor dies over twenty layers."""
    torch.manual_seed(0)
    network = mlp.Discriminator(256, 256, 20)
    x = torch.randn(256, 256)
    linear = torch.nn.Linear
    mean_squares = []
    for layer in network.layers[:-1]:
        x = layer(x)
        if isinstance(layer, linear):
            mean_squares.append(x.square().mean().item())
    # slope a: a hidden layer's pre-activations have 2/(1 + a^2) of the variance of its inputs, halved by the next
    assert all(0.5 < m / mean_squares[0] < 2 for m in mean_squares)
    assert all(not layer.bias.any() for layer in network.layers[:-1] if isinstance(layer, linear))


def test_the_generator_is_unbounded():
    generator = mlp.Generator(2, 2, 8)
    assert generator(1e3 * torch.randn(64, 2)).abs().max() > 1


def test_samples_do_not_see_each_other():
    torch.manual_seed(0)
    discriminator, x = mlp.Discriminator(2), torch.randn(6, 2)
    torch.testing.assert_close(discriminator(x)[2:3], discriminator(x[2:3]))


def test_a_gaussian_generator_has_the_law_it_says():
    generator = mlp.gaussian_generator((1.0, -2.0), 0.5)
    x = generator(torch.randn(20_000, generator.latent, generator=torch.Generator().manual_seed(0)))
    error = 0.5 / math.sqrt(20_000)
    assert ((x.mean(0) - torch.tensor([1.0, -2.0])).abs() < 4 * error).all()
    torch.testing.assert_close(x.T.cov(), 0.25 * torch.eye(2), rtol=0, atol=0.25 * 4 * math.sqrt(2 / 20_000))
    assert mlp.gaussian_generator(0.4, 1.8)(torch.zeros(3, 1)).flatten().tolist() == pytest.approx([0.4] * 3)
