"""Unrolling: the exact value in the limit, a step by hand, finite differences, and that nothing is the plain game."""

import math
from functools import partial

import pytest
import torch
from methods import small_gans
from torch import nn
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.unrolled import UnrolledGAN, UnrolledSettings
from course_lib.networks import dcgan, mlp
from course_lib.objectives.adversarial import GAMES
from course_lib.seeds import Draw
from course_lib.theory import divergences
from course_lib.theory.quadrature import grid_1d

points, pictures = partial(small_gans.points, n=16), partial(small_gans.pictures, n=8)


def networks(kind="mlp"):
    torch.manual_seed(0)
    if kind == "mlp":
        return mlp.Generator(2, 2, 8, 2), mlp.Discriminator(2, 8, 2)
    return dcgan.Generator(3, 1, 16, 4), dcgan.Discriminator(1, 16, 4)


def same(first, second):
    a, b = first.networks.state_dict(), second.networks.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("game", ["minimax", "non-saturating", "hinge"])
@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
def test_looking_no_step_ahead_is_the_plain_game_bit_for_bit(kind, game):
    ours = UnrolledGAN(*networks(kind), UnrolledSettings(unroll=0, game=game))
    plain = GAN(*networks(kind), GANSettings(game=game))
    for step in range(4):
        batch = points(step) if kind == "mlp" else pictures(step)
        assert ours.step(batch) == plain.step(batch)
    assert same(ours, plain)


class Shift(nn.Module):
    """x = mu + z: for z ~ N(0, 1) its law is N(mu, 1)."""

    latent = 1

    def __init__(self, mu=1.0):
        super().__init__()
        self.mu = nn.Parameter(torch.tensor(mu, dtype=torch.float64))

    def forward(self, z):
        return self.mu + z


class Line(nn.Module):
    """s(x) = a + b x, which holds the best logit between N(0, 1) and N(mu, 1): mu^2/2 - mu x."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(2, dtype=torch.float64))

    def forward(self, x):
        return self.weights[0] + self.weights[1] * x.squeeze(1)


def quantiles(n):
    """(n, 1) points with the law N(0, 1) but for 1/n: no draw, no noise."""
    levels = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return torch.special.ndtri(levels)[:, None]


def slope_of_the_generators_loss(steps, n=4_001, **settings):
    """d/d mu at mu = 1 of what `step` minimises, D starting flat; nobody moves."""
    still = {"inner": "sgd", "inner_lr": 1.0, "generator_lr": 0.0, "discriminator_lr": 0.0}
    method = UnrolledGAN(Shift(), Line(), UnrolledSettings(unroll=steps, **still, **settings))
    method.latents = lambda count, generator: quantiles(count)
    method.step(Batch(quantiles(n), None, Draw(0, step=0)))
    return method.networks["generator"].mu.grad.item()


def twice_js(mu):
    """2 JS(N(0, 1), N(mu, 1)) by its definition, on a grid."""
    grid = grid_1d(-12.0, 13.0, 4_001)
    log_p, log_q = (-0.5 * (grid.points - m) ** 2 - 0.5 * math.log(2 * math.pi) for m in (0.0, mu))
    return 2 * divergences.js(log_p, log_q, grid).item()


def slope_of_twice_js(mu=1.0, h=1e-4):
    return (twice_js(mu + h) - twice_js(mu - h)) / (2 * h)


def test_with_many_steps_ahead_the_generator_descends_twice_the_jensen_shannon_divergence():
    """min max V: its slope at N(1, 1) is 0.398; of the generator's half alone it would be 0.199 or 0.801."""
    exact = slope_of_twice_js()
    assert exact == pytest.approx(0.398, abs=1e-3)
    errors = [abs(slope_of_the_generators_loss(steps) - exact) for steps in (0, 1, 4, 64)]
    assert errors == sorted(errors, reverse=True) and errors[0] > 0.3
    assert errors[-1] < 1e-4


def test_the_value_is_that_of_the_game_data_term_included():
    """f_k = 2 JS - 2 log 2 in the limit; the generator's own half would have another value."""
    settings = UnrolledSettings(unroll=128, inner="sgd", inner_lr=1.0)
    method = UnrolledGAN(Shift(), Line(), settings)
    z = quantiles(4_001)
    found = method.value(z, method.networks["generator"](z)).item()
    assert found == pytest.approx(twice_js(1.0) - 2 * math.log(2), abs=1e-4)


