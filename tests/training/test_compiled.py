"""`--compile` for a recipe of every kind: traced and differentiated, without the minutes of writing kernels."""

import functools

import pytest
import torch
from torch import nn
from training import kinds

from course_lib import recipes
from course_lib.recipes import runs

TIMES = ("seconds", "examples_per_second")


def trained(name, **changes):
    """The rows of three steps."""
    plan = recipes.resolve(name, "smoke", **kinds.small(name) | {"log_every": 1} | changes)
    rows = recipes.train(plan, device="cpu", quiet=True).history
    return [{key: value for key, value in row.items() if key not in TIMES} for row in rows]


# what is differentiated twice through its call; refused, see test_any_device
REFUSED = ("unrolled-ring", "encoder-faces-e4e")
ALWAYS = (
    "gan-grid25",
    "wgan-gp-ring",
    "r3gan-ring",
    "infogan-digits",
    "glo-mnist",
    "stylegan-faces",
    "student-ring",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", kinds.chosen((name for name in kinds.kinds() if name not in REFUSED), ALWAYS)
)
def test_a_recipe_of_every_kind_trains_the_same_with_compiled_networks(monkeypatch, name):
    monkeypatch.setattr(runs, "open_data", lambda plan, split="train": kinds.random_data(plan))
    compile_ = nn.Module.compile
    monkeypatch.setattr(nn.Module, "compile", functools.partialmethod(compile_, backend="aot_eager"))
    torch._dynamo.reset()
    eager, quick = trained(name), trained(name, compile=True)
    assert [row.keys() for row in eager] == [row.keys() for row in quick]
    for one, other in zip(eager, quick, strict=True):
        for key in one:
            assert other[key] == pytest.approx(one[key], rel=0.05, abs=0.02), (key, one["step"])
