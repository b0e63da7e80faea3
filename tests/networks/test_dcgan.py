"""The convolutional pair: shapes, the paper's rules, and that each switch does what it says and nothing else."""

import pytest
import torch
from torch import nn

from course_lib.networks import dcgan


def kinds(network):
    """The layers of a network in order, by class."""
    return [type(layer) for layer in network.layers]


def has(network, *classes):
    return any(isinstance(module, classes) for module in network.modules())


def images(n, channels=1, resolution=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, channels, resolution, resolution, generator=generator) * 2 - 1


@pytest.mark.parametrize("resolution", [8, 16, 32, 64])
@pytest.mark.parametrize("upsample", ["strided", "resize"])
@pytest.mark.parametrize("downsample", ["strided", "pool"])
def test_latents_become_images_and_images_logits(resolution, upsample, downsample):
    generator = dcgan.Generator(5, 3, resolution, 4, upsample=upsample)
    discriminator = dcgan.Discriminator(3, resolution, 4, downsample=downsample)
    x = generator(torch.randn(2, 5))
    assert generator.latent == 5
    assert x.shape == (2, 3, resolution, resolution)
    assert -1 <= x.min() < x.max() <= 1
    assert discriminator(x).shape == (2,)


@pytest.mark.parametrize("resolution", [0, 4, 28, 33, 48])
@pytest.mark.parametrize("network", [dcgan.Generator, dcgan.Discriminator])
def test_a_resolution_that_doubling_does_not_reach_is_refused(network, resolution):
    with pytest.raises(ValueError, match=str(resolution)):
        network(resolution=resolution)


@pytest.mark.parametrize(
    ("network", "switch"),
    [
        (dcgan.Generator, {"norm": "bach"}),
        (dcgan.Generator, {"norm": "spectral"}),
        (dcgan.Generator, {"upsample": "bilinear"}),
        (dcgan.Discriminator, {"norm": "layer"}),
        (dcgan.Discriminator, {"downsample": "average"}),
    ],
    ids=str,
)
def test_a_switch_that_does_not_exist_is_refused(network, switch):
    with pytest.raises(ValueError, match=next(iter(switch.values()))):
        network(**switch)


# the rules of the paper


def test_the_generator_keeps_the_papers_rules():
    layers = kinds(dcgan.Generator(resolution=32))
    step = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    # 4, 8 and 16 pixels with batch normalisation and ReLU; 32 with tanh and without
    assert layers == step * 3 + [nn.ConvTranspose2d, nn.Tanh]


