"""A run that stands on another run: whose networks they are, and that a change of them is noticed."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import nn

import course_lib
from course_lib import files, paths, recipes, zoo
from course_lib.data import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.methods.generative import Generative
from course_lib.methods.protocol import needs
from course_lib.recipes import runs
from course_lib.training.checkpoint import RunDirectory

QUICK = {"tensorboard": False, "batch": 8}


@dataclass(frozen=True)
class RegressionSettings:
    """Latents from samples of a generator that another run trained."""

    rate: float = 0.01  # Adam's step size

    def build(self, networks: Mapping[str, nn.Module]) -> "Regression":
        return Regression(**needs(networks, "encoder", "generator"), settings=self)


class Regression(Generative):
    """The encoder learns; the generator stays as it is."""

    averaged = ("encoder",)

    def __init__(self, encoder, generator, settings):
        super().__init__(settings, encoder=encoder, generator=generator)
        self.optimizers = {"encoder": torch.optim.Adam(encoder.parameters(), settings.rate)}

    def step(self, batch):
        z = self.latents(len(batch), batch.draw.generator("latents"))
        loss = (self.networks["encoder"](self.evaluated("generator", z)) - z).square().mean()
        self.update("encoder", loss)
        return {"encoder/loss": loss.detach()}


@dataclass(frozen=True)
class LinearEncoder:
    """Points to latents."""

    latent: int = 2  # numbers of a code

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        return {"encoder": nn.Linear(data.dim, self.latent)}


@pytest.fixture
def generator(tmp_path, monkeypatch):
    plan = recipes.resolve("gan-ring", "smoke", steps=5, width=8, depth=1, **QUICK)
    recipes.train(plan, tmp_path / "gan", device="cpu", quiet=True)
    changes = {"data": "toy/ring8", "resolution": None, "steps": 6, "ema": 0.5, **QUICK}
    recipe = recipes.Recipe(
        "regression",
        RegressionSettings,
        LinearEncoder,
        changes,
        pretrained={"generator": str(tmp_path / "gan")},
    )
    monkeypatch.setitem(recipes.RECIPES, "regression-toy", recipe)
    return tmp_path / "gan"


def train(folder, **changes):
    return recipes.train(
        recipes.resolve("regression-toy", "book", **changes), folder, device="cpu", quiet=True
    )


def test_the_network_is_the_averaged_one_of_that_run_and_stays_as_it_is(generator, tmp_path):
    run = train(tmp_path / "run")
    theirs = course_lib.load(generator).networks["generator"].state_dict()
    ours = run.method.networks["generator"]
    assert all(torch.equal(theirs[name], tensor) for name, tensor in ours.state_dict().items())
    assert not any(p.requires_grad for p in ours.parameters())
    loaded = course_lib.load(tmp_path / "run")
    assert set(loaded.networks) == {"encoder", "generator"}


def test_where_it_comes_from_is_recorded_and_a_change_of_it_is_noticed(generator, tmp_path):
    train(tmp_path / "run")
    config = RunDirectory(tmp_path / "run").config()
    assert config["pretrained"] == {"generator": str(generator)}
    assert len(config["pretrained_sha256"]["generator"]) == 64
    train(tmp_path / "run", steps=8)  # nothing has changed: the run goes on
    longer = recipes.resolve("gan-ring", "smoke", steps=9, width=8, depth=1, **QUICK)
    recipes.train(longer, generator, device="cpu", quiet=True)
    with pytest.raises(CourseError, match="pretrained_sha256"):
        train(tmp_path / "run", steps=10)


def test_an_entry_of_the_zoo_stands_on_the_other_run_and_says_when_that_has_changed(
    generator, tmp_path, monkeypatch
):
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    train(tmp_path / "run")
    zoo.publish("regression", tmp_path / "run", 1.0)
    kept = files.load_state(tmp_path / "zoo" / "regression" / "weights")
    assert {name.split(".")[0] for name in kept} == {"encoder"}
    entry = course_lib.load(tmp_path / "zoo" / "regression")
    theirs = course_lib.load(generator).networks["generator"].state_dict()
    ours = entry.networks["generator"].state_dict()
    assert all(torch.equal(theirs[name], tensor) for name, tensor in ours.items())
    longer = recipes.resolve("gan-ring", "smoke", steps=9, width=8, depth=1, **QUICK)
    recipes.train(longer, generator, device="cpu", quiet=True)
    with pytest.raises(CourseError, match="whose weights are others now: train it again"):
        course_lib.load(tmp_path / "zoo" / "regression")


@dataclass(frozen=True)
class EncoderOfThatGenerator(LinearEncoder):
    """An encoder whose answers are as long as the latents of the generator that the run stands on."""

    def upon(self, pretrained):
        return LinearEncoder(pretrained["generator"].latent)


def test_networks_may_take_their_shape_from_the_other_run(generator, monkeypatch):
    recipe = recipes.Recipe(
        "x",
        RegressionSettings,
        EncoderOfThatGenerator,
        {"latent": 77},
        pretrained={"generator": str(generator)},
    )
    monkeypatch.setitem(recipes.RECIPES, "regression-toy", recipe)
    method = recipes.build(recipes.resolve("regression-toy", "book"), (2,))
    assert method.networks["encoder"].out_features == method.networks["generator"].latent != 77


def test_a_tier_may_stand_on_other_runs_than_the_rest():
    one = {"generator": "small", "judge": "any"}
    recipe = recipes.Recipe(
        "x",
        RegressionSettings,
        LinearEncoder,
        pretrained=one,
        pretrained_tiers={"lab": {"generator": "large"}},
    )
    assert recipe.stands_on("book") == one and recipe.stands_on("lab") == {
        "generator": "large",
        "judge": "any",
    }


@pytest.mark.parametrize(
    "name", ["projection-faces-style", "projection-faces-tuned", "joint-projection-faces"]
)
def test_the_labs_projections_stand_on_runs_of_256_pixels(name):
    """Where `course train` puts the lab's generator; the smaller tiers stand on entries of the zoo."""
    lab = recipes.resolve(name, "lab")
    assert (
        lab.settings["data"].resolution
        == recipes.resolve("stylegan-faces", "lab").settings["data"].resolution
    )
    assert (
        lab.settings["networks"].backbone == "resnet18"
        and lab.pretrained["generator"] == "runs/stylegan-faces"
    )
    assert lab.settings["method"].space == lab.settings["networks"].space == "w"
    assert all((paths.zoo() / run).is_dir() for run in recipes.resolve(name, "book").pretrained.values())
    with pytest.raises(CourseError, match="no run directory.*runs/stylegan-faces"):
        recipes.build(lab, (3, 256, 256))


