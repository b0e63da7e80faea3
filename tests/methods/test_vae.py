"""The variational autoencoder: its step is the bound's gradient, and its bound is right where it is known."""

import math

import pytest
import torch
from methods.every_method import assert_goes_on
from torch import nn

from course_lib import recipes
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.vae import VAE, VAESettings
from course_lib.networks import dcgan
from course_lib.networks.encoders import GaussianEncoder
from course_lib.objectives import elbo
from course_lib.seeds import Draw


def convolutional(**settings):
    torch.manual_seed(0)
    return VAE(GaussianEncoder(3, 1, 16, 4), dcgan.Generator(3, 1, 16, 4), VAESettings(**settings))


def pictures(step=0, n=8):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(n, 1, 16, 16, purpose="data"), None, draw)


def copy(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    "settings", [{}, {"noise": 0.4}, {"loss": "l2+lap1"}, {"loss": "lap1", "noise": 0.2}]
)
def test_a_step_moves_both_networks_along_the_gradient_of_the_bound(settings):
    method, batch = convolutional(**settings), pictures()
    before = copy(method.networks)
    # by hand, on networks of their own
    twin = convolutional(**settings)
    encoder, generator = twin.networks["encoder"], twin.networks["generator"]
    mean, log_variance = encoder(batch.x)
    z = mean + (log_variance / 2).exp() * batch.draw.normal(8, 3, purpose="latents/posterior")
    made = generator(z)
    loss = settings.get("loss", "l2")
    noise = settings.get("noise") or elbo.best_noise(made, batch.x, loss)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
    expected = (elbo.negative_log_likelihood(made, batch.x, noise, loss) + kl).mean()
    expected.backward()
    metrics = method.step(batch)
    torch.testing.assert_close(metrics["elbo/loss"], expected.detach())
    torch.testing.assert_close(metrics["elbo/distortion"] + metrics["elbo/rate"], metrics["elbo/loss"])
    assert metrics["elbo/noise"].item() == pytest.approx(float(noise))
    for role in ("encoder", "generator"):
        for (name, p), q in zip(
            method.networks[role].named_parameters(), twin.networks[role].parameters(), strict=True
        ):
            torch.testing.assert_close(p.grad, q.grad)
            moved = p.detach() - before[f"{role}.{name}"]
            large = q.grad.abs() > 1e-3
            # Adam's first step is its rate against the sign of the gradient
            torch.testing.assert_close(moved[large], -1e-3 * q.grad[large].sign(), rtol=1e-2, atol=1e-6)


class Linear(nn.Module):
    """z -> W z as an image, float64 or float32 as its weight."""

    def __init__(self, weight):
        super().__init__()
        self.weight, self.latent = nn.Parameter(weight), weight.shape[1]

    def forward(self, latents):
        return (latents @ self.weight.T)[:, None, :, None]


class Posterior(nn.Module):
    """The exact posterior of the linear model with orthogonal columns."""

    def __init__(self, weight, noise):
        super().__init__()
        self.weight, self.noise = nn.Parameter(weight), noise

    def forward(self, images):
        variance = 1 / (1 + self.weight.square().sum(0) / self.noise**2)
        mean = images[:, 0, :, 0] @ self.weight / self.noise**2 * variance
        return mean, variance.log().expand_as(mean)


def test_the_bound_of_a_linear_model_is_its_evidence():
    g = torch.Generator().manual_seed(0)
    weight = torch.linalg.qr(torch.randn(10, 2, generator=g)).Q * torch.tensor([1.5, 0.6])
    x = torch.randn(4, 1, 10, 1, generator=g)
    method = VAE(Posterior(weight, 0.5), Linear(weight), VAESettings(noise=0.5))
    covariance = (weight @ weight.T + 0.25 * torch.eye(10)).double()
    evidence = torch.distributions.MultivariateNormal(torch.zeros(10).double(), covariance).log_prob(
        x[:, 0, :, 0].double()
    )
    draws = torch.stack([method.elbo(x, torch.Generator().manual_seed(i), 50) for i in range(20)]).double()
    error = draws.std(0) / math.sqrt(20)
    assert (error < 0.05).all() and ((draws.mean(0) - evidence).abs() < 5 * error).all()


