"""The encoder: the discriminator's architecture with another head."""

import pytest
import torch

from course_lib.networks.dcgan import Discriminator
from course_lib.networks.encoders import GaussianEncoder


@pytest.mark.parametrize(("resolution", "channels"), [(16, 1), (32, 3)])
def test_it_gives_mean_and_log_variance(resolution, channels):
    encoder = GaussianEncoder(5, channels, resolution, 4)
    mean, log_variance = encoder(torch.zeros(2, channels, resolution, resolution))
    assert mean.shape == log_variance.shape == (2, 5)
    x = torch.randn(3, channels, resolution, resolution, generator=torch.Generator().manual_seed(0))
    mean, log_variance = encoder(x)
    assert not torch.equal(mean, log_variance) and not torch.allclose(mean[0], mean[1])


def test_all_but_the_head_is_the_discriminator():
    encoder, discriminator = GaussianEncoder(5, 1, 32, 8), Discriminator(1, 32, 8)
    ours, theirs = ([tuple(p.shape) for p in net.parameters()] for net in (encoder, discriminator))
    assert ours[:-2] == theirs[:-2] and ours[-2:] == [(10, 32, 4, 4), (10,)]
    assert encoder.layers[-1].weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="resolution"):
        GaussianEncoder(5, 1, 30)
