"""Super-resolution, the images that look alike when they are small, and what is measured on fresh samples."""

import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.data.resolution import reduced
from course_lib.errors import UsageError
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion import fresh_samples
from course_lib.inversion.super_resolution import look_alikes, upscale
from course_lib.methods.projection import Projection
from course_lib.networks.projection import Projection as Network
from course_lib.theory.fibres import linear_posterior


class Linear(nn.Module):
    def __init__(self, matrix):
        super().__init__()
        self.matrix, self.latent = nn.Parameter(matrix), matrix.shape[1]

    def forward(self, z):
        return (z @ self.matrix.T).reshape(-1, 1, 4, 4)


@pytest.fixture
def method():
    """A linear generator of 3 codes, 4 × 4 pixels, with the P that inverts it."""
    matrix = torch.randn(16, 3, generator=torch.Generator().manual_seed(0)) * 0.05
    network = Network(nn.Flatten(), 16, 3)
    made = Projection(Linear(matrix), network)
    with torch.no_grad():
        network.centre.zero_()
        network.spread.fill_(1.0)
        network.head.weight.copy_(linear_posterior(matrix.double()).matrix)
    return made


def images_of(method, n=6):
    return method.sample(method.latents(n, seeds.generator(3)))


def test_the_full_image_comes_back(method):
    found = upscale(method, images_of(method), resolution=4)
    torch.testing.assert_close(found.images, images_of(method), atol=1e-4, rtol=0)
    assert (found.consistency > 80).all()


def test_the_search_makes_the_answer_consistent(method):
    """P has never seen an enlarged image, so its answer is wrong; the search mends what the small image says."""
    small = reduced(images_of(method), 2)
    plain, searched = (upscale(method, small, resolution=4, steps=s) for s in (0, 200))
    torch.testing.assert_close(plain.consistency, psnr_per_image(small, reduced(plain.images, 2)))
    assert (searched.consistency > plain.consistency + 10).all() and (searched.consistency > 60).all()


def test_the_search_is_of_the_small_image_alone(method):
    """Four numbers fix three codes here: the search finds the only image that the small one can have come from."""
    images = images_of(method)
    found = upscale(method, reduced(images, 2), resolution=4, steps=600)
    torch.testing.assert_close(found.images, images, atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("small", "resolution", "steps", "match"),
    [
        (torch.zeros(1, 1, 2, 3), 4, 0, "are square"),
        (torch.zeros(1, 1, 8, 8), 4, 0, "more than the 4"),
        (torch.zeros(1, 1, 2, 2), 4, -1, "0 steps or more"),
        (torch.zeros(1, 1, 3, 3), 4, 5, "whole factor"),
    ],
)
def test_what_cannot_be_enlarged(method, small, resolution, steps, match):
    with pytest.raises(UsageError, match=match):
        upscale(method, small, resolution=resolution, steps=steps)


def test_look_alikes_are_those_of_the_fibre():
    """Images with the same mean, and others: at one pixel the former are at distance 0, at two they part."""
    x = torch.tensor([[[[1.0, -1.0], [1.0, -1.0]]]])
    pool = torch.stack([x[0], -x[0], x[0] * 0, x[0] + 0.5])
    one = look_alikes(reduced(x, 1), pool, 3)
    assert set(one.index[0].tolist()) == {0, 1, 2} and one.distance.abs().max() < 1e-6
    two = look_alikes(x, pool, 2)
    assert two.index[0].tolist() == [0, 3] and two.distance[0, 1].item() == pytest.approx(0.5 * 127.5)


def test_fresh_samples_of_a_network_that_recovers(method):
    found = fresh_samples.fresh(method, 32)
    assert found.latent.max() < 1e-6 and (found.psnr > 60).all()
    other = fresh_samples.fresh(method, 32, seed=1)
    assert not torch.equal(found.images, other.images)


def test_fresh_samples_of_a_network_that_says_the_mean(method):
    method.networks["projection"].head.weight.data.zero_()
    found = fresh_samples.fresh(method, 2000)
    estimate = fresh_samples.mean_of(found.latent)
    assert estimate.value == pytest.approx(1, abs=0.06) and estimate.interval[0] < 1 < estimate.interval[1]


def test_an_interval_of_a_mean_is_that_of_statistics():
    values = torch.randn(400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    low, high = fresh_samples.mean_of(values).interval
    assert (high - low) / 2 == pytest.approx(1.96 * values.std().item() / 20, rel=0.1)


def test_the_share_of_a_change_that_is_shown():
    torch.manual_seed(0)
    before, after, base = (torch.randn(3, 1, 4, 4) for _ in range(3))
    for share in (0.0, 0.4, 1.0):
        shown = fresh_samples.reproduced(before, after, base, base + share * (after - before))
        torch.testing.assert_close(shown, torch.full((3,), share, dtype=torch.float64), atol=1e-6, rtol=1e-5)
    orthogonal = torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 0], [0, 0]]]])
    other = torch.tensor([[[[0, 1.0], [0, 0]]]])
    assert fresh_samples.reproduced(*orthogonal, torch.zeros_like(other), other).item() == 0


def test_smoothing_lowers_sharpness():
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 1, 8, 8)
    assert fresh_samples.sharpness(stripes).item() == pytest.approx((0 + 4) / 2)
    blurred = (stripes + stripes.roll(1, 3)) / 2
    assert fresh_samples.sharpness(blurred).item() == 0


def readings(x):
    """Stands in for a judge: the means of the left and of the right half."""
    return torch.stack([x[..., :2].mean((1, 2, 3)), x[..., 2:].mean((1, 2, 3))], 1)


def test_what_a_judge_reads_differently_was_lost():
    torch.manual_seed(0)
    x = torch.randn(60, 1, 4, 4)
    read, binary = readings(x), torch.tensor([True, False])
    assert fresh_samples.kept_factors(read, read, binary) == {0: 1.0, 1: pytest.approx(1.0)}
    said = readings(torch.cat([x[..., :2], torch.zeros_like(x[..., 2:])], 3))
    kept = fresh_samples.kept_factors(read, said, binary)
    assert kept[0] == 1 and kept[1] == pytest.approx(0, abs=0.1)
    error = fresh_samples.factor_error(read, said, binary)
    torch.testing.assert_close(error, (read[:, 1].abs() / 2 / 2).double())