@pytest.mark.parametrize("auto_batch", [False, True])
def test_a_run_that_is_missing_is_told_before_the_data_are_opened(tmp_path, monkeypatch, auto_batch):
    def opened(*_):
        raise AssertionError("data may take minutes")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "open_data", opened)
    plan = recipes.resolve("projection-faces-tuned", "lab")
    command = "course train stylegan-faces --tier lab --out runs/stylegan-faces"
    with pytest.raises(CourseError, match=f"not there or has no weights yet: make it with `{command}`"):
        recipes.train(plan, tmp_path / "run", device="cpu", quiet=True, auto_batch=auto_batch)
    start = dataclasses.replace(recipes.resolve("gan-ring", "smoke"), start="nowhere")
    with pytest.raises(CourseError, match="no zoo entry 'nowhere'"):
        recipes.train(start, tmp_path / "run", device="cpu", quiet=True)
    (tmp_path / "runs" / "stylegan-faces").mkdir(parents=True)  # begun, and without a checkpoint
    with pytest.raises(CourseError, match=f"make it with `{command}`"):
        recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)


@pytest.mark.parametrize(
    ("data", "resolution", "advice"),
    [
        ("digits", 32, r"take data with 3 channels, or name another generator"),
        ("faces", 16, r"give --resolution 32, or name another generator"),
        ("digits", 16, r"take data with 3 channels and give --resolution 32, or"),
    ],
)
@pytest.mark.parametrize("name", ["projection-faces", "detector-dcgan-faces"])
def test_data_that_a_generator_does_not_fit_are_refused_with_what_helps(
    tmp_path, name, data, resolution, advice
):
    plan = recipes.resolve(name, "smoke", data=data, resolution=resolution)
    with pytest.raises(UsageError, match=advice):
        recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)


def test_a_role_that_the_other_run_lacks_is_named(generator, monkeypatch):
    recipe = recipes.Recipe("x", RegressionSettings, LinearEncoder, pretrained={"judge": str(generator)})
    monkeypatch.setitem(recipes.RECIPES, "regression-toy", recipe)
    with pytest.raises(UsageError, match="no network in the role of judge"):
        recipes.build(recipes.resolve("regression-toy", "book"), (2,))


def test_a_role_that_nobody_builds_is_named(monkeypatch):
    recipe = recipes.Recipe("x", RegressionSettings, LinearEncoder)
    monkeypatch.setitem(recipes.RECIPES, "regression-toy", recipe)
    with pytest.raises(UsageError, match="needs a network in the role of generator"):
        recipes.build(recipes.resolve("regression-toy", "book"), (2,))
