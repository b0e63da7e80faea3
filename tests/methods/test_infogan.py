"""InfoGAN's step is the gradient of its game, and the bound's gradient arrives where it must."""

import math

import pytest
import torch
from methods.every_method import assert_goes_on
from torch import nn
from torch.nn.functional import cross_entropy, softplus

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.afterwards import recognise_afterwards
from course_lib.methods.infogan import InfoGAN, InfoGANSettings, code_weights
from course_lib.networks.recognition import InfoGANNetworks
from course_lib.seeds import Draw, generator
from course_lib.theory.latent_codes import LatentCodes

N = 12
NARROW = {"generator_width": 4, "discriminator_width": 4, "recognition_hidden": 8, "noise": 3}


def game(networks=None, **settings):
    torch.manual_seed(0)
    players = InfoGANNetworks(**(NARROW | (networks or {}))).build(DataSpec((1, 16, 16)))
    return InfoGANSettings(**settings).build(players)


def pictures(step=0, channels=1):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(N, channels, 16, 16, purpose="data"), None, draw)


def copy(method):
    return {name: tensor.clone() for name, tensor in method.networks.state_dict().items()}


def moved(method, before):
    """The roles of which a trained weight has changed."""
    return {
        role
        for role, network in method.networks.items()
        if any(not torch.equal(p, before[f"{role}.{name}"]) for name, p in network.named_parameters())
    }


def bound_by_hand(latents, answers):
    """Of a categorical code of ten and two uniform ones with unit variance, in nats."""
    categorical = math.log(10) - cross_entropy(answers[:, :10], latents[:, :10].argmax(1))
    error = (latents[:, 10:12] - answers[:, 10:12]).square().sum(1).mean()
    return categorical + 2 * math.log(2) - error / 2 - math.log(2 * math.pi)


