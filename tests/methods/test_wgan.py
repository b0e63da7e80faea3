"""Algorithm 1 of both Wasserstein papers: who moves when, on which data, and that the result is a plain loop's."""

from functools import partial

import pytest
import torch
from methods import small_gans
from methods.every_method import assert_goes_on, assert_state_and_batch_decide
from methods.small_gans import changed
from torch import nn

from course_lib import recipes
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.wgan import WGAN, WGANSettings
from course_lib.networks import dcgan, mlp
from course_lib.networks.batch_aware import BatchAwareDiscriminator

toy = partial(small_gans.toy, WGANSettings)
# batches of five equal parts
points, pictures = partial(small_gans.points, n=40), partial(small_gans.pictures, n=20)


def convolutional(norm="none", **settings):
    return small_gans.convolutional(norm, WGANSettings, **settings)


def copy(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


class Watched(WGAN):
    """Notes what each update changed."""

    def update(self, role, loss):
        before = copy(self.networks)
        super().update(role, loss)
        self.log = [*getattr(self, "log", []), (role, changed(before, self.networks.state_dict()))]


@pytest.mark.parametrize("constraint", ["clip", "penalty", "spectral"])
def test_five_updates_of_the_critic_then_one_of_the_generator(constraint):
    method = convolutional("spectral" if constraint == "spectral" else "none", constraint=constraint)
    assert method.minibatches == 5
    method.__class__ = Watched
    method.step(pictures())
    assert [role for role, _ in method.log] == ["critic"] * 5 + ["generator"]
    # a shift of all scores changes no difference: the last bias has no gradient
    idle = {"critic.layers.6.bias"} if constraint != "spectral" else set()
    for role, moved in method.log:
        trained = {f"{role}.{name}" for name, _ in method.networks[role].named_parameters()}
        assert moved <= trained and moved
        assert trained - moved <= idle | {name for name in trained if name.endswith("bias")}
    assert method.log[-1][1] == {f"generator.{n}" for n, _ in method.networks["generator"].named_parameters()}


class Recorder(nn.Module):
    """A network that notes what it was asked."""

    def __init__(self, network):
        super().__init__()
        self.network, self.seen, self.latent = network, [], getattr(network, "latent", None)

    def forward(self, x):
        self.seen.append((x.detach().clone(), x.requires_grad, torch.is_grad_enabled()))
        return self.network(x)


def test_every_update_of_the_critic_has_data_latents_and_interpolates_of_its_own():
    method = WGAN(Recorder(mlp.Generator(2, 2, 8)), Recorder(mlp.Discriminator(2, 8)))
    batch = points()
    method.step(batch)
    asked = method.networks["critic"].seen
    real, fake, between = (torch.cat([x for x, _, _ in asked[i:15:3]]) for i in range(3))
    assert len(asked) == 16 and torch.equal(real, batch.x)  # each point once
    assert [wanted for _, wanted, _ in asked] == [False, False, True] * 5 + [True]
    # every interpolate lies on the line from its own sample to its own point, each at a place of its own
    epsilon = ((between - fake) / (real - fake)).mean(1)
    torch.testing.assert_close(between, fake + epsilon[:, None] * (real - fake), rtol=1e-4, atol=1e-4)
    assert epsilon.min() >= -1e-3 and epsilon.max() <= 1 + 1e-3 and epsilon.std() > 0.2
    latents = torch.cat([z for z, _, _ in method.networks["generator"].seen])
    assert latents.shape == (6 * 8, 2) and len(latents.unique(dim=0)) == 48
    # G is run without a graph for the critic's updates, with one for its own
    assert [grad for _, _, grad in method.networks["generator"].seen] == [False] * 5 + [True]


def test_a_penalised_step_is_the_papers_algorithm():
    """Gulrajani et al. (2017), algorithm 1, sample by sample in float64, against ours on the same draws."""
    ours, theirs = toy(critic_steps=2, generator_lr=1e-3, critic_lr=2e-3), toy()
    for method in (ours, theirs):
        method.networks.double()
    batch = points(n=8)
    batch = Batch(batch.x.double(), None, batch.draw)

    def latents(draw, purpose):
        return torch.randn(4, 2, generator=draw.generator(purpose))

    ours.latents = lambda n, generator: torch.randn(n, 2, generator=generator).double()
    metrics = ours.step(batch)

    generator, critic = theirs.networks["generator"], theirs.networks["critic"]
    adam = {
        "critic": torch.optim.Adam(critic.parameters(), 2e-3, (0.0, 0.9)),
        "generator": torch.optim.Adam(generator.parameters(), 1e-3, (0.0, 0.9)),
    }
    for part in batch.split(2):
        z = latents(part.draw, "latents/critic").double()
        epsilon = torch.rand(4, generator=part.draw.generator("interpolates"), dtype=torch.float64)
        losses = []
        for i in range(4):
            fake = generator(z[i : i + 1]).detach()
            x = epsilon[i] * part.x[i : i + 1] + (1 - epsilon[i]) * fake
            x.requires_grad_(True)
            (gradient,) = torch.autograd.grad(critic(x).squeeze(), x, create_graph=True)
            penalty = (gradient.square().sum().sqrt() - 1) ** 2
            losses.append(critic(fake) - critic(part.x[i : i + 1]) + 10 * penalty)
        loss = torch.cat(losses).mean()
        adam["critic"].zero_grad()
        loss.backward()
        adam["critic"].step()
    adam["generator"].zero_grad()
    generator_loss = -critic(generator(latents(batch.draw, "latents/generator").double())).mean()
    generator_loss.backward()
    adam["generator"].step()

    for name, expected in (("critic/loss", loss), ("generator/loss", generator_loss)):
        torch.testing.assert_close(metrics[name].double(), expected.detach(), rtol=1e-6, atol=1e-6)
    for name, value in ours.networks.state_dict().items():
        # the step's scores are float32: a gradient differs in its seventh digit, and Adam's first steps by their signs
        torch.testing.assert_close(value, theirs.networks.state_dict()[name], rtol=1e-4, atol=2e-5)


def test_a_clipped_step_is_the_original_algorithm():
    ours, theirs = (
        toy(constraint="clip", clip=0.05, optimizer="rmsprop", generator_lr=1e-3, critic_lr=1e-3)
        for _ in range(2)
    )
    batch = points()
    ours.step(batch)
    generator, critic = theirs.networks["generator"], theirs.networks["critic"]
    rules = {role: torch.optim.RMSprop(net.parameters(), 1e-3) for role, net in theirs.networks.items()}
    for part in batch.split(5):
        z = torch.randn(8, 2, generator=part.draw.generator("latents/critic"))
        loss = critic(generator(z).detach()).mean() - critic(part.x).mean()
        rules["critic"].zero_grad()
        loss.backward()
        rules["critic"].step()
        for p in critic.parameters():
            p.data.clamp_(-0.05, 0.05)
    rules["generator"].zero_grad()
    z = torch.randn(8, 2, generator=batch.draw.generator("latents/generator"))
    (-critic(generator(z)).mean()).backward()
    rules["generator"].step()
    for name, value in ours.networks.state_dict().items():
        torch.testing.assert_close(value, theirs.networks.state_dict()[name])
    assert max(p.abs().max() for p in ours.networks["critic"].parameters()) <= 0.05
    assert max(p.abs().max() for p in ours.networks["generator"].parameters()) > 0.05


@pytest.mark.parametrize(("make", "batch"), [(toy, points), (convolutional, pictures)])
def test_a_step_is_a_function_of_state_and_batch(make, batch):
    assert_state_and_batch_decide(make, batch)


@pytest.mark.parametrize("settings", [{}, {"constraint": "clip", "optimizer": "rmsprop"}])
def test_a_saved_state_goes_on_alike(settings, tmp_path):
    whole, first, second = toy(**settings), toy(**settings), toy(seed=7, **settings)
    assert_goes_on(whole, first, second, points, tmp_path, steps=2)


def test_half_precision_networks_have_full_precision_scores():
    method = convolutional()
    method.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    metrics = method.step(pictures())
    assert all(value.dtype == torch.float32 and value.isfinite() for value in metrics.values())
    assert all(p.dtype == torch.float32 for p in method.networks.parameters())


def test_the_distance_is_what_the_loss_is_without_its_penalty():
    metrics = toy().step(points())
    assert metrics["critic/loss"] > -metrics["critic/distance"] and metrics["critic/slope"] > 0
    clipped = toy(constraint="clip").step(points())
    assert clipped["critic/loss"] == -clipped["critic/distance"] and "critic/slope" not in clipped


def test_batch_normalisation_in_the_critic_is_refused_but_for_clipping():
    for constraint in ("penalty", "spectral"):
        with pytest.raises(UsageError, match="--discriminator-norm none"):
            convolutional("batch", constraint=constraint)
    convolutional("batch", constraint="clip").step(pictures())
    with pytest.raises(UsageError, match="--discriminator-norm none"):
        recipes.build(recipes.resolve("wgan-gp-fashion", "smoke", discriminator_norm="batch"), (1, 32, 32))


@pytest.mark.parametrize("minibatch", ["discrimination", "deviation"])
def test_minibatch_layers_in_the_critic_are_refused_but_for_clipping(minibatch):
    def critic(norm="none"):
        return BatchAwareDiscriminator(
            dcgan.Discriminator(1, 16, 4, norm), torch.zeros(2, 1, 16, 16), minibatch
        )

    generator = dcgan.Generator(3, 1, 16, 4)
    for constraint, norm in (("penalty", "none"), ("spectral", "spectral")):
        with pytest.raises(UsageError, match=f"minibatch {minibatch} mixes"):
            WGAN(generator, critic(norm), WGANSettings(constraint=constraint))
    WGAN(generator, critic(), WGANSettings(constraint="clip")).step(pictures())


def test_spectral_needs_spectral_layers():
    with pytest.raises(UsageError, match="--discriminator-norm spectral"):
        convolutional("none", constraint="spectral")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"constraint": "prayer"}, "clip, penalty, spectral"),
        ({"optimizer": "sgd"}, "adam, rmsprop"),
        ({"critic_steps": 0}, "at least 1"),
        ({"clip": 0.0}, "above 0"),
        ({"penalty": -1.0}, "that is at least 0"),
        ({"critic_lr": float("nan")}, "that is at least 0"),
        ({"beta2": 1.0}, "below 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, named):
    with pytest.raises(UsageError, match=named):
        WGANSettings(**settings)


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(UsageError, match="equal parts"):
        toy().step(points(n=33))


@pytest.mark.parametrize("name", ["wgan-ring", "wgan-gp-ring", "wgan-gp-fashion", "wgan-fashion"])
def test_the_recipes_are_the_methods_they_name(name):
    """At paper scale: the papers' own rates, steps, and constraint."""
    plan = recipes.resolve(name, "lab")
    settings = plan.settings["method"]
    clipped = "gp" not in name
    assert settings.constraint == ("clip" if clipped else "penalty") and settings.critic_steps == 5
    assert settings.optimizer == ("rmsprop" if clipped else "adam")
    assert settings.generator_lr == settings.critic_lr == (5e-5 if clipped else 1e-4)
