"""A method is added by one file with its networks, its settings and one recipe, outside of this package."""

import json
import os
import subprocess
import sys

import pytest

import course_lib
from course_lib import recipes, records
from course_lib.errors import UsageError
from course_lib.recipes.catalogue import VARIABLE, read_entries

# what a lab writes: everything about the method and its one recipe
MINE = '''
"""A generator that learns the mean of the data, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from course_lib.data import DataSpec
from course_lib.methods.generative import Generative
from course_lib.methods.protocol import needs
from course_lib.recipes.plan import Recipe


class Shift(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.latent, self.mean = dim, nn.Parameter(torch.zeros(dim))

    def forward(self, latents):
        return self.mean + 0.1 * latents


@dataclass(frozen=True)
class ShiftNetwork:
    """One vector."""

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        return {"generator": Shift(data.dim)}


@dataclass(frozen=True)
class MeanSettings:
    """Gradient descent on the squared distance of means."""

    rate: float = 0.5  # step size

    def build(self, networks: Mapping[str, nn.Module]) -> "MeanMatching":
        return MeanMatching(**needs(networks, "generator"), settings=self)


class MeanMatching(Generative):
    """The smallest method that there is."""

    label = "mean matching"

    def __init__(self, generator, settings):
        super().__init__(settings, generator=generator)
        self.optimizers = {"generator": torch.optim.SGD(generator.parameters(), settings.rate)}

    def step(self, batch):
        fake = self.networks["generator"](self.latents(len(batch), batch.draw.generator("latents")))
        loss = (fake.mean(0) - batch.x.mean(0)).square().sum()
        self.update("generator", loss)
        return {"generator/loss": loss.detach()}


RECIPES = {
    "mean-bumps": Recipe(
        "the mean of two bumps",
        MeanSettings,
        ShiftNetwork,
        {"data": "toy/two-bumps-1d", "resolution": None, "batch": 64, "steps": 30, "ema": 0.5},
        {"smoke": {"steps": 8}},
    ),
}
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "my_lab").mkdir()
    (tmp_path / "my_lab" / "__init__.py").touch()
    (tmp_path / "my_lab" / "mean_matching.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(VARIABLE, "my_lab.mean_matching")
    yield tmp_path
    for name in [n for n in sys.modules if n.split(".")[0] == "my_lab"]:
        del sys.modules[name]


def test_it_is_listed_found_trained_resumed_loaded_and_sampled(mine):
    assert recipes.RECIPES.summaries()["mean-bumps"] == "the mean of two bumps"
    plan = recipes.resolve("mean-bumps", "smoke", rate=0.25, tensorboard=False)
    run = recipes.train(plan, mine / "run", device="cpu", quiet=True)
    longer = recipes.resolve("mean-bumps", "smoke", rate=0.25, tensorboard=False, steps=12)
    assert run.step == 8 and recipes.train(longer, mine / "run", device="cpu", quiet=True).step == 12
    config = json.loads((mine / "run" / "config.json").read_text())
    assert config["method"] == {"rate": 0.25} and config["recipe"] == "mean-bumps"
    method = course_lib.load(mine / "run")
    assert method.label == "mean matching" and method.space.shape == (1,)
    assert method.sample(method.latents(3, recipes_generator())).shape == (3, 1)


def recipes_generator():
    from course_lib import seeds

    return seeds.generator(0, purpose="test")


def test_its_record_depends_on_its_own_code(mine):
    before = records.fingerprint("mean-bumps")
    file = mine / "my_lab" / "mean_matching.py"
    file.write_text(
        file.read_text().replace('"""The smallest method that there is."""', '"""The least of methods."""')
    )
    assert records.fingerprint("mean-bumps") == before
    file.write_text(file.read_text().replace("square().sum()", "abs().sum()"))
    assert records.fingerprint("mean-bumps") != before


def test_the_command_knows_it(mine):
    environment = {
        "PATH": "",
        VARIABLE: "my_lab.mean_matching",
        "PYTHONPATH": f"{mine}:{course_lib.__path__[0]}/..",
    }

    def course(*arguments):
        command = [sys.executable, "-m", "course_lib.cli", *arguments]
        return subprocess.run(command, env=environment, cwd=mine, capture_output=True, text=True)

    assert "mean-bumps" in course("recipes").stdout
    done = course("train", "mean-bumps", "--tier", "smoke", "--rate", "0.1", "--out", "out", "--quiet")
    assert done.returncode == 0, done.stderr
    assert json.loads((mine / "out" / "config.json").read_text())["method"] == {"rate": 0.1}
    assert "step size" in course("train", "mean-bumps", "--help").stdout


def test_names_and_summaries_read_from_source_are_those_of_the_modules():
    import importlib

    for module, entries in recipes.RECIPES._index().items():
        theirs = importlib.import_module(module).RECIPES
        assert entries == {name: recipe.summary for name, recipe in theirs.items()}, module
    assert len(recipes.RECIPES) > 40


def test_the_catalogue_is_read_without_torch():
    code = "import sys\nfrom course_lib import recipes\nassert len(recipes.RECIPES) > 40\nprint('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_a_name_that_stands_twice_is_refused(mine, monkeypatch):
    (mine / "my_lab" / "again.py").write_text('RECIPES = {"mean-bumps": Recipe("the same name", A, B)}\n')
    monkeypatch.setenv(VARIABLE, "my_lab.mean_matching, my_lab.again")
    with pytest.raises(UsageError, match=r"my_lab\.again has a recipe 'mean-bumps'"):
        list(recipes.RECIPES)


def test_a_file_that_changes_within_one_tick_of_the_clock_is_read_again(mine, monkeypatch):
    file = mine / "my_lab" / "again.py"
    monkeypatch.setenv(VARIABLE, "my_lab.again")
    for summary in ("one way", "another", "a third"):
        file.write_text(f'RECIPES = {{"again": Recipe("{summary}", A, B)}}\n')
        os.utime(file, (1e9, 1e9))
        assert read_entries("my_lab.again") == {"again": summary}


def test_a_module_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv(VARIABLE, "nowhere.at_all")
    with pytest.raises(UsageError, match=r"no module 'nowhere\.at_all'"):
        list(recipes.RECIPES)
    assert read_entries("course_lib.errors") == {}