def test_with_r1_the_limit_is_the_game_that_the_penalised_discriminator_plays():
    """max over (a, b) of V - gamma/2 b^2: by Danskin its slope in mu is V's alone, at the best (a, b)."""
    gamma, z = 0.5, quantiles(4_001).squeeze(1)
    best = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    newton = torch.optim.LBFGS([best], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def penalised():
        newton.zero_grad()
        a, b = best
        loss = softplus(-a - b * z).mean() + softplus(a + b * (1 + z)).mean() + gamma / 2 * b**2
        loss.backward()
        return loss

    newton.step(penalised)
    a, b = best.detach()
    danskin = -(b * torch.sigmoid(a + b * (1 + z))).mean().item()  # d/d mu of E log(1 - D) with D held
    found = slope_of_the_generators_loss(128, r1=gamma)
    assert found == pytest.approx(danskin, abs=1e-5)
    assert abs(found - slope_of_twice_js()) > 0.05, "the penalty makes it another game"


class Point(nn.Module):
    """The generator of the Dirac-GAN: one number, whatever z says."""

    latent = 1

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def forward(self, z):
        return self.theta.expand(len(z), 1)


class Slope(nn.Module):
    """Its discriminator: s(x) = psi x."""

    def __init__(self):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(-0.4, dtype=torch.float64))

    def forward(self, x):
        return (self.psi * x).squeeze(1)


def dirac(**settings):
    return UnrolledGAN(Point(), Slope(), UnrolledSettings(inner="sgd", inner_lr=0.3, **settings))


def test_one_step_ahead_by_hand():
    """D's loss is log 2 + softplus(psi theta), so psi' = psi - rate theta sigma(psi theta)."""
    method, zeros = dirac(unroll=1), torch.zeros(4, 1, dtype=torch.float64)
    fake = method.networks["generator"](zeros)
    psi = method.unrolled(zeros, fake).squeeze()
    theta, old, rate = 0.7, torch.tensor(-0.4, dtype=torch.float64), 0.3
    sigma = torch.sigmoid(old * theta)
    torch.testing.assert_close(psi.detach(), old - rate * theta * sigma)
    # its slope by theta: the answer of D that the generator foresees
    (slope,) = torch.autograd.grad(psi, method.networks["generator"].theta)
    torch.testing.assert_close(slope, -rate * (sigma + theta * old * sigma * (1 - sigma)))
    assert method.networks["discriminator"].psi.item() == -0.4, "D itself has not moved"


@pytest.mark.parametrize("every", [1, 4])
def test_one_step_ahead_feels_r1(every):
    """psi' = psi - rate (theta sigma(psi theta) + gamma psi); lazily applied, R1 enters with its mean weight."""
    method, zeros = dirac(unroll=1, r1=0.8, r1_every=every), torch.zeros(4, 1, dtype=torch.float64)
    psi = method.unrolled(zeros, method.networks["generator"](zeros)).item()
    theta, old, rate, gamma = 0.7, -0.4, 0.3, 0.8
    sigma = 1 / (1 + math.exp(-old * theta))
    assert psi == pytest.approx(old - rate * (theta * sigma + gamma * old), rel=1e-6)