class Certain(nn.Module):
    """An encoder whose posterior has no width to speak of: the bound does not depend on the draw of z."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images):
        mean = self.scale * images.flatten(1)[:, :3]
        return mean, torch.full_like(mean, -60.0)


def certain(**settings):
    torch.manual_seed(0)
    return VAE(Certain(), dcgan.Generator(3, 1, 16, 4), VAESettings(**settings))


@pytest.mark.parametrize("settings", [{"noise": 0.4}, {}, {"loss": "lap1"}, {"loss": "l2+lap1"}], ids=str)
def test_the_bound_of_an_image_does_not_depend_on_the_rest_of_its_batch(settings):
    method, x = certain(**settings), pictures(n=40).x
    x = x * torch.linspace(0.1, 1, 40).view(-1, 1, 1, 1)  # some are easier than others
    draw = torch.Generator().manual_seed(0)
    noise = {} if "noise" in settings else {"noise": method.likeliest_noise(x[8:], draw)}
    together = method.elbo(x[:8], draw, **noise)
    alone = torch.cat([method.elbo(image[None], draw, **noise) for image in x[:8]])
    assert together.std() > 1
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=0)


def test_without_a_noise_there_is_no_bound_of_an_image():
    method, draw = certain(), torch.Generator().manual_seed(0)
    with pytest.raises(UsageError, match="likeliest_noise"):
        method.elbo(pictures().x, draw)
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(UsageError, match="noise"):
            method.elbo(pictures().x, draw, noise=wrong)


@pytest.mark.parametrize("loss", ["l2", "lap1", "l2+lap1"])
def test_the_likeliest_noise_makes_the_mean_bound_largest(loss):
    method, x = certain(loss=loss), pictures(n=30).x
    draw = torch.Generator().manual_seed(0)
    best = method.likeliest_noise(x, draw, batch=7)  # in pieces, of which the last is shorter
    assert best == pytest.approx(method.likeliest_noise(x, draw), rel=1e-5)
    bounds = [method.elbo(x, draw, noise=factor * best).mean().item() for factor in (0.8, 1.0, 1.25)]
    assert bounds[1] > max(bounds[0], bounds[2]) + 1


def test_a_resumed_run_continues_the_same(tmp_path):
    assert_goes_on(*(convolutional() for _ in range(3)), pictures, tmp_path)


def test_looking_changes_nothing():
    method = convolutional()
    method.step(pictures())
    before, x = copy(method.networks), pictures(1).x
    z = method.latents(4, torch.Generator().manual_seed(0))
    one, all_of_them = method.sample(z[:1]), method.sample(z)
    torch.testing.assert_close(one[0], all_of_them[0])  # no image depends on its neighbours
    mean, log_variance = method.posterior(x)
    torch.testing.assert_close(method.encode(x[:1])[0], mean[0], rtol=1e-4, atol=1e-5)
    method.elbo(x, torch.Generator().manual_seed(0), noise=0.5)
    assert method.networks["encoder"].training and method.networks["generator"].training
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), copy(method.networks).values(), strict=True)
    )
    assert not mean.requires_grad and all_of_them.abs().max() <= 1 and log_variance.shape == (8, 3)


@pytest.mark.parametrize(("settings", "named"), [({"loss": "l3"}, "l3"), ({"noise": -1.0}, "at least 0")])
def test_what_cannot_be_meant_is_refused(settings, named):
    with pytest.raises(UsageError, match=named):
        VAESettings(**settings)


@pytest.mark.slow
def test_it_learns_digits_and_uses_its_codes(tmp_path):
    plan = recipes.resolve(
        "vae-fashion",
        "smoke",
        data="digits",
        resolution=16,
        steps=300,
        batch=64,
        latent=8,
        loss="l2",
        tensorboard=False,
    )
    run = recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    first, last = run.history[0], run.history[-1]
    assert last["elbo/loss"] < first["elbo/loss"] - 100  # nats an image
    assert last["elbo/rate"] > 3 and last["elbo/noise"] < 0.45
    method = recipes.load(tmp_path / "run")
    assert {"encoder", "generator"} == set(method.networks)
