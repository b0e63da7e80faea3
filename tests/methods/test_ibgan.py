"""IB-GAN: InfoGAN where its price is zero, its two bounds, the order of its steps, its noise."""

import math

import pytest
import torch
from methods.every_method import assert_goes_on
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.ibgan import IBGANSettings
from course_lib.methods.infogan import InfoGAN, InfoGANSettings
from course_lib.networks.bottleneck import IBGANNetworks
from course_lib.seeds import Draw, generator

N = 12
NARROW = {
    "generator_width": 4,
    "discriminator_width": 4,
    "recognition_hidden": 8,
    "codes": "gaussian:6",
    "size": 3,
}
QUIET = {"noise_start": 0.0}
ADAM = {"optimizer": "adam", "beta1": 0.5, "beta2": 0.999}
RATES = {"generator_lr": 1e-3, "recognition_lr": 2e-4, "discriminator_lr": 2e-4}


def players(**networks):
    torch.manual_seed(0)
    built = IBGANNetworks(**(NARROW | networks)).build(DataSpec((1, 16, 16)))
    # away from N(0, 0.02), where e says next to nothing of z
    for parameter in built["encoder"].parameters():
        if parameter.ndim > 1:
            nn.init.orthogonal_(parameter)
    return built


def game(networks=None, **settings):
    method = IBGANSettings(**settings).build(players(**(networks or {})))
    method.steps = 100  # as the loop says
    return method


def pictures(step=0):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(N, 1, 16, 16, purpose="data"), None, draw)