@pytest.mark.parametrize("inner", ["sgd", "adam"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_generators_gradient_agrees_with_finite_differences(inner, steps):
    """Through samples, all steps ahead and both halves of the value, in float64."""
    torch.manual_seed(0)
    generator, discriminator = mlp.Generator(2, 2, 4, 1).double(), mlp.Discriminator(2, 4, 1).double()
    settings = UnrolledSettings(unroll=steps, inner=inner, inner_lr=0.05, generator_lr=0.0)
    method = UnrolledGAN(generator, discriminator, settings)
    if inner == "adam":  # moments to start from
        discriminator(torch.randn(6, 2).double()).square().mean().backward()
        method.optimizers["discriminator"].step()
    real, z = torch.randn(6, 2).double() + 1, torch.randn(6, 2).double()

    parameter = generator.layers[0].weight
    (gradient,) = torch.autograd.grad(method.value(real, generator(z)), parameter)
    direction, h = torch.randn_like(parameter), 1e-5
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            parameter += sign * h * direction
        ends.append(method.value(real, generator(z)).item())
        with torch.no_grad():
            parameter -= sign * h * direction
    assert (gradient * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("r1", [0.0, 2.0])
@pytest.mark.parametrize("inner", ["sgd", "adam"])
def test_the_steps_ahead_are_those_that_the_optimiser_would_take(inner, r1):
    settings = UnrolledSettings(unroll=3, inner=inner, discriminator_lr=1e-2, r1=r1)
    method = UnrolledGAN(*networks(), settings)
    metrics = [method.step(points(step)) for step in (0, 1)][-1]  # moments that are not zero
    assert ("discriminator/r1" in metrics) == (r1 > 0)
    real = points(2).x
    fake = method.networks["generator"](torch.randn(16, 2)).detach()
    ahead = method.unrolled(real, fake)
    discriminator = method.networks["discriminator"]
    optimizer = method.optimizers["discriminator"]
    if inner == "sgd":
        optimizer = torch.optim.SGD(discriminator.parameters(), 1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        loss = method.game.discriminator_loss(discriminator(real), discriminator(fake))
        (loss + method.penalty(points(2)) if r1 else loss).backward()
        optimizer.step()
    then = torch.cat([p.detach().flatten() for p in discriminator.parameters()])
    torch.testing.assert_close(ahead.detach(), then, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
def test_looking_ahead_leaves_the_discriminator_alone(kind):
    method = UnrolledGAN(*networks(kind), UnrolledSettings(unroll=2, generator_lr=0.0))
    plain = GAN(*networks(kind), GANSettings(generator_lr=0.0))
    for step in range(2):
        batch = points(step) if kind == "mlp" else pictures(step)
        method.step(batch), plain.step(batch)
    for role, (name, p) in (
        ("discriminator", q) for q in method.networks["discriminator"].named_parameters()
    ):
        assert torch.equal(p, dict(plain.networks[role].named_parameters())[name])
        assert p.requires_grad


def test_compiled_networks_give_the_same_game():
    """A compiled module cannot be differentiated twice: the steps ahead go around it."""
    plain, compiled = (UnrolledGAN(*networks(), UnrolledSettings(unroll=2, r1=0.1)) for _ in range(2))
    for network in compiled.networks.values():
        network.compile(backend="aot_eager")
    for step in range(2):
        ours, theirs = compiled.step(points(step)), plain.step(points(step))
        for name in theirs:
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-5, atol=1e-6)


def test_looking_ahead_changes_the_generators_way():
    ahead = UnrolledGAN(*networks(), UnrolledSettings(unroll=2))
    plain = UnrolledGAN(*networks(), UnrolledSettings(unroll=0))
    for method in (ahead, plain):
        method.step(points())
    assert not same(ahead, plain)


def test_unrolling_damps_the_dirac_gan():
    """The plain game turns about (0, 0); a generator that foresees the answer does not overshoot it."""

    def radius(unroll):
        method = dirac(unroll=unroll, generator_lr=0.0, discriminator_lr=0.0)
        g, d = method.networks["generator"], method.networks["discriminator"]
        zeros, rate = torch.zeros(1, 1, dtype=torch.float64), 0.1
        for _ in range(200):
            fake = g(zeros)
            loss = method.value(zeros, fake) if unroll else method.game.generator_loss(d(fake))
            (move_g,) = torch.autograd.grad(loss, g.theta)
            down = method.game.discriminator_loss(d(zeros), d(g(zeros).detach()))
            (move_d,) = torch.autograd.grad(down, d.psi)
            with torch.no_grad():
                g.theta -= rate * move_g
                d.psi -= rate * move_d
        return torch.stack([g.theta, d.psi]).norm().item()

    assert radius(5) < 0.2 * radius(0)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"unroll": -1}, "unroll"),
        ({"inner": "newton"}, "newton"),
        ({"inner_lr": -1.0}, "inner_lr"),
        *(({"game": game}, "--game minimax") for game in GAMES if game != "minimax"),
    ],
)
def test_impossible_settings_are_refused(wrong, named):
    with pytest.raises(UsageError, match=named):
        UnrolledSettings(**wrong)
