"""A method whose generator grows while it trains: the loop, averages, checkpoints, loading and sampling follow."""

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn
from training.states import states

import course_lib
from course_lib import data, recipes, schedules, seeds
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.optimisers import follow
from course_lib.methods.protocol import needs
from course_lib.networks import mlp
from course_lib.networks.mlp import MLPPair
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.loop import LoopSettings, fit

WIDTHS = (4, 6, 10)


def widened(network: nn.Module, width: int) -> nn.Module:
    """One hidden layer with more units: old weights stay, new units start with no influence on the output."""
    first, activation, last = network.layers
    grown_first = nn.Linear(first.in_features, width)
    grown_last = nn.Linear(width, last.out_features)
    with torch.no_grad():
        grown_first.weight[: first.out_features] = first.weight
        grown_first.bias[: first.out_features] = first.bias
        grown_last.weight.zero_()
        grown_last.weight[:, : first.out_features] = last.weight
        grown_last.bias.copy_(last.bias)
    network.layers = nn.Sequential(grown_first, activation, grown_last)
    return network


@dataclass(frozen=True)
class GrowingSettings(GANSettings):
    """A game whose players gain units."""

    lengths: tuple[int, ...] = (6, 5, 100)  # steps of each stage

    def build(self, networks: Mapping[str, nn.Module]) -> "GrowingGAN":
        return GrowingGAN(**needs(networks, "generator", "discriminator"), settings=self)


class GrowingGAN(GAN):
    """The plain game between networks that `WIDTHS` describe."""

    def step(self, batch):
        self.enter(schedules.stage(batch.draw.step, self.settings.lengths)[0])
        return super().step(batch)

    def resized(self, role, network, stage):
        return widened(network, WIDTHS[stage])


RECIPE = recipes.Recipe(
    "a game that grows", GrowingSettings, MLPPair,
    {
        "data": "toy/ring8", "resolution": None, "batch": 16, "steps": 14, "width": WIDTHS[0], "depth": 1,
        "checkpoint_every": 3, "log_every": 1, "tensorboard": False, "ema": 0.9,
    },
)  # fmt: skip


@pytest.fixture(autouse=True)
def recipe(monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "growing-toy", RECIPE)


def trained(steps: int, folder: Path | None = None):
    return recipes.train(
        recipes.resolve("growing-toy", "book", steps=steps), folder, device="cpu", quiet=True
    )


def test_the_networks_grow_and_learn_on():
    run = trained(14)
    assert run.method.stage == 2
    for role in ("generator", "discriminator"):
        assert run.method.networks[role].layers[0].out_features == WIDTHS[2]
    assert run.average.networks["generator"].layers[0].out_features == WIDTHS[2]
    # the units of the last stage have learnt: they began without influence
    assert run.method.networks["generator"].layers[2].weight[:, WIDTHS[1] :].abs().min() > 0


def test_what_is_kept_stays_and_the_function_with_it():
    method = recipes.build(recipes.resolve("growing-toy", "book"), data.DataSpec((2,)))
    z = method.latents(7, torch.Generator().manual_seed(0))
    before, kept = method.sample(z), method.networks["generator"].layers[0].weight.clone()
    method.enter(1)
    torch.testing.assert_close(method.sample(z), before)
    assert torch.equal(method.networks["generator"].layers[0].weight[: WIDTHS[0]], kept)
    again = recipes.build(recipes.resolve("growing-toy", "book"), data.DataSpec((2,)))
    again.enter(1)
    new, same = (m.networks["generator"].layers[0].weight[WIDTHS[0] :] for m in (method, again))
    assert torch.equal(new, same) and new.abs().min() > 0, (
        "the new weights are drawn, and drawn alike each time"
    )


def test_the_average_of_a_growing_network_is_that_of_its_weights():
    """Against an average kept beside, whose new weights begin where the network's do."""
    method = recipes.build(recipes.resolve("growing-toy", "book"), data.DataSpec((2,)))
    beside: dict[str, torch.Tensor] = {}

    def look(step, run):
        decay, weights = min(0.9, (step + 1) / (step + 10)), method.networks["generator"].state_dict()
        for name, tensor in weights.items():
            tensor = tensor.clone()
            if name not in beside:
                beside[name] = tensor
                continue
            old = beside[name]
            if old.shape != tensor.shape:
                # as the network itself was widened, with the same draws
                holder = mlp.Generator(2, 2, old_width[0], 1)
                holder.load_state_dict(old_state)
                grown = method.resize(nn.ModuleDict({"generator": holder}), method.stage)["generator"]
                beside.update({n: t.clone() for n, t in grown.state_dict().items()})
                old = beside[name]
            beside[name] = old.lerp(tensor, 1 - decay) if step else tensor
        old_width[0], old_state.update({n: t.clone() for n, t in beside.items()})
        old_width[0] = len(beside["layers.0.bias"])

    old_width, old_state = [WIDTHS[0]], {}
    batches = data.Batches(data.open("toy/ring8"), 16, seed=0)
    run = fit(
        method,
        batches,
        9,
        settings=LoopSettings(ema=0.9, tensorboard=False),
        every=1,
        observe=look,
        quiet=True,
    )
    for name, tensor in run.average.networks["generator"].state_dict().items():
        torch.testing.assert_close(tensor, beside[name])


