"""`--compile` for a recipe of every kind: traced and differentiated, without the minutes of writing kernels."""

import functools

import pytest
import torch
from torch import nn
from training import kinds

from course_lib import recipes
from course_lib.recipes import runs

TIMES = ("seconds", "examples_per_second")
# generators with biases before a batch normalisation: their gradient is rounding and nothing else, and Adam moves them
# as far as any other weight
ROUNDED = ("sagan-faces", "sagan-faces-near", "sagan-faces-none", "biggan-digits")


def trained(name, **changes):
    """The rows of three steps, by role the weights before and after them, and the roles that learn."""
    plan = recipes.resolve(name, "smoke", **kinds.small(name) | {"log_every": 1} | changes)
    before = {}
    run = recipes.train(
        plan, device="cpu", quiet=True, observe=lambda step, run: before.update(weights(run.method))
    )
    rows = [{key: value for key, value in row.items() if key not in TIMES} for row in run.history]
    # of `wgan-critic` the generator stands still, by a rate of 0
    learn = {role for role in run.method.optimizers if getattr(plan.settings["method"], f"{role}_lr", 1.0)}
    return rows, before, weights(run.method), learn


def weights(method):
    """By role the parameters of a network, or what else it learns (GLO's codes), as one vector: a copy."""
    found = {}
    for role, network in method.networks.items():
        kept = dict(network.named_parameters()) or dict(network.named_buffers())
        if role == "generator" and method.plan.recipe in ROUNDED:
            kept = {name: tensor for name, tensor in kept.items() if not name.endswith("bias")}
        found[role] = torch.cat([tensor.detach().flatten() for tensor in kept.values()])
    return found


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
    (eager, before, after, learnt), (quick, begun, ended, _) = trained(name), trained(name, compile=True)
    assert [row.keys() for row in eager] == [row.keys() for row in quick]
    for one, other in zip(eager, quick, strict=True):
        for key in one:
            assert other[key] == pytest.approx(one[key], rel=0.05, abs=0.02), (key, one["step"])
    assert after.keys() >= learnt
    for role in after:
        assert torch.equal(begun[role], before[role])
        grown = len(before[role]) != len(after[role])
        change = (after[role] if grown else after[role] - before[role]).norm()
        assert (change > 0) == (role in learnt), role
        assert (ended[role] - after[role]).norm() <= 0.01 * change, role  # rounding, which Adam enlarges