def test_the_discriminator_keeps_the_papers_rules():
    layers = kinds(dcgan.Discriminator(resolution=32))
    normalised = [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert layers == [nn.Conv2d, nn.LeakyReLU] + normalised * 2 + [nn.Conv2d]


def test_there_is_no_dense_layer_and_no_pooling():
    for network in (dcgan.Generator(), dcgan.Discriminator()):
        assert not has(network, nn.Linear, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def test_widths_double_towards_four_pixels():
    generator, discriminator = dcgan.Generator(7, 3, 64, 16), dcgan.Discriminator(3, 64, 16)
    up = [m.out_channels for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    down = [m.in_channels for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert up == [128, 64, 32, 16, 3]
    assert down == [3, 16, 32, 64, 128]


def test_the_standard_sizes_have_the_documented_parameters():
    for network, number in ((dcgan.Generator, 295_873), (dcgan.Discriminator, 166_817)):
        assert sum(p.numel() for p in network().parameters()) == number
        assert f"{number:,}" in network.__doc__


def test_weights_start_as_the_paper_says():
    torch.manual_seed(0)
    for network in (dcgan.Generator(width=64), dcgan.Discriminator(width=64)):
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                n = module.weight.numel()
                assert abs(module.weight.std() - 0.02) < 0.02 * 4 / (2 * n) ** 0.5
                assert abs(module.weight.mean()) < 4 * 0.02 / n**0.5
                assert module.bias is None or not module.bias.any()
            if isinstance(module, nn.BatchNorm2d):
                assert 0.01 < module.weight.std() < 0.03 and abs(module.weight.mean() - 1) < 0.01
                assert not module.bias.any()


def test_no_bias_stands_before_batch_normalisation_and_one_everywhere_else():
    for network in (
        dcgan.Generator(),
        dcgan.Discriminator(),
        dcgan.Generator(norm="none"),
        dcgan.Discriminator(norm="none"),
        dcgan.Generator(upsample="resize"),
    ):
        layers = list(network.layers)
        for layer, following in zip(layers, layers[1:] + [None], strict=True):
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                assert (layer.bias is None) == isinstance(following, nn.BatchNorm2d)


@pytest.mark.parametrize("norm", ["batch", "none", "spectral"])
def test_every_weight_has_a_part_in_the_result(norm):
    torch.manual_seed(0)
    discriminator = dcgan.Discriminator(1, 16, 4, norm=norm)
    generator = dcgan.Generator(3, 1, 16, 4, norm="batch" if norm == "batch" else "none")
    discriminator(generator(torch.randn(8, 3))).square().sum().backward()
    for network in (generator, discriminator):
        assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


# the switches


def test_norm_none_has_no_normalisation_and_judges_each_image_alone():
    discriminator = dcgan.Discriminator(1, 16, 8, norm="none").train()
    assert not has(discriminator, nn.BatchNorm2d)
    x = images(6)
    torch.testing.assert_close(discriminator(x)[2:3], discriminator(x[2:3]), rtol=1e-5, atol=1e-7)


def test_batch_normalisation_lets_images_see_each_other_in_training_only():
    torch.manual_seed(0)
    discriminator = dcgan.Discriminator(1, 16, 8).train()
    x, y = images(6), images(6, seed=1)
    y[2] = x[2]
    assert (discriminator(x)[2] - discriminator(y)[2]).abs() > 1e-5
    discriminator.eval()
    torch.testing.assert_close(discriminator(x)[2], discriminator(y)[2], rtol=1e-5, atol=1e-7)


def test_the_generator_without_normalisation():
    generator = dcgan.Generator(3, 1, 16, 4, norm="none")
    assert not has(generator, nn.BatchNorm2d)
    z = torch.randn(4, 3)
    torch.testing.assert_close(generator(z)[1:2], generator(z[1:2]), rtol=1e-5, atol=1e-7)


def test_resize_replaces_every_strided_convolution_but_the_first():
    layers = kinds(dcgan.Generator(3, 1, 32, 4, upsample="resize"))
    assert layers.count(nn.ConvTranspose2d) == 1 and layers.count(nn.Upsample) == layers.count(nn.Conv2d) == 3


def test_pool_replaces_every_stride():
    discriminator = dcgan.Discriminator(1, 32, 4, downsample="pool")
    convolutions = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert kinds(discriminator).count(nn.MaxPool2d) == 3
    assert {m.stride for m in convolutions} == {(1, 1)}


def test_the_slope_is_that_of_the_negative_side_and_zero_is_relu():
    for slope in (0.0, 0.2):
        discriminator = dcgan.Discriminator(1, 16, 4, slope=slope)
        used = [m for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)]
        assert len(used) == 2
        assert used[0](torch.tensor([-1.0, 2.0])).tolist() == pytest.approx([-slope, 2])
        discriminator(images(4)).sum().backward()  # in place, which a negative slope would forbid


def test_spectral_norm_brings_every_largest_singular_value_to_one():
    torch.manual_seed(0)
    discriminator = dcgan.Discriminator(2, 16, 8, norm="spectral").train()
    convolutions = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        for m in convolutions:  # far from what the constructor normalised
            m.parametrizations.weight.original.add_(torch.randn_like(m.weight))
        for _ in range(100):
            discriminator(images(2, 2))
    assert not has(discriminator, nn.BatchNorm2d)
    discriminator.eval()
    for m in convolutions:
        largest = torch.linalg.svdvals(m.weight.detach().flatten(1))[0]
        assert m.parametrizations.weight.original.flatten(1).norm() > 2
        assert largest.item() == pytest.approx(1, abs=0.01)


def test_a_spectrally_normalised_discriminator_judges_each_image_alone():
    discriminator = dcgan.Discriminator(1, 16, 8, norm="spectral").eval()
    x = images(6)
    torch.testing.assert_close(discriminator(x)[2:3], discriminator(x[2:3]), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_the_layout_in_memory_changes_nothing(norm):
    torch.manual_seed(0)
    generator, discriminator = dcgan.Generator(3, 1, 16, 8, norm), dcgan.Discriminator(1, 16, 8, norm)
    z = torch.randn(8, 3)
    before = discriminator(generator(z))
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)
    torch.testing.assert_close(discriminator(generator(z)), before, rtol=1e-4, atol=1e-6)