def test_a_run_that_is_resumed_in_any_stage_ends_as_one_that_was_not(tmp_path):
    whole = states(trained(14))
    for first in (3, 6, 7, 12):  # before, at, just after a growth, and in the last stage
        trained(first, tmp_path / str(first))
        run = trained(14, tmp_path / str(first))
        assert all(torch.equal(a, b) for a, b in zip(states(run), whole, strict=True)), first


def test_a_run_that_is_killed_goes_on_bit_for_bit(tmp_path):
    """In a process of its own, killed after the first growth was saved."""
    code = (
        "import os, signal, sys, time; sys.path[:0] = [{tests!r}]\n"
        "from training import test_growth as t\n"
        "from course_lib import recipes\n"
        "from course_lib.training.checkpoint import RunDirectory\n"
        "recipes.RECIPES['growing-toy'] = t.RECIPE\n"
        "def look(step, run):\n"
        "    while step == 10 and RunDirectory({folder!r}).latest() != 9: time.sleep(0.01)\n"
        "    if step == 10: os.kill(os.getpid(), signal.SIGKILL)\n"
        "plan = recipes.resolve('growing-toy', 'book')\n"
        "recipes.train(plan, {folder!r}, device='cpu', quiet=True, every=1, observe=look)\n"
    ).format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path / "run"))
    process = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert RunDirectory(tmp_path / "run").latest() == 9
    run = trained(14, tmp_path / "run")
    assert all(torch.equal(a, b) for a, b in zip(states(run), states(trained(14)), strict=True))


def test_a_grown_run_is_loaded_at_its_stage_and_sampled(tmp_path):
    run = trained(14, tmp_path / "run")
    loaded, last = course_lib.load(tmp_path / "run"), course_lib.load(tmp_path / "run", weights="last")
    assert loaded.stage == 2
    z = loaded.latents(5, seeds.generator(0, purpose="test"))
    torch.testing.assert_close(last.sample(z), run.method.sample(z))
    with run.averaged():
        torch.testing.assert_close(loaded.sample(z), run.method.sample(z))


def test_the_settings_with_a_tuple_come_back_from_json(tmp_path):
    trained(3, tmp_path / "run")
    plan = recipes.restore(RunDirectory(tmp_path / "run").config())
    assert plan.settings["method"].lengths == (6, 5, 100)
    assert plan == dataclasses.replace(recipes.resolve("growing-toy", "book", steps=3))


@pytest.mark.parametrize("make", [torch.optim.Adam, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9)])
def test_an_optimiser_keeps_what_it_knows_of_weights_that_stay(make):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    optimizer = make(network.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        network(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
    before = dict(network.named_parameters())
    moments = {name: dict(optimizer.state[p]) for name, p in before.items()}
    grown = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 1), nn.Linear(1, 1))
    grown[1].bias = network[1].bias  # the same parameter
    after = dict(grown.named_parameters())
    follow(optimizer, before, after)
    assert [id(p) for p in optimizer.param_groups[0]["params"]] == [id(p) for p in after.values()]
    assert optimizer.param_groups[0]["lr"] == 0.1
    for name in before:
        old, new = moments[name], optimizer.state[after[name]]
        for key, value in old.items():
            if value.ndim:  # in the leading corner, zeros around it
                corner = tuple(slice(0, n) for n in value.shape)
                assert torch.equal(new[key][corner], value) and new[key].shape == after[name].shape
                assert new[key].count_nonzero() == value.count_nonzero()
            else:
                assert new[key] == value
    assert after["2.weight"] not in optimizer.state
    optimizer.zero_grad()
    grown(torch.randn(4, 3)).sum().backward()
    optimizer.step()


def test_a_method_of_one_stage_says_so():
    method = recipes.build(recipes.resolve("gan-ring", "smoke"), data.DataSpec((2,)))
    with pytest.raises(course_lib.errors.CourseError, match="one stage"):
        method.enter(1)
