"""The classifier: shapes, size on disk, and that its features are what its last layer reads."""

import pytest
import torch

from course_lib.networks.classifier import FEATURES, Classifier


@pytest.mark.parametrize(
    ("channels", "resolution", "width"), [(1, 32, 32), (3, 64, 8), (1, 8, 4), (3, 24, 4)], ids=str
)
def test_images_become_features_and_logits(channels, resolution, width):
    network = Classifier(channels, 7, resolution, width).eval()
    x = torch.rand(2, channels, resolution, resolution) * 2 - 1
    assert network.features(x).shape == (2, FEATURES) == (2, 128)
    assert network(x).shape == (2, 7)
    torch.testing.assert_close(network(x), network.head(network.features(x)))


def test_the_standard_size_fits_the_zoo():
    network = Classifier(1, 10)
    assert sum(p.numel() for p in network.parameters()) < 1.2e6
    assert sum(t.numel() * t.element_size() for t in network.state_dict().values()) < 5_000_000


def test_every_weight_has_a_part_in_the_logits():
    network = Classifier(1, 10, 16, 8)
    network(torch.rand(4, 1, 16, 16)).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_an_image_is_judged_alone_in_evaluation_mode():
    network = Classifier(1, 10, 16, 8).train()
    x = torch.rand(6, 1, 16, 16)
    network(x)
    network.eval()
    torch.testing.assert_close(network(x)[2:3], network(x[2:3]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("resolution", [0, 4, 28, 33])
def test_a_resolution_that_cannot_be_halved_three_times_is_refused(resolution):
    with pytest.raises(ValueError, match=str(resolution)):
        Classifier(1, 10, resolution)


@pytest.mark.parametrize("shape", [(2, 3, 32, 32), (2, 1, 28, 28), (1, 32, 32)], ids=str)
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="images of shape"):
        Classifier(1, 10, 32, 4)(torch.zeros(shape))
