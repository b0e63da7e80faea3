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
    """The rows of three steps, and by role the weights before and after them."""
    plan = recipes.resolve(name, "smoke", **kinds.small(name) | {"log_every": 1} | changes)
    before = {}
    run = recipes.train(
        plan, device="cpu", quiet=True, observe=lambda step, run: before.update(weights(run.method))
    )
    rows = [{key: value for key, value in row.items() if key not in TIMES} for row in run.history]
    return rows, before, weights(run.method)


def weights(method):
    """By role all numbers that a network keeps, as one vector: a copy."""
    kept = {role: network.state_dict().values() for role, network in method.networks.items()}
    return {
        role: torch.cat([t.float().flatten() for t in tensors]) for role, tensors in kept.items() if tensors
    }


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
    (eager, before, after), (quick, begun, ended) = trained(name), trained(name, compile=True)
    assert [row.keys() for row in eager] == [row.keys() for row in quick]
    for one, other in zip(eager, quick, strict=True):
        for key in one:
            assert other[key] == pytest.approx(one[key], rel=0.05, abs=0.02), (key, one["step"])
    for role in after:
        change = (after[role] - before[role]).norm()
        print("MEASURED", name, role, float(change), float((ended[role] - after[role]).norm() / change))
        assert torch.equal(begun[role], before[role])