@pytest.mark.parametrize("sharing", ["trunk", "none"])
def test_a_step_is_that_of_the_paper_or_of_the_authors_code(sharing):
    """Written out on a twin with optimisers of its own: D first; a shared Q learns with D, a lone one with G."""
    method, twin, batch = game({"sharing": sharing}), game({"sharing": sharing}), pictures()
    g, d, q = (twin.networks[role] for role in ("generator", "discriminator", "recognition"))
    with_d = [*d.parameters(), *(q.parameters() if sharing == "trunk" else [])]
    with_g = [*g.parameters(), *(q.parameters() if sharing == "none" else [])]

    def adam(network, rate):
        return torch.optim.Adam(network, rate, (0.5, 0.999))

    def answers(images):
        return q(d.front(images)) if sharing == "trunk" else q(images)

    first = method.latents(N, batch.draw.generator("latents/discriminator"))
    fake = g(first).detach()
    loss = softplus(-d(batch.x)).mean() + softplus(d(fake)).mean()
    if sharing == "trunk":
        loss = loss - bound_by_hand(first, answers(fake))
    by_d = adam(with_d, 2e-4)
    loss.backward()
    by_d.step()

    second = method.latents(N, batch.draw.generator("latents/generator"))
    for network in (g, d, q):
        network.zero_grad()
    images = g(second)
    generator_loss, lower = softplus(-d(images)).mean(), bound_by_hand(second, answers(images))
    groups = [{"params": list(g.parameters()), "lr": 1e-3}]
    if sharing == "none":
        groups.append({"params": list(q.parameters()), "lr": 2e-4})
    by_g = torch.optim.Adam(groups, betas=(0.5, 0.999))
    (generator_loss - lower).backward()
    by_g.step()
    assert len(with_g) == len([p for group in groups for p in group["params"]])

    metrics = method.step(batch)
    torch.testing.assert_close(metrics["information/lower"], lower.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(metrics["generator/loss"], generator_loss.detach(), rtol=1e-4, atol=1e-5)
    for role in method.networks:
        for (name, p), other in zip(
            method.networks[role].named_parameters(), twin.networks[role].parameters(), strict=True
        ):
            # Adam divides by the gradient's size: where that is rounding, its sign may be another
            different = ((p - other).abs() > 1e-5).float().mean().item()
            assert different < 0.02, (role, name)


@pytest.mark.parametrize("sharing", ["trunk", "none"])
def test_the_gradient_of_the_bound_reaches_the_generator_and_q(sharing):
    """Two public implementations compute the bound from fresh tensors, and no gradient of it reaches anybody."""
    method = game({"sharing": sharing})
    latents = method.latents(N, generator(0, purpose="test"))
    _, answers = method.read(method.networks["generator"](latents))
    bound_by_hand(latents, answers).backward()
    for role in ("generator", "recognition"):
        norms = [p.grad.norm().item() for p in method.networks[role].parameters() if p.ndim > 1]
        assert min(norms) > 0, role
    # and in a step: with the game's own gradients it moves otherwise than without the bound
    with_it, without = game({"sharing": sharing}), game({"sharing": sharing}, weights="0")
    with_it.step(pictures())
    without.step(pictures())
    one, other = (
        torch.cat([p.grad.flatten() for p in m.networks["generator"].parameters()])
        for m in (with_it, without)
    )
    assert (one - other).norm() > 0.01 * other.norm()


def test_who_moves_whom():
    for sharing in ("trunk", "none"):
        method = game({"sharing": sharing}, generator_lr=0.0)
        before = copy(method)
        method.step(pictures())
        assert moved(method, before) == {"discriminator", "recognition"}
    # a Q of its own learns with G and leaves D alone; a shared one teaches D's layers, too
    for sharing in ("trunk", "none"):
        both = [game({"sharing": sharing}, weights=w) for w in ("1", "0")]
        for method in both:
            method.step(pictures())
        fronts = [m.networks["discriminator"].front[0].weight for m in both]
        assert torch.equal(*fronts) == (sharing == "none")


def test_the_discriminator_moves_before_the_generator():
    """G's gradient is that of the D that has moved: a twin whose D stands still gives another."""
    one, other = game({"sharing": "none"}), game({"sharing": "none"}, discriminator_lr=0.0)
    one.step(pictures())
    other.step(pictures())
    weights = [m.networks["generator"].layers[0].weight.grad for m in (one, other)]
    assert not torch.allclose(*weights)


def test_each_code_has_its_weight():
    codes = LatentCodes.named("categorical:10, uniform:2")
    assert code_weights("0.5", codes) == (0.5, 0.5) and code_weights("1, 0.1", codes) == (1, 0.1)
    for text in ("", "x", "-1", "nan", "inf"):
        with pytest.raises(UsageError, match="weighs no code"):
            InfoGANSettings(weights=text)
    with pytest.raises(UsageError, match="3 weights for 2 codes"):
        code_weights("1, 2, 3", codes)
    without = game({"sharing": "none"}, weights="1, 0")
    without.step(pictures())
    last = without.networks["recognition"].layers[-1]
    assert last.weight.grad[:10].abs().max() > 0 and last.weight.grad[10:].abs().max() == 0


def test_a_latent_is_codes_and_then_noise():
    method = game()
    drawn = method.latents(50, generator(0, purpose="test"))
    assert drawn.shape == (50, 15) and (drawn[:, :10].sum(1) == 1).all() and drawn[:, 10:].abs().max() <= 1
    normal = game(noise_law="normal").latents(400, generator(0, purpose="test"))
    assert normal[:, 10:12].abs().max() <= 1 < normal[:, 12:].abs().max()


@pytest.mark.parametrize(
    "networks", [{}, {"sharing": "none"}, {"deviation": 0.0}, {"design": "dense"}], ids=str
)
def test_what_q_reads_from_images(networks):
    method = game(networks)
    method.step(pictures())
    state = copy(method)
    found = method.represent(pictures().x)
    assert found.shape == (N, 12)
    torch.testing.assert_close(found[:, :10].sum(1), torch.ones(N))
    # looks, and no more
    assert all(torch.equal(state[name], tensor) for name, tensor in copy(method).items())
    assert all(network.training for network in method.networks.values())
    alone = torch.cat([method.represent(x[None]) for x in pictures().x])
    torch.testing.assert_close(alone, found, rtol=1e-4, atol=1e-5)


def test_the_bounds_of_own_samples_are_those_of_each_code():
    method = game(weights="1, 0.5")
    for step in range(3):
        method.step(pictures(step))
    found = method.lower_bounds(1000, generator(0, purpose="test"), batch=300)
    assert (
        found.shape == (2,)
        and found[0] <= math.log(10)
        and found[1] <= 2 * math.log(2) - math.log(2 * math.pi)
    )


def test_spectral_norms_are_in_d_and_q_and_not_in_the_generator():
    method = game({"discriminator_norm": "spectral"})
    for role, normed in (("discriminator", True), ("recognition", True), ("generator", False)):
        layers = [
            m for m in method.networks[role].modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))
        ]
        assert layers and all(hasattr(layer, "parametrizations") == normed for layer in layers)
    method.step(pictures())


def test_a_run_goes_on_where_it_was_saved(tmp_path):
    assert_goes_on(game(), game(), game(), pictures, tmp_path, steps=2)


def test_a_game_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="there is no game"):
        InfoGANSettings(game="chess")
    with pytest.raises(UsageError, match="names no code"):
        InfoGANNetworks(codes="beta:2")
    with pytest.raises(UsageError, match="role of recognition"):
        InfoGANSettings().build({"generator": nn.Identity(), "discriminator": nn.Identity()})
    assert InfoGAN.label == "InfoGAN"


def test_q_trained_afterwards_finds_what_the_generator_shows_of_its_codes():
    """The first code is drawn into the picture by hand, the others are not: afterwards Q knows the first alone."""

    class Shown(nn.Module):
        latent = 15

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(()))

        def forward(self, latents):
            rows = latents[:, None, :10, None].expand(-1, 1, 10, 16)
            return self.weight * nn.functional.pad(rows, (0, 0, 0, 6))

    torch.manual_seed(0)
    players = InfoGANNetworks(**NARROW, sharing="none").build(DataSpec((1, 16, 16)))
    method = InfoGANSettings().build({**players, "generator": Shown()})
    recognise_afterwards(method, steps=80, rate=1e-2)
    categorical, uniform = method.lower_bounds(500, generator(0, purpose="test"))
    assert categorical > 0.9 * math.log(10) and uniform < 2 * math.log(2) - math.log(2 * math.pi) - 0.2
    assert method.networks["generator"].weight == 1
    with pytest.raises(UsageError, match="sharing none"):
        recognise_afterwards(game())
