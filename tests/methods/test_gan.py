"""Algorithm 1: who moves when, on which data, and that the result is what a plain loop computes."""

import math

import pytest
import torch
import torch.nn.functional as F
from methods.every_method import assert_goes_on, assert_state_and_batch_decide, in_bfloat16
from methods.small_gans import changed, convolutional, pictures, points, toy
from torch import nn

from course_lib import seeds
from course_lib.data import Batches
from course_lib.data import open as open_data
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.protocol import frozen
from course_lib.networks import mlp
from course_lib.objectives.adversarial import GAMES


def copy(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


class Watched(GAN):
    """Notes what each update changed, and the gradients that lay about when it began."""

    def update(self, role, loss):
        before = copy(self.networks)
        others = {n: p.grad for n, p in self.networks.named_parameters() if not n.startswith(role)}
        kept = {n: None if g is None else g.clone() for n, g in others.items()}
        super().update(role, loss)
        for name, p in self.networks.named_parameters():
            if name in kept:
                assert (p.grad is None) == (kept[name] is None)
                assert p.grad is None or torch.equal(p.grad, kept[name])
        self.log = [*getattr(self, "log", []), (role, changed(before, self.networks.state_dict()))]


@pytest.mark.parametrize("steps", [1, 3])
def test_each_update_moves_one_player_and_leaves_no_gradient_in_the_other(steps):
    method = convolutional(discriminator_steps=steps)
    method.__class__ = Watched
    method.step(pictures(n=12))
    assert [role for role, _ in method.log] == ["discriminator"] * steps + ["generator"]
    for role, moved in method.log:
        assert moved == {f"{role}.{name}" for name, _ in method.networks[role].named_parameters()}


@pytest.mark.parametrize("steps", [1, 3])
def test_batch_statistics_follow_every_forward(steps):
    """G sees k + 1 sets of latents; D sees k real, k fake and one generated minibatch."""
    method = convolutional(discriminator_steps=steps)
    method.step(pictures(n=12))
    for role, forwards in (("generator", steps + 1), ("discriminator", 2 * steps + 1)):
        state = method.networks[role].state_dict()
        counts = {t.item() for name, t in state.items() if name.endswith("num_batches_tracked")}
        assert counts == {forwards}


class Recorder(nn.Module):
    """A network that notes what it was asked."""

    def __init__(self, network):
        super().__init__()
        self.network, self.seen, self.latent = network, [], getattr(network, "latent", None)

    def forward(self, x):
        self.seen.append((x, torch.is_grad_enabled()))
        return self.network(x)


def test_every_update_of_the_discriminator_has_data_and_latents_of_its_own():
    method = GAN(
        Recorder(mlp.Generator(2, 2, 8)),
        Recorder(mlp.Discriminator(2, 8)),
        GANSettings(discriminator_steps=3),
    )
    batch = points(n=12)
    assert method.minibatches == 3
    method.step(batch)
    asked_of_d = [x for x, _ in method.networks["discriminator"].seen]
    real, fake = asked_of_d[0:6:2], asked_of_d[1:6:2]
    assert torch.equal(torch.cat(real), batch.x)  # each point once
    assert not any(x.requires_grad for x in fake) and asked_of_d[6].requires_grad
    latents = torch.cat([z for z, _ in method.networks["generator"].seen])
    assert latents.shape == (4 * 4, 2) and len(latents.unique(dim=0)) == 16
    # G is run without a graph for D's updates, with one for its own
    assert [grad for _, grad in method.networks["generator"].seen] == [False] * 3 + [True]


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(UsageError, match="equal parts"):
        toy(discriminator_steps=3).step(points(n=32))


@pytest.mark.parametrize(("make", "batch"), [(toy, points), (convolutional, pictures)])
def test_a_step_is_a_function_of_state_and_batch(make, batch):
    assert_state_and_batch_decide(make, batch)


# against a plain loop


class PlainAdam:
    """Kingma and Ba (2015), algorithm 1."""

    def __init__(self, parameters, lr, beta1, beta2):
        self.parameters, self.lr, self.betas, self.t = list(parameters), lr, (beta1, beta2), 0
        self.m, self.v = ([torch.zeros_like(p) for p in self.parameters] for _ in range(2))

    @torch.no_grad()
    def step(self, gradients):
        self.t += 1
        b1, b2 = self.betas
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            m.copy_(b1 * m + (1 - b1) * g)
            v.copy_(b2 * v + (1 - b2) * g * g)
            p -= self.lr * (m / (1 - b1**self.t)) / ((v / (1 - b2**self.t)).sqrt() + 1e-8)


@pytest.mark.parametrize("game", ["minimax", "non-saturating"])
@pytest.mark.parametrize("make", [toy, convolutional])
def test_three_steps_are_those_of_a_plain_loop(make, game):
    """Goodfellow et al. (2014), algorithm 1 with k = 2, written out on probabilities and cross-entropies."""
    settings = {"game": game, "discriminator_steps": 2, "generator_lr": 1e-3, "discriminator_lr": 2e-3}
    ours, plain = make(**settings), make(**settings).networks
    ones, zeros = torch.ones(8), torch.zeros(8)
    g, d = plain["generator"], plain["discriminator"]
    of_d, of_g = PlainAdam(d.parameters(), 2e-3, 0.5, 0.999), PlainAdam(g.parameters(), 1e-3, 0.5, 0.999)
    for step in range(3):
        batch = (points if make is toy else pictures)(step, 16)
        ours.step(batch)
        for k in range(2):
            draw = seeds.generator(0, step=step, purpose=f"part{k}/latents/discriminator")
            z = torch.randn(8, g.latent, generator=draw)
            fake = g(z).detach()
            real_part = F.binary_cross_entropy_with_logits(d(batch.x[8 * k : 8 * k + 8]), ones)
            loss = real_part + F.binary_cross_entropy_with_logits(d(fake), zeros)
            of_d.step(torch.autograd.grad(loss, of_d.parameters))
        z = torch.randn(8, g.latent, generator=seeds.generator(0, step=step, purpose="latents/generator"))
        if game == "minimax":
            loss = -F.binary_cross_entropy_with_logits(d(g(z)), zeros)
        else:
            loss = F.binary_cross_entropy_with_logits(d(g(z)), ones)
        of_g.step(torch.autograd.grad(loss, of_g.parameters))
    theirs, start = plain.state_dict(), make(**settings).networks.state_dict()
    for name, tensor in ours.networks.state_dict().items():
        # Adam moves a weight by up to its rate at a step; where a gradient is rounding noise, in any direction
        torch.testing.assert_close(
            tensor, theirs[name], rtol=1e-4, atol=2e-5, msg=lambda m, n=name: f"{n}: {m}"
        )
        assert not torch.equal(tensor, start[name])


# all games


@pytest.mark.parametrize("game", GAMES)
def test_every_game_plays_on_the_ring(game):
    method = toy(game=game, generator_lr=1e-3, discriminator_lr=1e-3)
    start = copy(method.networks)
    with Batches(open_data("toy/ring8"), 64, seed=0) as batches:
        for step in range(25):
            metrics = method.step(batches.at(step))
            assert all(value.isfinite() for value in metrics.values())
    assert changed(start, copy(method.networks)) == {n for n, _ in method.networks.named_parameters()}
    assert all(p.isfinite().all() for p in method.networks.parameters())


@pytest.mark.parametrize("game", GAMES)
def test_the_metrics_are_those_of_the_games_losses(game):
    method, batch = toy(game=game), points()
    g, d = method.networks["generator"], method.networks["discriminator"]
    z = method.latents(32, batch.draw.part(0).generator("latents/discriminator"))
    with torch.no_grad():
        real, fake = d(batch.x), d(g(z))
    metrics = method.step(batch)
    torch.testing.assert_close(metrics["discriminator/loss"], GAMES[game].discriminator_loss(real, fake))
    torch.testing.assert_close(metrics["discriminator/real"], real.sigmoid().mean())
    torch.testing.assert_close(metrics["discriminator/fake"], fake.sigmoid().mean())
    assert not any(value.requires_grad for value in metrics.values())
    assert {value.shape for value in metrics.values()} == {()}


@pytest.mark.parametrize("norm", ["batch", "none", "spectral"])
def test_every_norm_plays_on_images_in_bfloat16(norm):
    method = convolutional(norm)
    entered = in_bfloat16(method)
    for step in range(3):
        metrics = method.step(pictures(step))
        assert all(v.isfinite() and v.dtype == torch.float32 for v in metrics.values())
    assert len(entered) == 6  # once for D and once for G, each step
    assert {p.dtype for p in method.networks.parameters()} == {torch.float32}


# sampling, settings, state


def test_latents_have_the_law_of_the_settings():
    n = 20_000
    normal = toy().latents(n, torch.Generator().manual_seed(0))
    uniform = toy(latent_law="uniform").latents(n, torch.Generator().manual_seed(0))
    assert normal.shape == uniform.shape == (n, 2)
    assert abs(normal.std() - 1) < 0.02 and normal.abs().max() > 3
    assert abs(uniform.std() - 3**-0.5) < 0.02 and 0.99 < uniform.abs().max() <= 1


def test_sampling_uses_running_statistics_and_leaves_no_trace():
    method = convolutional()
    for step in range(3):
        method.step(pictures(step))
    z, before = torch.randn(6, 3), copy(method.networks)
    samples = method.sample(z)
    assert samples.shape == (6, 1, 16, 16) and samples.dtype == torch.float32 and not samples.requires_grad
    torch.testing.assert_close(method.sample(z[:1]), samples[:1])  # no image depends on its neighbours
    assert changed(before, method.networks.state_dict()) == set()
    assert method.networks["generator"].training


def test_sampling_restores_the_mode_after_an_error():
    method = convolutional()
    with pytest.raises(RuntimeError):
        method.sample(torch.randn(6, 4))
    assert method.networks["generator"].training


@pytest.mark.parametrize(
    "wrong",
    [
        {"game": "wasserstein"},
        {"latent_law": "cauchy"},
        {"discriminator_steps": 0},
        {"r1_every": 0},
        {"r1": -1.0},
        {"generator_lr": -1e-3},
        {"discriminator_lr": math.nan},
        {"beta1": 1.0},
    ],
    ids=str,
)
def test_impossible_settings_are_refused(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(UsageError, match=value if name == "game" else name):
        GANSettings(**wrong)


def test_a_resumed_game_equals_an_uninterrupted_one(tmp_path):
    whole, first, second = (convolutional() for _ in range(3))
    second.step(pictures(50))
    assert_goes_on(whole, first, second, pictures, tmp_path)


def test_frozen_gives_back_what_it_found():
    network = mlp.Discriminator(2, 4, 1)
    network.layers[0].weight.requires_grad_(False)
    before = [p.requires_grad for p in network.parameters()]
    with pytest.raises(KeyError), frozen(network):
        assert not any(p.requires_grad for p in network.parameters())
        raise KeyError
    assert [p.requires_grad for p in network.parameters()] == before == [False, True, True, True]
