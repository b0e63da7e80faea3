"""Edits measured on a generator that draws exactly what it is told, and on one that does more than was asked."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.inversion.attribute_edits import edit_measures, flipped
from course_lib.methods.conditional import Conditional
from course_lib.networks.conditions import Conditions

NAMES = ("glasses", "sunglasses", "hat", "skin")
SPEC = DataSpec((1, 2, 2), factor_names=NAMES)
BINARY = torch.tensor([True, True, True, False])
JUDGE = SimpleNamespace(logits=lambda images: images.flatten(1))  # a pixel a factor


class Drawn(nn.Module):
    """[z, y] -> an image of four pixels: three attributes, and z as its skin. `leak`: what a hat does to glasses."""

    def __init__(self, leak=0.0):
        super().__init__()
        self.noise, self.latent, self.leak = 1, 4, leak
        self.conditions = Conditions.named("glasses, sunglasses, hat", SPEC)

    def forward(self, latents):
        z, glasses, sunglasses, hat = latents.T
        return torch.stack([glasses + self.leak * hat, sunglasses, hat, z + hat], 1).view(-1, 1, 2, 2)


def codes(n=256):
    draw = torch.Generator().manual_seed(0)
    y = torch.randint(0, 2, (n, 3), generator=draw).float() * 2 - 1
    y[(y[:, 0] > 0), 1] = -1  # nobody wears both
    return torch.cat([torch.randn(n, 1, generator=draw), y], 1)


def measured(leak=0.0):
    method = Conditional(None, generator=Drawn(leak))
    latents = codes()
    exact = Conditional(None, generator=Drawn())
    return edit_measures(method, exact.sample(latents), latents, JUDGE, BINARY, torch.full((4,), 2.0))


def test_an_obedient_generator_changes_what_was_asked_and_nothing_else():
    for name, edit in measured().items():
        assert edit.wanted == 1 and edit.without == 0 and edit.unwanted == edit.without_unwanted == 0
        assert edit.wanted_interval[0] > 0.98
        # only the hat shows in a factor that nobody is told: by 2, half a unit of spread each way
        assert edit.moved == pytest.approx(1.0 if name == "hat" else 0.0)


def test_a_generator_that_puts_glasses_under_every_hat_is_found_out():
    hat = measured(leak=3.0)["hat"]
    assert hat.wanted == 1 and hat.unwanted > 0.2
    low, high = hat.unwanted_interval
    assert low < hat.unwanted < high


def test_a_rival_goes_when_an_attribute_comes():
    method, latents = Conditional(None, generator=Drawn()), codes()
    new = flipped(method, latents, "sunglasses")
    came = new[:, 2] > 0
    assert torch.equal(came, latents[:, 2] < 0) and (new[came, 1] == -1).all()
    assert torch.equal(new[~came, 1], latents[~came, 1]) and torch.equal(new[:, [0, 3]], latents[:, [0, 3]])
    with pytest.raises(UsageError, match="not told 'skin'"):
        flipped(method, latents, "skin")