def copy(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


class Through(nn.Module):
    """A generator of z: the mean of e(r|z), and then the generator of r."""

    def __init__(self, encoder, generator):
        super().__init__()
        self.encoder, self.generator, self.latent = encoder, generator, encoder.latent

    def forward(self, z):
        return self.generator(self.encoder(z)[0])


def test_without_a_price_and_a_draw_it_is_infogan():
    """β = 0 and r the mean of e(r|z): after ten steps the weights are those of InfoGAN with G∘e for a generator."""
    own, other = game(beta=0.0, deterministic=True, encoder_lr=1e-3, **QUIET, **ADAM, **RATES), players()
    through = Through(other["encoder"], other["generator"])
    settings = InfoGANSettings(**RATES)
    info = InfoGAN(through, other["discriminator"], other["recognition"], settings)
    before = copy(own.networks)
    for step in range(10):
        mine, theirs = own.step(pictures(step)), info.step(pictures(step))
    torch.testing.assert_close(mine["information/lower"], theirs["information/lower"])
    pairs = [
        (own.networks["generator"], through.generator),
        (own.networks["encoder"], through.encoder),
        (own.networks["discriminator"], other["discriminator"]),
        (own.networks["recognition"], other["recognition"]),
    ]
    for one, two in pairs:
        torch.testing.assert_close(copy(one), copy(two))
    assert not torch.equal(own.networks["encoder"].layers[0].weight, before["encoder.layers.0.weight"])


def test_a_step_is_that_of_the_paper():
    """Written out on a twin: D on its own loss, then G, e and Q together on adversarial − λ lower + β upper."""
    settings = {"weights": "0.7", "beta": 0.3, **QUIET}
    method, twin, batch = game(**settings), game(**settings), pictures()
    g, d, q, e = (twin.networks[r] for r in ("generator", "discriminator", "recognition", "encoder"))

    def rmsprop(*networks, rate):
        parameters = [p for network in networks for p in network.parameters()]
        return torch.optim.RMSprop(parameters, rate, momentum=0.9)

    def channel(latents):
        z, noise = latents[:, :6], latents[:, 6:]
        mean, log_variance = e(z)
        return mean + (log_variance / 2).exp() * noise, Normal(mean, (log_variance / 2).exp())

    first = method.latents(N, batch.draw.generator("latents/discriminator"))
    fake = g(channel(first)[0]).detach()
    by_d, by_g = rmsprop(d, rate=1e-6), rmsprop(g, e, q, rate=5e-5)
    (softplus(-d(batch.x)).mean() + softplus(d(fake)).mean()).backward()
    by_d.step()
    second = method.latents(N, batch.draw.generator("latents/generator"))
    r, posterior = channel(second)
    images = g(r)
    lower = 6 * Normal(0.0, 1.0).entropy() + Normal(q(images), 1.0).log_prob(second[:, :6]).sum(1).mean()
    upper = kl_divergence(posterior, Normal(0.0, 1.0)).sum(1).mean()
    adversarial = softplus(-d(images)).mean()
    by_g.zero_grad()
    (adversarial - 0.7 * lower + 0.3 * upper).backward()
    gradients = {
        role: [p.grad.clone() for p in n.parameters()] for role, n in (("generator", g), ("encoder", e))
    }
    by_g.step()

    metrics = method.step(batch)
    for name, expected in (("lower", lower), ("upper", upper)):
        torch.testing.assert_close(metrics[f"information/{name}"], expected.detach())
    torch.testing.assert_close(metrics["generator/loss"], adversarial.detach())
    for role, expected_gradients in gradients.items():
        found = [p.grad for p in method.networks[role].parameters()]
        torch.testing.assert_close(found, expected_gradients, rtol=1e-3, atol=1e-6)
    for role in method.networks:
        torch.testing.assert_close(
            copy(method.networks[role]), copy(twin.networks[role]), rtol=1e-3, atol=2e-5
        )


def test_the_gradients_of_both_bounds_arrive():
    """The lower one reaches G, e and Q; the upper one reaches e and nobody else."""
    method = game(**QUIET)
    latents = method.latents(N, generator(0, purpose="test"))
    from course_lib.objectives import information

    r, mean, log_variance = method.channel(latents)
    _, answers = method.read(method.networks["generator"](r))
    information.code_lower_bounds(method.codes, latents, answers).sum().backward(retain_graph=True)
    for role in ("generator", "encoder", "recognition"):
        assert all(p.grad.norm() > 0 for p in method.networks[role].parameters() if p.ndim > 1), role
    method.networks.zero_grad()
    information.upper_bound(mean, log_variance).backward()
    assert all(p.grad.norm() > 0 for p in method.networks["encoder"].parameters() if p.ndim > 1)
    assert all(p.grad is None for r in ("generator", "recognition") for p in method.networks[r].parameters())


def test_a_price_closes_the_channel():
    """Sixty steps under a dear upper bound bring it down; without one it goes up, and nothing would stop it."""
    still = dict.fromkeys(RATES, 0.0)
    dear, free = (game(beta=beta, encoder_lr=3e-3, **QUIET, **ADAM, **still) for beta in (1.0, 0.0))
    start = dear.upper_bounds(500, generator(0, purpose="test")).sum()
    for step in range(60):
        dear.step(pictures(step))
        free.step(pictures(step))
    after = [m.upper_bounds(500, generator(0, purpose="test")).sum() for m in (dear, free)]
    assert after[0] < 0.3 * start < start < after[1]


def test_noise_sinks_along_a_line_and_what_is_shown_stays_in_range():
    method = game(noise_start=1.0, noise_end=0.1, noise_share=0.5)
    assert [method.noise(step) for step in (0, 25, 50, 99)] == pytest.approx([1.0, 0.55, 0.1, 0.1])
    batch = pictures()
    shown = method.shown(batch.x, batch, "real")
    assert shown.abs().max() == 1 and not torch.equal(shown, batch.x)
    assert game(**QUIET).shown(batch.x, batch, "real") is batch.x


def test_targets_are_drawn_between_their_ends():
    method = game(target_low=0.7, target_spread=0.5)
    real, fake = torch.linspace(-2, 2, 1000), torch.zeros(1000)
    batch = Batch(torch.zeros(1000, 1, 16, 16), None, Draw(0))
    targets = 0.95 + 0.25 * batch.draw.uniform(1000, purpose="targets")
    assert 0.7 <= targets.min() < 0.71 and 1.19 < targets.max() <= 1.2
    expected = binary_cross_entropy_with_logits(real, targets) + math.log(2)
    torch.testing.assert_close(method.discriminator_loss(real, fake, batch), expected)
    plain = game().discriminator_loss(real, fake, batch)
    torch.testing.assert_close(plain, softplus(-real).mean() + math.log(2))


def test_an_image_is_encoded_by_the_mean_of_r_at_the_z_that_q_reads():
    method = game(**QUIET)
    method.step(pictures())
    x = pictures().x
    z = method.answers(x)
    with torch.no_grad():
        mean, _ = method.networks["encoder"].eval()(z)
    torch.testing.assert_close(method.represent(x), mean)
    code = method.encode(x)
    assert code.shape == (N, method.latent) == (N, 9)
    torch.testing.assert_close(method.sample(code), method.decode(mean))


def test_a_sample_depends_on_the_draw_of_r_unless_it_is_deterministic():
    latents = game(**QUIET).latents(N, generator(0, purpose="test"))
    other = latents.clone()
    other[:, 6:] = -other[:, 6:]
    drawn, fixed = game(**QUIET), game(deterministic=True, **QUIET)
    assert not torch.equal(drawn.sample(latents), drawn.sample(other))
    assert torch.equal(fixed.sample(latents), fixed.sample(other))
    space = drawn.space
    torch.testing.assert_close(
        space.draw(N, generator(0, purpose="test")), drawn.channel(latents)[0].detach()
    )
    assert space.shape == (3,)


def test_a_front_that_is_shared_is_trained_by_d_alone():
    networks = {"sharing": "front", "design": "dense"}
    one, other = game(networks, weights="1", **QUIET), game(networks, weights="0.5", beta=0.1, **QUIET)
    for method in (one, other):
        method.step(pictures())
        assert set(method.averaged) == set(method.networks)
    assert torch.equal(*(m.networks["discriminator"].front[0].weight for m in (one, other)))
    grown = [m.networks["generator"].dense[0].weight for m in (one, other)]
    assert not torch.equal(*grown)


def test_a_run_goes_on_where_it_was_saved(tmp_path):
    assert_goes_on(game(), game(), game(), pictures, tmp_path, steps=2)


def test_a_price_above_the_weight_is_refused():
    with pytest.raises(UsageError, match="at most that"):
        game(weights="0.5", beta=0.6)
    with pytest.raises(UsageError, match="without them"):
        game().sample(torch.zeros(2, 9), torch.zeros(2))
