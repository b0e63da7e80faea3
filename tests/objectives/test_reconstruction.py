"""Reconstruction losses: against loops in NumPy, and the pyramid against its definition."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.errors import UsageError
from course_lib.objectives import reconstruction
from course_lib.objectives.reconstruction import (
    RECONSTRUCTION,
    from_laplacian_pyramid,
    halving,
    l2,
    l2_lap1,
    lap1,
    laplacian_pyramid,
    loss_named,
    perceptual,
)


def pictures(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


# an independent pyramid: loops over pixels, one image at a time

TAPS = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


def smaller(x):
    h, w = x.shape
    padded = np.pad(x, 2, mode="reflect")
    out = np.empty(((h + 1) // 2, (w + 1) // 2))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (padded[2 * i : 2 * i + 5, 2 * j : 2 * j + 5] * TAPS).sum()
    return out


def larger(x, h, w):
    padded = np.pad(x, 1, mode="edge")
    spread = np.zeros((2 * padded.shape[0] + 4, 2 * padded.shape[1] + 4))
    spread[2:-2:2, 2:-2:2] = padded  # a pixel of the small image, then a zero; two zeros around
    out = np.empty((h, w))
    for i in range(h):
        for j in range(w):  # pixel (0, 0) of the small image lies at (4, 4)
            out[i, j] = 4 * (spread[i + 2 : i + 7, j + 2 : j + 7] * TAPS).sum()
    return out


def numpy_pyramid(x, levels):
    bands = []
    for _ in range(levels):
        low = smaller(x)
        bands.append(x - larger(low, *x.shape))
        x = low
    return [*bands, x]


@pytest.mark.parametrize("size", [(16, 16), (17, 12), (9, 11)])
def test_the_pyramid_is_that_of_loops_over_pixels(size):
    x = pictures(2, 3, *size)
    levels = laplacian_pyramid(x, 2)
    for image in range(2):
        for channel in range(3):
            expected = numpy_pyramid(x[image, channel].numpy(), 2)
            for level, wanted in zip(levels, expected, strict=True):
                np.testing.assert_allclose(level[image, channel].numpy(), wanted, atol=1e-13)


def test_lap1_of_a_known_image_is_that_of_loops_over_pixels():
    a, b = pictures(1, 1, 16, 16)[0, 0].numpy(), pictures(1, 1, 16, 16, seed=1)[0, 0].numpy()
    pairs = list(zip(numpy_pyramid(a, 3), numpy_pyramid(b, 3), strict=True))
    tensors = [torch.from_numpy(x)[None, None] for x in (a, b)]
    for exponent in (2.0, 0.0, -2.0):
        printed = sum(2 ** (exponent * j) * np.abs(x - y).sum() for j, (x, y) in enumerate(pairs))
        found = lap1(*tensors, levels=3, exponent=exponent, reduction="sum")
        assert found.item() == pytest.approx(printed, rel=1e-12)


@pytest.mark.parametrize("size", [(32, 32), (33, 20), (5, 7)])
def test_the_pyramid_reconstructs_exactly(size):
    x = pictures(3, 2, *size)
    levels = laplacian_pyramid(x, 2)
    assert [tuple(level.shape[2:]) for level in levels] == [
        tuple(math.ceil(n / 2**j) for n in size) for j in range(3)
    ]
    assert (from_laplacian_pyramid(levels) - x).abs().max() < 1e-12


def test_the_kernel_is_a_product_and_not_a_sum_of_two_axes():
    """Public copies add the axes: their corner is 0.37 of the centre. A Gaussian's is the square of an edge's."""
    down, _ = halving(32, torch.float64, torch.device("cpu"))
    levels = laplacian_pyramid(F.pad(torch.ones(1, 1, 1, 1, dtype=torch.float64), (16, 15, 16, 15)), 1)
    low = levels[-1][0, 0, 7:10, 7:10]  # what the small image sees of one bright pixel
    torch.testing.assert_close(low, torch.outer(low[1], low[1]) / low[1, 1])
    window = torch.outer(down[8, 14:19], down[8, 14:19])
    assert low[1, 1] == window[2, 2] and window.sum() == pytest.approx(1)
    assert window[0, 0] / window[2, 2] == pytest.approx(1 / 36)
    # nearly a Gaussian of standard deviation 1
    gauss = torch.exp(-(torch.arange(-2.0, 3.0) ** 2) / 2).double()
    torch.testing.assert_close(down[8, 14:19], gauss / gauss.sum(), atol=0.03, rtol=0)


def test_bands_see_nothing_of_an_even_image():
    """Every weighing in it, also at the border, sums to 1."""
    levels = laplacian_pyramid(torch.full((1, 2, 32, 32), 0.7, dtype=torch.float64), 3)
    assert max(band.abs().max() for band in levels[:-1]) < 1e-14
    torch.testing.assert_close(levels[-1], torch.full_like(levels[-1], 0.7))


def test_a_fine_pattern_is_seen_by_the_first_band_and_a_slow_one_by_the_last():
    checks = torch.ones(32, 32, dtype=torch.float64)
    checks[::2, 1::2] = checks[1::2, ::2] = -1
    fine = [level.abs().mean().item() for level in laplacian_pyramid(checks[None, None], 3)]
    assert fine[0] > 100 * sum(fine[1:])
    slow = torch.linspace(-1, 1, 32, dtype=torch.float64).expand(1, 1, 32, 32)
    means = [level.abs().mean().item() for level in laplacian_pyramid(slow, 3)]
    assert means[-1] > 3 * sum(means[:-1])


def test_exponent_two_gives_every_level_the_same_weight_per_mean():
    a, b = pictures(4, 3, 32, 32), pictures(4, 3, 32, 32, seed=1)
    means = [level.abs().mean() for level in laplacian_pyramid(a - b, 3)]
    torch.testing.assert_close(lap1(a, b), sum(means))
    torch.testing.assert_close(lap1(a, b, exponent=0.0), sum(m / 4**j for j, m in enumerate(means)))


@pytest.mark.parametrize("size", [(33, 33), (17, 12), (9, 11), (28, 28), (5, 7)])
def test_every_level_weighs_the_same_per_mean_at_sizes_that_do_not_halve_exactly(size):
    """A level of 33 pixels is followed by one of 17: more than a quarter of the pixels, so 4^j would be too much."""
    a, b = pictures(4, 3, *size), pictures(4, 3, *size, seed=1)
    levels = 1 if min(size) < 9 else 3
    bands = laplacian_pyramid(a - b, levels)
    torch.testing.assert_close(lap1(a, b, levels=levels), sum(band.abs().mean() for band in bands))
    sums = [band.abs().sum() / a.numel() for band in bands]  # and exponent 0 still weighs sums alike
    torch.testing.assert_close(lap1(a, b, levels=levels, exponent=0.0), sum(sums))
    halfway = [band.abs().mean() * (band[0].numel() / a[0].numel()) ** 0.5 for band in bands]
    torch.testing.assert_close(lap1(a, b, levels=levels, exponent=1.0), sum(halfway))


@pytest.mark.parametrize("name", RECONSTRUCTION)
def test_reductions_agree(name):
    a, b = pictures(3, 2, 16, 16), pictures(3, 2, 16, 16, seed=1)
    loss = loss_named(name)
    each = loss(a, b, reduction="image")
    assert each.shape == (3,) and each.std() > 0
    torch.testing.assert_close(each.mean(), loss(a, b))
    torch.testing.assert_close(each * 512, loss(a, b, reduction="sum"))
    alone = torch.cat([loss(x[None], y[None], reduction="image") for x, y in zip(a, b, strict=True)])
    torch.testing.assert_close(each, alone)
    assert loss(a, a) == 0
    with pytest.raises(UsageError, match="mean, image or sum, not 'total'"):
        loss(a, b, reduction="total")


def test_l2_is_the_mean_over_batch_and_pixels():
    a, b = pictures(3, 2, 8, 8), pictures(3, 2, 8, 8, seed=1)
    torch.testing.assert_close(l2(a, b), F.mse_loss(a, b))


def test_the_sum_of_both_is_the_sum_of_both():
    a, b = pictures(3, 2, 16, 16), pictures(3, 2, 16, 16, seed=1)
    for reduction in ("mean", "image", "sum"):
        both = l2(a, b, reduction=reduction) + 0.3 * lap1(a, b, levels=2, exponent=1.0, reduction=reduction)
        found = l2_lap1(a, b, weight=0.3, levels=2, exponent=1.0, reduction=reduction)
        torch.testing.assert_close(found, both)
        named = loss_named("l2+lap1", levels=2, exponent=1.0, weight=0.3)
        torch.testing.assert_close(named(a, b, reduction=reduction), both)


@pytest.mark.parametrize("name", RECONSTRUCTION)
def test_gradients_are_those_of_finite_differences(name):
    a, b = pictures(2, 1, 8, 8).requires_grad_(True), pictures(2, 1, 8, 8, seed=1)
    loss = loss_named(name, levels=1)
    assert torch.autograd.gradcheck(lambda x: loss(x, b, reduction="image"), (a,), eps=1e-7)


def test_the_layout_in_memory_does_not_matter():
    a, b = pictures(2, 3, 16, 16), pictures(2, 3, 16, 16, seed=1)
    x, y = (t.contiguous(memory_format=torch.channels_last).requires_grad_(True) for t in (a, b))
    torch.testing.assert_close(l2_lap1(x, y), l2_lap1(a, b))
    l2_lap1(x, y).backward()
    assert x.grad.shape == x.shape and x.grad.abs().min() > 0


def test_matrices_made_without_gradients_serve_with_them():
    halving.cache_clear()
    with torch.inference_mode():
        laplacian_pyramid(torch.rand(1, 1, 24, 24), 2)
    x = torch.rand(1, 1, 24, 24, requires_grad=True)
    lap1(x, torch.zeros(1, 1, 24, 24), levels=2).backward()
    assert x.grad.abs().sum() > 0


# features


def stages(x):
    half = F.avg_pool2d(x, 2)
    return [torch.cat([x, x.square()], 1), torch.cat([half, half + 1], 1)]


def test_the_perceptual_distance_is_that_of_unit_vectors_at_each_position():
    a, b = pictures(2, 1, 4, 4), pictures(2, 1, 4, 4, seed=1)
    expected = []
    for i in range(2):
        total = 0.0
        for maps in zip(stages(a[i : i + 1]), stages(b[i : i + 1]), strict=True):
            u, v = (m[0].numpy() / np.linalg.norm(m[0].numpy(), axis=0) for m in maps)
            total += ((u - v) ** 2).sum(0).mean()
        expected.append(total)
    found = perceptual(a, b, stages, reduction="image")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    torch.testing.assert_close(perceptual(a, b, stages), found.mean())


def test_the_perceptual_gradient_reaches_the_reconstruction_and_not_the_image():
    a, b = (pictures(2, 1, 4, 4, seed=s).requires_grad_(True) for s in (0, 1))
    perceptual(a, b, stages).backward()
    assert a.grad.abs().sum() > 0 and b.grad is None
    c = a.detach().clone()
    with torch.no_grad():
        assert perceptual(a - 0.1 * a.grad, b, stages) < perceptual(c, b, stages)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda x: l2(x, x[:1]), "of their shape"),
        (lambda x: lap1(x[0], x[0]), "of their shape"),
        (lambda x: lap1(x, x, levels=4), "cannot be halved again"),
        (lambda x: loss_named("l3"), "no reconstruction loss 'l3'"),
    ],
)
def test_mistakes_are_named(call, named):
    with pytest.raises(UsageError, match=named):
        call(pictures(2, 1, 8, 8))
    assert set(reconstruction.RECONSTRUCTION) == {"l2", "lap1", "l2+lap1"}
