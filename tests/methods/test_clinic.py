"""The mistakes of the clinic are those that they claim to be."""

import pytest
import torch

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods import clinic
from course_lib.methods.clinic import ClinicSettings
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import dcgan
from course_lib.objectives.adversarial import GAMES
from course_lib.seeds import Draw


def networks(norm="batch"):
    torch.manual_seed(0)
    return dcgan.Generator(3, 1, 16, 4), dcgan.Discriminator(1, 16, 4, norm)


def patient(generator, discriminator, settings=None):
    return (settings or ClinicSettings()).build({"generator": generator, "discriminator": discriminator})


def pictures(step=0, n=8):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(n, 1, 16, 16, purpose="data"), None, draw)


def weights(method, role):
    return [p.detach().clone() for p in method.networks[role].parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_healthy_patient_is_the_plain_game():
    ours, plain = patient(*networks()), GAN(*networks(), GANSettings())
    for step in range(3):
        assert ours.step(pictures(step)) == plain.step(pictures(step))
    assert type(ours) is GAN


@pytest.mark.parametrize("mistake", clinic.MISTAKES)
def test_every_patient_plays_and_every_mistake_matters(mistake):
    ours, plain = patient(*networks(), ClinicSettings(mistake=mistake)), patient(*networks())
    for step in range(3):
        assert all(value.isfinite() for value in ours.step(pictures(step)).values())
        plain.step(pictures(step))
    assert same(weights(ours, "generator"), weights(plain, "generator")) == (mistake == "none")


def test_a_wrong_scale_is_the_upper_half():
    seen = []
    method = patient(*networks(), ClinicSettings(mistake="wrong-scale"))
    method.networks["discriminator"].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    batch = pictures()
    method.step(batch)
    torch.testing.assert_close(seen[0], (batch.x + 1) / 2)
    assert seen[0].min() >= 0 > batch.x.min()


def test_a_missing_detach_adds_the_discriminators_gradient_to_the_generators():
    method = patient(*networks("none"), ClinicSettings(mistake="missing-detach", discriminator_lr=0.0))
    generator, discriminator, game = *method.networks.values(), GAMES["non-saturating"]
    batch = pictures()
    fake = generator(method.latents(8, batch.draw.generator("latents")))
    both = game.discriminator_loss(discriminator(batch.x), discriminator(fake)) + game.generator_loss(
        discriminator(fake)
    )
    expected = torch.autograd.grad(both, list(generator.parameters()))
    method.step(batch)
    for p, gradient in zip(generator.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-6)


def test_in_the_minimax_game_a_missing_detach_cancels_the_generators_gradient():
    settings = ClinicSettings(mistake="missing-detach", game="minimax", discriminator_lr=0.0)
    method = patient(*networks("none"), settings)
    method.step(pictures())
    sick = max(p.grad.abs().max().item() for p in method.networks["generator"].parameters())
    healthy = patient(*networks("none"), ClinicSettings(game="minimax", discriminator_lr=0.0))
    healthy.step(pictures())
    well = max(p.grad.abs().max().item() for p in healthy.networks["generator"].parameters())
    assert sick < 1e-4 * well


def test_a_mixed_batch_lets_the_players_meet_two_discriminators():
    method = patient(*networks(), ClinicSettings(mistake="mixed-batch"))
    sizes = []
    method.networks["discriminator"].register_forward_pre_hook(
        lambda module, inputs: sizes.append(len(inputs[0]))
    )
    method.step(pictures())
    assert sizes == [16, 8]


def test_nothing_bounds_an_unbounded_critic():
    method = patient(
        *networks("none"), ClinicSettings(mistake="unbounded-critic", generator_lr=0.0, discriminator_lr=1e-2)
    )
    losses = [method.step(pictures(0))["discriminator/loss"].item() for _ in range(60)]
    assert losses[-1] < 10 * min(losses[0], -0.01) < 0


def test_a_mistake_that_nobody_makes_is_refused():
    with pytest.raises(UsageError, match="missing-detach"):
        ClinicSettings(mistake="forgot-coffee")
