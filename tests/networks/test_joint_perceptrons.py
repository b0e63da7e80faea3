"""The perceptrons of a joint game: shapes, bounds, and a discriminator that reads both halves of a pair."""

import torch

from course_lib.data.spec import DataSpec
from course_lib.networks.joint_perceptrons import BiGANPerceptrons


def networks(**changes):
    torch.manual_seed(0)
    settings = {"latent": 5, "units": 16, "discriminator_units": 12} | changes
    return BiGANPerceptrons(**settings).build(DataSpec((3, 8, 8)))


def test_shapes_and_bounds():
    net = networks()
    z, x = torch.randn(7, 5), torch.rand(7, 3, 8, 8) * 2 - 1
    images = net["generator"](9 * z)
    assert images.shape == x.shape and images.abs().max() <= 1 and net["generator"].latent == 5
    assert net["encoder"](x).shape == (7, 5)
    assert net["encoder"](100 * x).abs().max() > 0 and net["discriminator"](x, z).shape == (7,)


def test_the_discriminator_reads_both_halves():
    d = networks()["discriminator"].eval()
    x, z = torch.rand(6, 3, 8, 8), torch.randn(6, 5)
    whole = d(x, z)
    assert (d(x.roll(1, 0), z) != whole).all() and (d(x, z.roll(1, 0)) != whole).all()


def test_without_normalisation_a_verdict_does_not_depend_on_the_batch():
    x, z = torch.rand(6, 3, 8, 8), torch.randn(6, 5)
    for norm in (False, True):
        d = networks(discriminator_norm=norm)["discriminator"]
        alone = d(x[:2], z[:2])
        assert torch.allclose(d(x, z)[:2], alone) == (not norm)
