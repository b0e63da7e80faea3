"""The f-GAN's step: who learns what, from which loss; and, trained, the exact divergence and the exact minimiser."""

import copy
import math

import pytest
import torch
from methods.every_method import assert_goes_on

from course_lib.data import Batches
from course_lib.data import open as open_data
from course_lib.errors import UsageError
from course_lib.methods.fgan import FGAN, FGANSettings
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import mlp
from course_lib.theory.divergences import kl
from course_lib.theory.fdivergences import FAMILY, exact
from course_lib.theory.fitting import fit_gaussian
from course_lib.theory.quadrature import grid_1d
from course_lib.theory.variational import bound_of_output

NAMES = [*FAMILY, "alpha"]


def toy(**settings):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FGAN(mlp.Generator(2, 2, 16, 2), mlp.Discriminator(2, 16, 2), FGANSettings(**settings))


def points(step=0, size=32, minibatches=1):
    return Batches(open_data("toy/ring8"), size * minibatches, seed=0).at(step)


def weights(method, role):
    return torch.cat([p.detach().flatten() for p in method.networks[role].parameters()])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("alternative", [False, True])
def test_every_divergence_plays(name, alternative):
    method = toy(divergence=name, alternative_generator=alternative)
    start = {role: weights(method, role) for role in method.networks}
    for step in range(3):
        metrics = method.step(points(step))
        assert all(value.isfinite() and not value.requires_grad for value in metrics.values())
        assert {value.shape for value in metrics.values()} == {()}
    for role, before in start.items():
        assert not torch.equal(weights(method, role), before)


@pytest.mark.parametrize("alternative", [False, True])
def test_a_step_is_the_two_gradient_steps_of_the_paper(alternative):
    """By plain gradient descent, so that the change of the weights is the gradient itself."""
    method = toy(divergence="kl", alternative_generator=alternative)
    rate = 0.1
    for role, network in method.networks.items():
        method.optimizers[role] = torch.optim.SGD(network.parameters(), rate)
    generator, critic = (copy.deepcopy(method.networks[role]) for role in ("generator", "critic"))
    batch = points()
    z = method.latents(32, batch.draw.part(0).generator("latents/critic"))
    loss = -(critic(batch.x).mean() - (critic(generator(z).detach()) - 1).exp().mean())
    slopes = torch.autograd.grad(loss, list(critic.parameters()))
    with torch.no_grad():
        for p, slope in zip(critic.parameters(), slopes, strict=True):
            p -= rate * slope
    z = method.latents(32, batch.draw.generator("latents/generator"))
    fake = critic(generator(z))
    loss = -fake.mean() if alternative else -(fake - 1).exp().mean()
    slopes = torch.autograd.grad(loss, list(generator.parameters()))
    with torch.no_grad():
        for p, slope in zip(generator.parameters(), slopes, strict=True):
            p -= rate * slope

    metrics = method.step(batch)
    for role, expected in (("generator", generator), ("critic", critic)):
        flat = torch.cat([p.detach().flatten() for p in expected.parameters()])
        torch.testing.assert_close(weights(method, role), flat)
    torch.testing.assert_close(metrics["generator/loss"], loss.detach())


