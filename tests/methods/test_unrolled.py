"""Unrolling: a step by hand, finite differences, and that nothing is the plain game."""

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.unrolled import UnrolledGAN, UnrolledSettings
from course_lib.networks import dcgan, mlp
from course_lib.seeds import Draw


def points(step=0, n=16):
    draw = Draw(0, step=step)
    return Batch(draw.normal(n, 2, purpose="data") + 1, None, draw)


def networks(kind="mlp"):
    torch.manual_seed(0)
    if kind == "mlp":
        return mlp.Generator(2, 2, 8, 2), mlp.Discriminator(2, 8, 2)
    return dcgan.Generator(3, 1, 16, 4), dcgan.Discriminator(1, 16, 4)


def same(first, second):
    a, b = first.networks.state_dict(), second.networks.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
def test_looking_no_step_ahead_is_the_plain_game_bit_for_bit(kind):
    ours = UnrolledGAN(*networks(kind), UnrolledSettings(unroll=0))
    plain = GAN(*networks(kind), GANSettings())
    for step in range(4):
        draw = Draw(0, step=step)
        batch = (
            points(step) if kind == "mlp" else Batch(draw.uniform(8, 1, 16, 16, purpose="data"), None, draw)
        )
        assert ours.step(batch) == plain.step(batch)
    assert same(ours, plain)


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


@pytest.mark.parametrize("inner", ["sgd", "adam"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_generators_gradient_agrees_with_finite_differences(inner, steps):
    torch.manual_seed(0)
    generator, discriminator = mlp.Generator(2, 2, 4, 1).double(), mlp.Discriminator(2, 4, 1).double()
    settings = UnrolledSettings(unroll=steps, inner=inner, inner_lr=0.05)
    method = UnrolledGAN(generator, discriminator, settings)
    if inner == "adam":  # moments to start from
        discriminator(torch.randn(6, 2).double()).square().mean().backward()
        method.optimizers["discriminator"].step()
    real, z = torch.randn(6, 2).double() + 1, torch.randn(6, 2).double()

    def loss():
        fake = generator(z)
        return softplus(-method.judge(method.unrolled(real, fake), fake).double()).mean()

    parameter = generator.layers[0].weight
    (gradient,) = torch.autograd.grad(loss(), parameter)
    direction, h = torch.randn_like(parameter), 1e-4
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            parameter += sign * h * direction
        ends.append(loss().item())
        with torch.no_grad():
            parameter -= sign * h * direction
    # logits are float32, so the difference has about four digits
    assert (gradient * direction).sum().item() == pytest.approx(
        (ends[0] - ends[1]) / (2 * h), rel=2e-2, abs=1e-4
    )


@pytest.mark.parametrize("inner", ["sgd", "adam"])
def test_the_steps_ahead_are_those_that_the_optimiser_would_take(inner):
    settings = UnrolledSettings(unroll=3, inner=inner, discriminator_lr=1e-2)
    method = UnrolledGAN(*networks(), settings)
    method.step(points(0)), method.step(points(1))  # moments that are not zero
    real = points(2).x
    fake = method.networks["generator"](torch.randn(16, 2)).detach()
    ahead = method.unrolled(real, fake)
    discriminator = method.networks["discriminator"]
    optimizer = method.optimizers["discriminator"]
    if inner == "sgd":
        optimizer = torch.optim.SGD(discriminator.parameters(), 1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        method.game.discriminator_loss(discriminator(real), discriminator(fake)).backward()
        optimizer.step()
    then = torch.cat([p.detach().flatten() for p in discriminator.parameters()])
    torch.testing.assert_close(ahead.detach(), then, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
def test_looking_ahead_leaves_the_discriminator_alone(kind):
    method = UnrolledGAN(*networks(kind), UnrolledSettings(unroll=2, generator_lr=0.0))
    plain = GAN(*networks(kind), GANSettings(generator_lr=0.0))
    for step in range(2):
        draw = Draw(0, step=step)
        batch = (
            points(step) if kind == "mlp" else Batch(draw.uniform(8, 1, 16, 16, purpose="data"), None, draw)
        )
        method.step(batch), plain.step(batch)
    for role, (name, p) in (
        ("discriminator", q) for q in method.networks["discriminator"].named_parameters()
    ):
        assert torch.equal(p, dict(plain.networks[role].named_parameters())[name])
        assert p.requires_grad


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
            up = method.judge(method.unrolled(zeros, fake), fake)
            (move_g,) = torch.autograd.grad(softplus(-up).mean(), g.theta)
            down = method.game.discriminator_loss(d(zeros), d(g(zeros).detach()))
            (move_d,) = torch.autograd.grad(down, d.psi)
            with torch.no_grad():
                g.theta -= rate * move_g
                d.psi -= rate * move_d
        return torch.stack([g.theta, d.psi]).norm().item()

    assert radius(5) < 0.2 * radius(0)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"unroll": -1}, "unroll"), ({"inner": "newton"}, "newton"), ({"inner_lr": -1.0}, "inner_lr")],
)
def test_impossible_settings_are_refused(wrong, named):
    with pytest.raises(UsageError, match=named):
        UnrolledSettings(**wrong)
