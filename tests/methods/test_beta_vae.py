"""The β-VAE: its step, its Bernoulli likelihood, and what a dearer code does."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.methods.beta_vae import BetaVAESettings
from course_lib.networks.bernoulli import BernoulliAutoencoder
from course_lib.seeds import Draw

N = 10


def model(networks=None, **settings):
    torch.manual_seed(0)
    narrow = {"latent": 3, "generator_width": 4, "encoder_width": 4, "encoder_hidden": 8}
    players = BernoulliAutoencoder(**(narrow | (networks or {}))).build(DataSpec((1, 16, 16)))
    return BetaVAESettings(**settings).build(players)


def pictures(step=0):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(N, 1, 16, 16, purpose="data").sign(), None, draw)


@pytest.mark.parametrize("design", ["dcgan", "dense"])
def test_a_step_is_the_gradient_of_the_objective(design):
    method, twin, batch = model({"design": design}, beta=3.0), model({"design": design}, beta=3.0), pictures()
    encoder, generator = twin.networks["encoder"], twin.networks["generator"]
    mean, log_variance = encoder(batch.x)
    z = mean + (log_variance / 2).exp() * batch.draw.normal(N, 3, purpose="latents/posterior")
    # by the means of the pixels and not by logits: tanh is 2σ − 1
    likelihood = Bernoulli(probs=(generator(z).double() + 1) / 2).log_prob((batch.x.double() + 1) / 2)
    distortion = -likelihood.flatten(1).sum(1).mean()
    rate = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    (distortion + 3 * rate).backward()
    metrics = method.step(batch)
    assert metrics["elbo/distortion"].item() == pytest.approx(distortion.item(), rel=1e-5)
    assert metrics["elbo/rate"].item() == pytest.approx(rate.item(), rel=1e-5)
    torch.testing.assert_close(metrics["elbo/loss"], metrics["elbo/distortion"] + 3 * metrics["elbo/rate"])
    for role in method.networks:
        for p, other in zip(
            method.networks[role].parameters(), twin.networks[role].parameters(), strict=True
        ):
            torch.testing.assert_close(p.grad, other.grad, rtol=1e-3, atol=2e-3)


def test_a_dearer_code_says_less():
    rates = []
    for beta in (0.1, 50.0):
        method = model(beta=beta, encoder_lr=5e-3, generator_lr=5e-3)
        for step in range(60):
            method.step(pictures(step % 2))
        rates.append(method.rates(pictures().x).sum().item())
    assert rates[1] < 0.5 * rates[0]


def test_codes_are_the_means_of_the_posterior():
    method = model()
    method.step(pictures())
    x = pictures().x
    assert torch.equal(method.encode(x), method.posterior(x)[0])
    assert torch.equal(method.represent(x), method.encode(x)) and method.encode(x).shape == (N, 3)
    made = method.sample(method.encode(x))
    assert made.shape == x.shape and made.abs().max() <= 1