def test_the_gan_row_plays_the_original_game():
    ours = toy(divergence="gan", generator_lr=1e-3, critic_lr=1e-3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = GAN(
            mlp.Generator(2, 2, 16, 2),
            mlp.Discriminator(2, 16, 2),
            GANSettings(game="minimax", generator_lr=1e-3, discriminator_lr=1e-3),
        )
    batch = points()
    ours.step(batch)
    # the names of the critic's latents differ; give both the same noise by playing on equal draws
    theirs.latents = lambda n, generator: ours_latents.pop(0)
    ours_latents = [
        ours.latents(32, batch.draw.part(0).generator("latents/critic")),
        ours.latents(32, batch.draw.generator("latents/generator")),
    ]
    theirs.step(batch)
    torch.testing.assert_close(weights(ours, "generator"), weights(theirs, "generator"))
    torch.testing.assert_close(weights(ours, "critic"), weights(theirs, "discriminator"))


def test_the_critic_has_as_many_updates_as_the_settings_say_each_on_its_own_data():
    method, seen = toy(critic_steps=3), []
    update = method.update
    method.update = lambda role, loss: (seen.append(role), update(role, loss))
    assert method.minibatches == 3
    method.step(points(minibatches=3))
    assert seen == ["critic"] * 3 + ["generator"]


def test_the_generators_update_leaves_the_critics_gradients_alone():
    method = toy()
    method.optimizers["critic"].step = lambda: None
    before = weights(method, "critic")
    method.step(points())
    assert torch.equal(weights(method, "critic"), before)
    assert all(p.requires_grad for p in method.networks["critic"].parameters())


@pytest.mark.parametrize(
    "wrong",
    [
        {"divergence": "wasserstein"},
        {"divergence": "alpha", "alpha": 3.0},
        {"latent_law": "cauchy"},
        {"critic_steps": 0},
        {"generator_lr": -1e-3},
        {"critic_lr": math.nan},
        {"beta2": 1.0},
    ],
    ids=str,
)
def test_impossible_settings_are_refused(wrong):
    name, value = list(wrong.items())[-1]
    with pytest.raises(UsageError, match=value if name == "divergence" else name):
        FGANSettings(**wrong)


def test_a_resumed_game_equals_an_uninterrupted_one(tmp_path):
    whole, first, second = toy(), toy(), toy()
    second.step(points(50))
    assert_goes_on(whole, first, second, points, tmp_path)


def test_it_works_in_bfloat16():
    rough, fine = toy(divergence="pearson"), toy(divergence="pearson")
    rough.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    a, b = rough.step(points()), fine.step(points())
    for name in a:
        assert a[name].dtype == torch.float32
        torch.testing.assert_close(a[name], b[name], rtol=0.05, atol=0.02)


# what training reaches


LINE = grid_1d(-14, 14, 1121)
BUMPS = open_data("toy/two-bumps-1d")
LOG_P = BUMPS.density.log_prob(LINE.points)


def gaussian_game(seed, steps, **settings):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = mlp.gaussian_generator(0.0, 1.5), mlp.Discriminator(1, 64, 2)
    method = FGAN(*networks, FGANSettings(**settings))
    batches = Batches(BUMPS, 512 * method.minibatches, seed=seed)
    for step in range(steps):
        method.step(batches.at(step))
    return method


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FAMILY))
def test_a_trained_critic_finds_the_divergence_from_below(name):
    from course_lib.theory.densities import gaussian

    method = gaussian_game(0, 800, divergence=name, generator_lr=0.0, critic_lr=5e-3)
    log_q = gaussian(0.0, 1.5).log_prob(LINE.points)
    with torch.no_grad():
        v = method.networks["critic"](LINE.points.float()[:, None]).double()
    found = bound_of_output(method.divergence, LOG_P, log_q, v, LINE)
    truth = exact(method.divergence, LOG_P, log_q, LINE)
    assert found <= truth + 1e-6
    # a tanh saturates before the step that total variation asks for is steep
    share = 0.6 if name == "total-variation" else 0.85
    assert found - method.divergence.at_one > share * (truth - method.divergence.at_one)


@pytest.mark.slow
def test_a_trained_gaussian_is_the_exact_minimiser():
    method = gaussian_game(0, 1_500, divergence="kl", generator_lr=5e-3, critic_lr=5e-3, critic_steps=3)
    (layer,) = method.networks["generator"].layers
    best = fit_gaussian(lambda log_q: kl(LOG_P, log_q, LINE), LINE, 0.0, 1.5)
    assert abs(layer.bias.item() - best.mean) < 0.12
    assert abs(abs(layer.weight.item()) - best.std) < 0.12
