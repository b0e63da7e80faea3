"""pSNR, SSIM and perceptual distance: against loops in float64, other implementations, and hand-made cases."""

import math

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.perception import Judge
from course_lib.evaluation.reconstruction import (
    pair_distances,
    perceptual_distance,
    psnr,
    psnr_per_image,
    ssim,
    ssim_per_image,
)


def pair(n=3, channels=2, side=16, noise=0.3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    images = torch.rand(n, channels, side, side, generator=rng) * 2 - 1
    return images, (images + noise * torch.randn(images.shape, generator=rng)).clamp(-1, 1)


def test_psnr_of_a_known_error():
    images = torch.zeros(2, 1, 4, 4)
    # 0.2 in [-1, 1] is 0.1 in [0, 1]: 20 log10(1/0.1) = 20 dB, with a plus
    torch.testing.assert_close(psnr_per_image(images, images + 0.2), torch.full((2,), 20.0).double())
    one_pixel = images.clone()
    one_pixel[:, 0, 0, 0] = 2 * 0.4  # mean squared error 0.16/16 = 0.01
    torch.testing.assert_close(psnr_per_image(images, one_pixel), torch.full((2,), 20.0).double())


def test_psnr_is_that_of_a_float64_loop_and_of_torchmetrics():
    images, others = pair()
    by_hand = []
    for a, b in zip(images.double().numpy(), others.double().numpy(), strict=True):
        mse = np.mean(((a + 1) / 2 - (b + 1) / 2) ** 2)
        by_hand.append(20 * math.log10(1 / math.sqrt(mse)))
    np.testing.assert_allclose(psnr_per_image(images, others), by_hand, rtol=1e-12)
    functional = pytest.importorskip("torchmetrics.functional.image")
    theirs = functional.peak_signal_noise_ratio(
        (others.double() + 1) / 2,
        (images.double() + 1) / 2,
        data_range=1.0,
        reduction="elementwise_mean",
        dim=(1, 2, 3),
    )
    assert psnr(images, others) == pytest.approx(theirs.item(), rel=1e-6)  # theirs ends in float32


def test_the_mean_of_psnrs_is_not_the_psnr_of_the_mean_error():
    images = torch.zeros(2, 1, 4, 4)
    others = torch.stack([images[0] + 0.2, images[0] + 0.02])  # 20 dB and 40 dB
    assert psnr(images, others) == pytest.approx(30)
    pooled = psnr(images.view(1, 1, 8, 4), others.view(1, 1, 8, 4))
    assert pooled == pytest.approx(-10 * math.log10((0.01 + 0.0001) / 2)) and pooled < 30


def test_psnr_of_equal_images_is_infinite():
    images, others = pair()
    others[1] = images[1]
    values = psnr_per_image(images, others)
    assert values.isinf().tolist() == [False, True, False] and values[1] > 0
    assert psnr(images, others) == math.inf


def ssim_by_loops(a, b):
    """Wang et al. (2004), equation 13, by its sums: one image of one channel, in [0, 1], float64."""
    at = np.arange(11) - 5
    window = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for y in range(a.shape[0] - 10):
        for x in range(a.shape[1] - 10):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            numerator = (2 * mp * mq + 0.01**2) * (2 * cov + 0.03**2)
            values.append(numerator / ((mp**2 + mq**2 + 0.01**2) * (vp + vq + 0.03**2)))
    return np.mean(values)


def test_ssim_is_that_of_a_float64_loop():
    images, others = pair()
    to_unit = [((x.double() + 1) / 2).numpy() for x in (images, others)]
    expected = [
        np.mean([ssim_by_loops(*channels) for channels in zip(a, b, strict=True)])
        for a, b in zip(*to_unit, strict=True)
    ]
    found = ssim_per_image(images, others)
    assert found.shape == (3,) and 0 < found.min() < found.max() < 1
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert ssim(images, others) == pytest.approx(np.mean(expected))


def test_ssim_is_that_of_torchmetrics_where_the_window_lies_inside():
    functional = pytest.importorskip("torchmetrics.functional.image")
    images, others = pair(channels=3, side=20, seed=1)
    _, full = functional.structural_similarity_index_measure(
        (others.double() + 1) / 2, (images.double() + 1) / 2, data_range=1.0, return_full_image=True
    )
    inside = full[..., 5:-5, 5:-5].mean((1, 2, 3))  # its mean also takes the border, which it mirrors
    torch.testing.assert_close(ssim_per_image(images, others), inside, rtol=1e-9, atol=0)


def test_ssim_of_equal_flat_and_opposite_images():
    images, _ = pair()
    torch.testing.assert_close(ssim_per_image(images, images), torch.ones(3).double())
    # flat images: only the luminance term, (2 · ¼ · ¾ + C1) / (1/16 + 9/16 + C1)
    flat = torch.zeros(1, 1, 12, 12)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert ssim(flat - 0.5, flat + 0.5) == pytest.approx(expected, rel=1e-9)
    assert ssim(images, -images) < 0  # negatives vary oppositely


def halves(images):
    """Two stages: the pixels of a colour image, and their averages."""
    return [images, torch.nn.functional.avg_pool2d(images, 2)]


def test_perceptual_distance_is_that_of_a_float64_loop():
    images, others = pair(n=4, channels=3, side=8)
    found = perceptual_distance(images, others, Judge("pixels", halves), batch=3)
    expected = []
    for x, y in zip(images, others, strict=True):
        total = 0.0
        for a, b in zip(halves(x[None].double()), halves(y[None].double()), strict=True):
            a, b = a[0].numpy(), b[0].numpy()
            places = []
            for i in range(a.shape[1]):
                for j in range(a.shape[2]):
                    p, q = a[:, i, j] / np.linalg.norm(a[:, i, j]), b[:, i, j] / np.linalg.norm(b[:, i, j])
                    places.append(((p - q) ** 2).sum())
            total += np.mean(places)
        expected.append(total)
    np.testing.assert_allclose(found.per_image, expected, rtol=1e-6)  # stages are float32
    assert found.value == pytest.approx(np.mean(expected), rel=1e-6) and found.judge == "pixels"


def test_perceptual_distance_ignores_the_length_of_features_and_bounds_their_angle():
    images, _ = pair(channels=3, side=8)
    assert perceptual_distance(images, 0.5 * images, Judge("pixels", halves)).value < 1e-12
    # opposite vectors are 2 apart: squared 4, at two stages
    assert perceptual_distance(images, -images, Judge("pixels", halves)).value == pytest.approx(8)


def test_perceptual_distance_by_an_extractor_names_it_and_grows_with_the_damage(zoo, image_set):
    images = image_set(20).tensor(slice(0, 20))
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    found = [perceptual_distance(images, images + s * noise, "fashion-classifier") for s in (0, 0.1, 0.5)]
    assert {f.judge for f in found} == {"fashion-classifier"}
    assert found[0].value == 0 < found[1].value < found[2].value
    with pytest.raises(CourseError, match=r"\(1, 16, 16\)"):
        perceptual_distance(images[..., :8, :8], images[..., :8, :8], "fashion-classifier")


@pytest.mark.parametrize("measure", [psnr, ssim, perceptual_distance])
@pytest.mark.parametrize(
    "shapes",
    [[(2, 1, 16, 16), (3, 1, 16, 16)], [(16, 16), (16, 16)], [(0, 1, 16, 16), (0, 1, 16, 16)]],
)
def test_shapes_that_cannot_be_compared_are_refused(measure, shapes):
    with pytest.raises(UsageError, match="N, C, H, W"):
        measure(*(torch.zeros(shape) for shape in shapes))


def test_ssim_refuses_images_smaller_than_its_window():
    with pytest.raises(UsageError, match="11 × 11"):
        ssim(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))


def test_distances_to_own_and_to_other_reconstructions():
    images = torch.tensor([-1.0, 0.0, 1.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2)  # in [0, 1]: 0, a half, 1
    exact = pair_distances(images, images)
    # of the six ordered pairs of others four are a half apart in each of 4 pixels, two are 1 apart
    assert exact.own == 0 and exact.others == pytest.approx((4 * 1 + 2 * 2) / 6) and exact.ratio == 0
    swapped = pair_distances(images, images[[1, 2, 0]])
    assert swapped.own == pytest.approx((1 + 1 + 2) / 3)
    assert swapped.own * 3 + swapped.others * 6 == pytest.approx(exact.others * 6), "the same nine pairs"
    with pytest.raises(UsageError, match="at least two"):
        pair_distances(images[:1], images[:1])
