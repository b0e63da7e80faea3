"""A discriminator that stands still: from the right step on, and nothing else is changed."""

import pytest
import torch

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.freezing import FreezingGAN, FreezingSettings
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import mlp
from course_lib.seeds import Draw


def networks():
    torch.manual_seed(0)
    return mlp.Generator(2, 2, 8, 1), mlp.Discriminator(2, 8, 1)


def weights(method, role):
    return torch.cat([p.detach().flatten() for p in method.networks[role].parameters()])


def points(step):
    draw = Draw(0, step=step)
    return Batch(draw.normal(8, 2, purpose="data"), None, draw)


def test_the_discriminator_stands_still_from_its_step_on_and_the_generator_does_not():
    method = FreezingGAN(*networks(), FreezingSettings(freeze_at=2))
    moved = {"generator": [], "discriminator": []}
    for step in range(4):
        before = {role: weights(method, role) for role in moved}
        method.step(points(step))
        for role, changes in moved.items():
            changes.append(not torch.equal(before[role], weights(method, role)))
    assert moved == {"generator": [True] * 4, "discriminator": [True, True, False, False]}


def test_until_then_and_without_an_end_it_is_the_plain_game():
    plain = GAN(*networks(), GANSettings())
    ours = [FreezingGAN(*networks(), FreezingSettings(freeze_at=step)) for step in (0, 3)]
    for step in range(3):
        for method in (plain, *ours):
            method.step(points(step))
    for method in ours:
        for role in ("generator", "discriminator"):
            assert torch.equal(weights(method, role), weights(plain, role))


def test_a_negative_step_is_refused():
    with pytest.raises(UsageError, match="freeze_at"):
        FreezingSettings(freeze_at=-1)
