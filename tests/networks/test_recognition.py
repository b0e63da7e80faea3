"""Networks of InfoGAN, IB-GAN and the β-VAE: shapes, the authors' sizes, what is shared, what is refused."""

import itertools

import pytest
import torch
from torch import nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.bernoulli import BernoulliAutoencoder
from course_lib.networks.bottleneck import IBGANNetworks, LatentEncoder
from course_lib.networks.dense import DenseGenerator
from course_lib.networks.recognition import InfoGANNetworks
from course_lib.networks.trunks import trunk

NARROW = {"generator_width": 4, "discriminator_width": 4, "recognition_hidden": 8}


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("design", "sharing", "norm", "resolution"),
    [
        *itertools.product(["dcgan", "dense"], ["trunk", "front", "none"], ["batch"], [16, 32]),
        ("dcgan", "trunk", "spectral", 32),
        ("dense", "none", "none", 32),
    ],
)
def test_all_players_fit_each_other(design, sharing, norm, resolution):
    settings = InfoGANNetworks(design=design, sharing=sharing, discriminator_norm=norm, noise=3, **NARROW)
    players = settings.build(DataSpec((3, resolution, resolution)))
    images = players["generator"](torch.randn(4, players["generator"].latent))
    assert players["generator"].latent == 15 and images.shape == (4, 3, resolution, resolution)
    assert images.abs().max() <= 1
    features = players["discriminator"].features(images)
    logits = players["discriminator"].judge(features)
    torch.testing.assert_close(logits, players["discriminator"].train()(images), rtol=1e-2, atol=1e-2)
    assert logits.shape == (4,)
    seen = features if sharing != "none" else images
    assert players["recognition"](seen).shape == (4, 12) and players["recognition"].codes.answers == 12


def test_what_q_shares_it_does_not_own():
    def size(sharing):
        return parameters(
            InfoGANNetworks(sharing=sharing, design="dense").build(DataSpec((1, 32, 32)))["recognition"]
        )

    assert size("trunk") < size("front") < size("none")


def test_a_deviation_that_is_learnt_doubles_what_q_says_of_continuous_codes():
    def answers(deviation):
        networks = InfoGANNetworks(codes="categorical:4, gaussian:3", deviation=deviation, **NARROW)
        return networks.build(DataSpec((1, 16, 16)))["recognition"].codes.answers

    assert (answers(1.0), answers(0.0)) == (7, 10)
    assert InfoGANNetworks(deviation=0.5).latent_codes().deviation == 0.5


def test_the_encoder_of_the_authors_has_their_layers():
    """16 -> 32 -> 32 -> 20 for sprites; on faces 64 -> 64 -> 64 -> ... with batch normalisation."""
    players = IBGANNetworks(**NARROW).build(DataSpec((1, 64, 64)))
    linear = [m for m in players["encoder"].modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(16, 32), (32, 32), (32, 20)]
    assert players["generator"].latent == 10 and players["recognition"].codes.size == 16
    mean, log_variance = players["encoder"](torch.randn(5, 16))
    assert mean.shape == log_variance.shape == (5, 10)
    normed = LatentEncoder(8, 2, (6, 4), normalised=True)
    assert sum(isinstance(m, nn.BatchNorm1d) for m in normed.modules()) == 2


def test_the_dense_generator_has_the_authors_size():
    """Counted layer by layer as they print it, at 64 pixels with 16 maps and r of 10 numbers; biases before batch
    normalisation, which it takes away again, are left out here."""
    found = parameters(DenseGenerator(10, 1, 64, 16))
    dense = 10 * 256 + 2 * 256 + 256 * 4096 + 2 * 4096
    maps = 2 * (64 * 64 * 9 + 2 * 64) + (64 * 32 * 16 + 2 * 32) + (32 * 16 * 16 + 2 * 16) + (16 * 16 + 1)
    assert found == dense + maps


def test_the_logits_of_a_bernoulli_generator_are_those_of_its_means():
    for design in ("dcgan", "dense"):
        autoencoder = BernoulliAutoencoder(latent=3, design=design, generator_width=4, encoder_width=4)
        generator = autoencoder.build(DataSpec((1, 16, 16)))["generator"].double().eval()
        z = torch.randn(5, 3, dtype=torch.float64)
        torch.testing.assert_close(2 * generator.logits(z).sigmoid() - 1, generator(z))


def test_weights_may_be_orthogonal():
    encoder = IBGANNetworks(initialisation="orthogonal", **NARROW).build(DataSpec((1, 16, 16)))["encoder"]
    weight = encoder.layers[2].weight
    torch.testing.assert_close(weight @ weight.T, torch.eye(32), atol=1e-5, rtol=0)


def test_what_cannot_be_built_is_refused():
    for resolution in (8, 24, 48):
        with pytest.raises(ValueError, match="resolution must be"):
            trunk("dense", 1, resolution, 4, "batch")
    with pytest.raises(UsageError, match="names no code"):
        IBGANNetworks(codes="gaussian")
    with pytest.raises(UsageError, match="not points"):
        InfoGANNetworks().build(DataSpec((2,)))
