"""Recipes, plans and trained methods."""

import dataclasses
import json
import shutil

import pytest
import torch

import course_lib
from course_lib import cli, files, paths, recipes
from course_lib.data import DataSpec, faces
from course_lib.errors import CourseError, UsageError
from course_lib.training import tiers
from course_lib.training.checkpoint import RunDirectory

RING = {"tier": "smoke", "steps": 6, "batch": 8, "width": 8, "depth": 1, "tensorboard": False}


@pytest.fixture
def run(tmp_path):
    recipes.train(recipes.resolve("gan-ring", **RING), tmp_path / "run", device="cpu", quiet=True)
    return tmp_path / "run"


def spec(plan) -> DataSpec:
    d = plan.settings["data"]
    if d.data.startswith("toy/"):
        return DataSpec((1,) if d.data.endswith("1d") else (2,))
    shape = (1, d.resolution, d.resolution)
    return DataSpec(
        shape,
        classes=10,
        factor_names=tuple(faces.NAMES),
        target_shape=shape if d.target else None,
        paired=d.paired,
    )


@pytest.mark.parametrize("tier", tiers.TIERS)
@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_can_be_resolved_and_remembered(name, tier):
    plan = recipes.resolve(name, tier)
    assert plan.recipe == name and plan.tier == tier
    assert recipes.restore(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_can_be_built(name):
    plan = recipes.resolve(name, "smoke")
    method = recipes.build(plan, spec(plan))
    assert set(method.averaged) <= set(method.networks) and method.optimizers.keys() <= set(method.networks)


@pytest.mark.parametrize("name", ["judge-faces", "judge-faces-64"])
def test_a_judge_answers_for_every_factor(name):
    plan = recipes.resolve(name, "smoke")
    assert recipes.build(plan, spec(plan)).classifier.classes == len(faces.NAMES)


def test_the_nearest_word_on_a_setting_wins():
    def steps(*arguments, **changes):
        return recipes.resolve("dcgan-digits", *arguments, **changes).settings["data"].steps

    recipe = recipes.RECIPES["dcgan-digits"]
    assert recipes.DataSettings().steps != steps("book") == recipe.changes["steps"]
    assert steps("smoke") == recipe.tiers["smoke"]["steps"] != steps("book")
    assert steps("smoke", steps=77) == 77


def test_the_tier_of_the_machine_is_taken(monkeypatch):
    monkeypatch.setenv("COURSE_TIER", "smoke")
    assert recipes.resolve("gan-ring").tier == "smoke"


@pytest.mark.parametrize(
    ("name", "tier", "changes", "named"),
    [
        ("gan-rung", None, {}, "gan-ring"),
        ("gan-ring", "huge", {}, "smoke, book, lab"),
        ("gan-ring", None, {"upsample": "resize"}, "no setting 'upsample'"),
        ("gan-ring", None, {"steps": 0}, "at least 1"),
        ("gan-ring", None, {"batch": -3}, "at least 1"),
        ("gan-ring", None, {"game": "chess"}, "no game 'chess'"),
    ],
)
def test_what_cannot_be_meant_is_refused(name, tier, changes, named):
    with pytest.raises(UsageError, match=named):
        recipes.resolve(name, tier, **changes)


@pytest.mark.parametrize(
    ("name", "changes", "data_shape", "named"),
    [
        ("gan-ring", {}, (1, 8, 8), "points, not images"),
        ("dcgan-digits", {}, (2,), "images, not points"),
        ("classifier-fashion", {}, (2,), "images, not points"),
        ("dcgan-digits", {"r1": 1.0}, (1, 16, 16), "--discriminator-norm"),
        ("dcgan-digits", {"upsample": "magic"}, (1, 16, 16), "magic"),
        ("dcgan-digits", {"generator_lr": -1.0}, (1, 16, 16), "that is at least 0"),
        ("gan-ring", {"width": -1}, (2,), "at least 1"),
    ],
)
def test_what_cannot_be_built_is_refused(name, changes, data_shape, named):
    with pytest.raises(UsageError, match=named):
        recipes.build(recipes.resolve(name, "smoke", **changes), data_shape)


def test_weights_come_from_the_seed_alone():
    def first(seed):
        method = recipes.build(recipes.resolve("gan-ring", "smoke", seed=seed), (2,))
        return next(method.networks.parameters()).clone()

    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    one = first(0)
    assert torch.equal(torch.random.get_rng_state(), state), "the global generator is given back"
    torch.manual_seed(2)
    assert torch.equal(first(0), one) and not torch.equal(first(1), one)


def test_a_configuration_of_another_version_is_refused():
    config = recipes.resolve("gan-ring", "smoke").to_json()
    with pytest.raises(CourseError, match="names no recipe, so a script made this run"):
        recipes.restore({})
    for wrong in (config | {"data": {"colour": 1}}, {k: v for k, v in config.items() if k != "loop"}):
        with pytest.raises(CourseError, match="another version"):
            recipes.restore(wrong)


def test_a_run_directory_says_what_was_trained(run):
    config = RunDirectory(run).config()
    assert config["shape"] == [2] and config["data"]["steps"] == 6
    assert config["format"] == 2 and config["version"] == course_lib.__version__
    assert recipes.restore(config) == recipes.resolve("gan-ring", **RING)


def test_the_trained_method_comes_back(run):
    state = RunDirectory(run).load(6)
    average, last = course_lib.load(run), course_lib.load(run, weights="last")
    weight = "layers.0.weight"
    assert torch.equal(
        average.networks["generator"].state_dict()[weight], state["average"]["generator"][weight]
    )
    assert torch.equal(
        last.networks["generator"].state_dict()[weight], state["method"]["networks"][f"generator.{weight}"]
    )
    latents = average.latents(5, torch.Generator().manual_seed(0))
    assert average.sample(latents).shape == (5, 2) and not torch.equal(
        average.sample(latents), last.sample(latents)
    )
    assert not average.networks.training and average.plan.recipe == "gan-ring"


def test_a_zoo_entry_holds_what_samples_need(run, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    whole = course_lib.load(run)
    entry = tmp_path / "zoo" / "ring"
    entry.mkdir(parents=True)
    shutil.copy(run / "config.json", entry)
    state = whole.networks.state_dict()
    files.save_state(entry / "weights", {k: v for k, v in state.items() if k.startswith("generator.")})
    loaded = course_lib.load("ring")
    latents = whole.latents(5, torch.Generator().manual_seed(0))
    assert torch.equal(loaded.sample(latents), whole.sample(latents))
    assert list(loaded.networks) == ["generator"], "no discriminator that was never trained"


def test_what_cannot_be_loaded_is_named(run, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    with pytest.raises(CourseError, match="no zoo entry 'ring': the zoo has none yet"):
        course_lib.load("ring")
    (tmp_path / "zoo" / "other").mkdir(parents=True)
    with pytest.raises(CourseError, match="the zoo has other"):
        course_lib.load("ring")
    with pytest.raises(CourseError, match=r"config\.json is missing"):
        course_lib.load("other")
    with pytest.raises(UsageError, match="'average' or 'last'"):
        course_lib.load(run, weights="best")
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(CourseError, match="no checkpoint yet"):
        course_lib.load(run)


def test_weights_of_other_networks_are_refused(run):
    config = RunDirectory(run).config()
    config["networks"]["width"] = 9
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(CourseError, match=r"do not fit its config\.json"):
        course_lib.load(run)


def test_settings_are_documented_and_frozen():
    for recipe in recipes.RECIPES.values():
        for cls in recipes.groups(recipe).values():
            assert cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(")
            with pytest.raises(dataclasses.FrozenInstanceError):
                cls().anything = None


def first_format(run) -> None:
    """Write a run's configuration as the first format had it: less what came later, with what has gone since."""
    config = RunDirectory(run).config()
    for name in ("format", "version", "data_set"):
        del config[name]
    for name in ("target", "paired"):
        del config["data"][name]
    (run / "config.json").write_text(json.dumps(config))


def test_a_run_of_an_earlier_version_goes_on(run):
    """What its file lacks is the default: new settings do not make old runs strangers."""
    first_format(run)
    longer = recipes.resolve("gan-ring", **RING | {"steps": 9})
    assert recipes.train(longer, run, device="cpu", quiet=True).step == 9
    assert RunDirectory(run).config()["format"] == 2, "and is then written as this version writes it"


def test_a_run_of_an_earlier_version_with_other_settings_is_another_run(run):
    first_format(run)
    with pytest.raises(CourseError, match=r"its networks\.width is 8, yours is 9"):
        recipes.train(recipes.resolve("gan-ring", **RING | {"width": 9}), run, device="cpu", quiet=True)


def test_the_length_that_a_method_once_had_of_its_own_is_the_loops(tmp_path):
    small = {"steps": 6, "batch": 8, "width": 8, "depth": 1, "tensorboard": False}
    plan = recipes.resolve("remedies-ring", "smoke", **small)
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    first_format(tmp_path / "run")
    file = tmp_path / "run" / "config.json"
    config = json.loads(file.read_text())
    config["method"]["steps"] = config.pop("length")
    file.write_text(json.dumps(config))
    assert recipes.restore(config) == plan
    assert course_lib.load(tmp_path / "run").plan == plan


WRONG = ("9", 9, None, [], {}, [1], {"a": 1}, True, -1, 1.5)


@pytest.mark.parametrize(
    "key",
    [
        "format",
        "recipe",
        "data",
        "method",
        "pretrained",
        "start",
        "shape",
        "data_set",
        "data_set.shape",
        "stage",
    ],
)
def test_a_configuration_with_a_wrong_value_is_one_sentence_or_does_no_harm(run, key):
    """Without a checksum, as older versions wrote it: there nothing else protects it."""
    config = RunDirectory(run).config()
    group, _, name = key.partition(".")
    for value in WRONG:
        wrong = config | {group: config[group] | {name: value} if name else value}
        (run / "config.json").write_text(json.dumps(wrong))
        try:
            course_lib.load(run)
        except CourseError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("form", ["9", None, 1.5, True, 0, [2]])
def test_a_format_is_a_number_from_1(run, form, capsys):
    (run / "config.json").write_text(json.dumps(RunDirectory(run).config() | {"format": form}))
    assert cli.main(["sample", str(run)]) == 1
    said = capsys.readouterr().err
    assert "says that its format is" in said and said.count("\n") == 1


def test_a_configuration_says_what_every_one_says(monkeypatch):
    from course_lib.recipes import runs
    from course_lib.training import configuration

    monkeypatch.setattr(configuration, "written_here", lambda: {"format": 7, "version": "x", "more": 1})
    said = runs.configuration(recipes.resolve("gan-ring", **RING), DataSpec((2,)))
    assert (said["format"], said["version"], said["more"]) == (7, "x", 1)


def test_a_run_of_a_later_version_is_not_misread(run):
    config = RunDirectory(run).config() | {"format": 99, "version": "9.1"}
    with pytest.raises(CourseError, match=r"version 9\.1 of the course, which is newer"):
        recipes.restore(config)


def test_a_run_whose_rates_depend_on_its_length_cannot_be_made_longer(tmp_path):
    def train(steps):
        small = {"steps": steps, "batch": 8, "width": 8, "depth": 1, "tensorboard": False, "decay_share": 0.5}
        return recipes.train(recipes.resolve("remedies-ring", "smoke", **small), tmp_path / "run", quiet=True)

    train(4)
    with pytest.raises(CourseError, match="its length is 4, yours is 6"):
        train(6)


def test_a_misspelt_setting_gets_a_suggestion():
    with pytest.raises(UsageError, match="no setting 'widht': the nearest name is 'width'"):
        recipes.resolve("gan-ring", "smoke", widht=3)
