"""The conditional game's step is the gradient of its losses, on the right pairs."""

import pytest
import torch
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.methods.conditional import ConditionalSettings
from course_lib.networks.conditional import ConditionalPair
from course_lib.networks.dcgan import DCGANPair
from course_lib.seeds import Draw, generator

N = 12
SMALL = {"noise": 5, "generator_width": 4, "discriminator_width": 4}


def game(networks=None, **settings):
    torch.manual_seed(0)
    players = ConditionalPair(**(SMALL | (networks or {}))).build(DataSpec((1, 16, 16), classes=10))
    return ConditionalSettings(**settings).build(players)


def pictures(step=0):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(N, 1, 16, 16, purpose="data"), torch.arange(N) % 10, draw)


@pytest.mark.parametrize("mismatched", [0.0, 0.5, 0.25])
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_step_is_that_of_the_paper(mismatched, shuffled):
    """Written out on a twin: which pairs D accepts and refuses, with which weights, and what G is told."""
    method, twin = game(mismatched=mismatched, shuffled=shuffled), game()
    batch = pictures()
    g, d = twin.networks["generator"], twin.networks["discriminator"]
    y = torch.eye(10)[batch.labels]
    if shuffled:
        y = y[torch.randperm(N, generator=batch.draw.generator("shuffled"))]
    first, second = (
        torch.randn(N, 5, generator=batch.draw.generator(f"latents/{who}"))
        for who in ("discriminator", "generator")
    )
    with torch.no_grad():
        fake = g(torch.cat([first, y], 1))
    real, made = d(batch.x, y), d(fake, y)
    loss = softplus(-real).mean() + (1 - mismatched) * softplus(made).mean()
    if mismatched:
        wrong = d(batch.x, y[torch.randperm(N, generator=batch.draw.generator("mismatched"))])
        loss = loss + mismatched * softplus(wrong).mean()
    twin.update("discriminator", loss)
    generator_loss = softplus(-d(g(torch.cat([second, y], 1)), y)).mean()
    twin.update("generator", generator_loss)

    metrics = method.step(batch)
    torch.testing.assert_close(metrics["discriminator/loss"], loss.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(metrics["generator/loss"], generator_loss.detach(), rtol=1e-4, atol=1e-5)
    assert ("discriminator/mismatched" in metrics) == bool(mismatched)
    for p, other in zip(method.networks.parameters(), twin.networks.parameters(), strict=True):
        # Adam divides by the gradient's size: where that is rounding, its sign may be another
        assert ((p - other).abs() > 1e-5).float().mean().item() < 0.02


def test_mismatched_conditions_are_those_of_the_batch_in_another_order():
    y, mixed = torch.eye(N), game().mixed
    moved = mixed(y, pictures().draw, "mismatched")
    assert torch.equal(moved.sum(0), torch.ones(N)) and not torch.equal(moved, y)
    assert torch.equal(moved, mixed(y, pictures().draw, "mismatched"))
    assert not torch.equal(moved, mixed(y, pictures(1).draw, "mismatched"))


def test_samples_are_of_the_class_that_is_asked_for():
    method = game()
    latents = method.latents(6, generator(0, purpose="test"))
    z, y = method.parts(latents)
    assert z.shape == (6, 5) and torch.equal(y.sum(1), torch.ones(6))
    labels = torch.tensor([0, 1, 2, 3, 4, 5])
    asked = method.sample(latents, labels)
    torch.testing.assert_close(asked, method.sample(torch.cat([z, torch.eye(10)[labels]], 1)))
    with pytest.raises(UsageError, match="0 to 9"):
        method.sample(latents, labels + 7)


def test_data_without_conditions_are_refused():
    batch = pictures()
    with pytest.raises(CourseError, match="told labels"):
        game().step(Batch(batch.x, None, batch.draw))
    unconditional = DCGANPair(latent=5, generator_width=4, discriminator_width=4).build(DataSpec((1, 16, 16)))
    with pytest.raises(UsageError, match="conditions"):
        ConditionalSettings().build(unconditional)
    with pytest.raises(UsageError, match="no game"):
        ConditionalSettings(game="chess")


@pytest.mark.parametrize("joined", ["concatenation", "projection"])
def test_a_few_steps_teach_the_generator_to_obey(joined):
    """Two classes, all black and all white: what is made follows what is told, and not where labels are shuffled."""

    def trained(**settings):
        torch.manual_seed(0)
        pair = ConditionalPair(joined=joined, **SMALL).build(DataSpec((1, 16, 16), classes=2))
        method = ConditionalSettings(generator_lr=5e-3, discriminator_lr=5e-3, **settings).build(pair)
        for step in range(40):
            draw = Draw(0, step=step)
            labels = torch.arange(32) % 2
            x = (labels * 1.6 - 0.8).view(-1, 1, 1, 1) + 0.05 * draw.normal(32, 1, 16, 16, purpose="data")
            method.step(Batch(x.clamp(-1, 1), labels, draw))
        z = method.latents(64, generator(1, purpose="test"))
        dark, light = (method.sample(z, torch.full((64,), c)).mean((1, 2, 3)) for c in (0, 1))
        return (light > dark + 0.5).float().mean().item()

    assert trained() > 0.9
    assert trained(shuffled=True) < 0.5
