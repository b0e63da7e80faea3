"""R3GAN: pairs are compared by both players, and D's slope is bounded on real and on generated samples."""

from functools import partial

import pytest
import torch
from methods import small_gans
from methods.every_method import assert_goes_on

from course_lib.methods.r3gan import R3GAN, R3GANSettings
from course_lib.networks import dcgan, mlp
from course_lib.objectives import penalties, remedies

N = 16


def game(steps=10, **settings):
    torch.manual_seed(0)
    method = R3GAN(mlp.Generator(2, 2, 8, 2), mlp.Discriminator(2, 8, 2), R3GANSettings(**settings))
    method.steps = steps  # as the loop says
    return method


points = partial(small_gans.points, n=N)


def drawn(method, batch):
    """What both players see at this step: real points, D's samples and G's latents, before anybody moves."""
    z = [
        method.latents(N, draw.generator(f"latents/{role}"))
        for draw, role in ((batch.draw.part(0), "discriminator"), (batch.draw, "generator"))
    ]
    return batch.x, method.networks["generator"](z[0]).detach(), z[1]


def test_pairing_is_played_by_both():
    method = game(generator_lr=0.0, discriminator_lr=0.0, r1=0.0, r2=0.0)
    real, fake, z = drawn(method, points())
    g, d = method.networks["generator"], method.networks["discriminator"]
    metrics = method.step(points())
    expected = remedies.relativistic_discriminator(d(real), d(fake))
    torch.testing.assert_close(metrics["discriminator/loss"], expected.detach())
    expected = remedies.relativistic_generator(d(real), d(g(z)))
    torch.testing.assert_close(metrics["generator/loss"], expected.detach())
    assert "discriminator/penalty" not in metrics


def test_a_constant_added_to_every_score_changes_nothing():
    """Only differences of scores are compared: the level of D is free."""
    ours, lifted = game(), game()
    with torch.no_grad():
        lifted.networks["discriminator"].layers[-1].bias += 5.0
    one, other = ours.step(points()), lifted.step(points())
    for name in ("discriminator/loss", "generator/loss", "discriminator/penalty"):
        torch.testing.assert_close(one[name], other[name])


@pytest.mark.parametrize("every", [1, 3])
def test_r1_and_r2_are_the_slopes_on_real_and_generated_points(every):
    method = game(r1=0.3, r2=0.7, r1_every=every)
    real, fake, _ = drawn(method, points())
    d = method.networks["discriminator"]
    expected = 0.0
    for weight, x in ((0.3, real), (0.7, fake)):
        x = x.clone().requires_grad_(True)
        expected = expected + weight * every * penalties.r1(d(x), x).detach()
    torch.testing.assert_close(method.step(points())["discriminator/penalty"], expected)
    assert ("discriminator/penalty" in method.step(points(1))) == (every == 1)


def test_it_plays_and_resumes(tmp_path):
    whole, first, second = (game(decay_share=0.5) for _ in range(3))
    rows = assert_goes_on(whole, first, second, points, tmp_path)
    assert all(value.isfinite() for row in rows for value in row.values())


def test_images_are_played_in_bfloat16():
    torch.manual_seed(0)
    method = R3GAN(dcgan.Generator(3, 1, 16, 4), dcgan.Discriminator(1, 16, 4, "none"))
    method.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    metrics = method.step(small_gans.pictures(n=8))
    assert all(value.isfinite() and value.dtype == torch.float32 for value in metrics.values())
