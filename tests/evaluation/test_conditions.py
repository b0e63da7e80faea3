"""Obedience of samples: all, none, or by chance, for classes and for attributes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.data.images import ImageSet
from course_lib.data.spec import DataSpec
from course_lib.evaluation.conditions import condition_measures, seen
from course_lib.methods.conditional import Conditional
from course_lib.networks.conditions import Conditions


class Written(nn.Module):
    """[z, y] -> an image whose first pixels are y, or with `deaf` what was told to another."""

    def __init__(self, conditions, deaf=False):
        super().__init__()
        self.noise, self.latent, self.conditions, self.deaf = 2, 2 + conditions.size, conditions, deaf
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, latents):
        y = latents[:, 2:]
        if self.deaf:
            y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))]
        return nn.functional.pad(y * self.weight, (0, 16 - y.shape[1])).view(-1, 1, 4, 4)


def judge(outputs, exclusive):
    return SimpleNamespace(logits=lambda images: images.flatten(1)[:, :outputs], exclusive=exclusive)


DIGITS = ImageSet("d", np.zeros((50, 1, 4, 4), np.uint8), np.arange(50) % 10, tuple("0123456789"))
NAMES = ("hat", "smile")
FACTORS = np.stack([np.arange(200) % 4 == 0, np.linspace(-1, 1, 200)], 1).astype(np.float32)
FACES = ImageSet("f", np.zeros((200, 1, 4, 4), np.uint8), factors=FACTORS, factor_names=NAMES)


@pytest.mark.parametrize("deaf", [False, True])
def test_classes(deaf):
    told = Conditions.named("labels", DataSpec((1, 4, 4), classes=10))
    method = Conditional(None, generator=Written(told, deaf))
    found = condition_measures(method, DIGITS, judge(10, True), samples=1_000)
    expected = 0.1 if deaf else 1.0
    assert found["condition_accuracy"] == pytest.approx(expected, abs=0.03)
    assert found["condition_chance"] == pytest.approx(0.1, abs=0.03)
    low, high = found["condition_interval"]
    assert low <= found["condition_accuracy"] <= high


@pytest.mark.parametrize("deaf", [False, True])
def test_attributes(deaf):
    told = Conditions.named("hat, smile", DataSpec((1, 4, 4), factor_names=NAMES))
    told.observe(FACES)
    method = Conditional(None, generator=Written(told, deaf))
    found = condition_measures(method, FACES, judge(2, False), samples=1_000)
    # by chance a quarter that wears hats agrees in 1/16 + 9/16, and halves in a half
    assert found["condition_chance"] == pytest.approx((0.625 + 0.5) / 2, abs=0.04)
    assert found["condition_accuracy/hat"] == pytest.approx(0.625 if deaf else 1.0, abs=0.05)


def test_what_cannot_be_judged_is_left_out():
    told = Conditions.named("labels", DataSpec((1, 4, 4), classes=10))
    method = Conditional(None, generator=Written(told))
    assert condition_measures(method, DIGITS, judge(7, True)) == {}
    assert condition_measures(method, DIGITS, judge(10, False)) == {}
    assert condition_measures(SimpleNamespace(), DIGITS, judge(10, True)) == {}


def test_binary_factors_are_logits_and_others_values():
    told = Conditions.named("hat, smile", DataSpec((1, 4, 4), factor_names=NAMES))
    told.cuts.copy_(torch.tensor([0.5, 0.3]))
    outputs = torch.tensor([[0.2, 0.2], [-0.2, 0.4]])
    assert seen(told, outputs, torch.tensor([True, False])).tolist() == [[1, -1], [-1, 1]]
