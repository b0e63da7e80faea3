"""R1 in a game's step: when it enters, with which weight, and what it does to the discriminator."""

import torch
from methods.small_gans import changed, convolutional, pictures, points, toy


def test_r1_enters_at_every_nth_step_with_n_times_the_weight():
    lazy, always = toy(r1=0.3, r1_every=4), toy(r1=1.2)
    for step in range(6):
        metrics = lazy.step(points(step))
        assert ("discriminator/r1" in metrics) == (step in (0, 4))
    lazy, without = toy(r1=0.3, r1_every=4), toy()
    for method in (lazy, always):
        method.step(points(0))
    assert changed(lazy.networks.state_dict(), always.networks.state_dict()) == set()
    lazy, without = toy(r1=0.3, r1_every=4), toy()
    for method in (lazy, without):
        method.step(points(1))
    assert changed(lazy.networks.state_dict(), without.networks.state_dict()) == set()


def test_r1_is_half_the_weighted_mean_squared_slope_on_real_data():
    method, batch = toy(r1=0.7), points()
    x = batch.x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(method.networks["discriminator"](x).sum(), x)
    expected = 0.7 / 2 * slope.square().sum(1).mean()
    torch.testing.assert_close(method.step(batch)["discriminator/r1"], expected)
    assert batch.x.grad is None and not batch.x.requires_grad


def test_r1_flattens_the_discriminator():
    steep, flat = (
        toy(discriminator_lr=1e-2, generator_lr=0.0),
        toy(discriminator_lr=1e-2, generator_lr=0.0, r1=10.0),
    )
    for step in range(60):
        for method in (steep, flat):
            method.step(points(step))
    slopes = [toy_slope(method, points(100).x) for method in (steep, flat)]
    assert slopes[1] < 0.3 * slopes[0]


def toy_slope(method, x):
    x = x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(method.networks["discriminator"](x).sum(), x)
    return slope.square().sum(1).mean()


def test_r1_works_on_images_in_bfloat16():
    exact, rounded = convolutional("none", r1=1.0), convolutional("none", r1=1.0)
    rounded.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    a, b = exact.step(pictures()), rounded.step(pictures())
    for name in a:
        assert b[name].dtype == torch.float32
        torch.testing.assert_close(b[name], a[name], rtol=0.05, atol=1e-4)
