"""A lab's own method in one file, fine-tuning, and what TensorBoard shows."""

import json
import sys

import pytest
import torch

from course_lib import cli, recipes
from course_lib.errors import UsageError
from course_lib.recipes.catalogue import RECIPES
from course_lib.training.checkpoint import RunDirectory

MINE = '''
"""Least squares instead of the logarithm: Mao et al. (2017)."""
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks.mlp import MLPPair
from course_lib.recipes import Recipe
from dataclasses import dataclass


@dataclass(frozen=True)
class MineSettings(GANSettings):
    answer: float = 1.0  # what D says to real points

    def build(self, networks):
        return Mine(networks["generator"], networks["discriminator"], self)


class Mine(GAN):
    label = "mine"


RECIPES = {
    "mine-ring": Recipe(
        "mine on the ring", MineSettings, MLPPair,
        {"data": "toy/ring8", "resolution": None, "latent": 2, "width": 8, "depth": 1, "batch": 8, "steps": 4},
    )
}
'''
QUICK = ["--device", "cpu", "--quiet", "--tier", "smoke", "--no-tensorboard"]
FASHION = [*QUICK, "--generator-width", "8", "--discriminator-width", "8", "--batch", "8", "--steps", "2"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Each test as in a new process: no recipe of another test is known."""
    monkeypatch.setattr(RECIPES, "_added", {})
    monkeypatch.chdir(tmp_path)
    yield
    for name in [m for m in sys.modules if m.startswith("course_recipe_")]:
        del sys.modules[name]


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path / "mine.py"


def forget(monkeypatch):
    monkeypatch.setattr(RECIPES, "_added", {})
    for name in [m for m in sys.modules if m.startswith("course_recipe_")]:
        del sys.modules[name]


@pytest.mark.parametrize("words", [["--recipe", "mine.py"], ["mine-ring", "--recipe=mine.py"]])
def test_a_method_in_one_file_is_trained_sampled_measured_and_loaded(
    mine, course, words, monkeypatch, tmp_path
):
    assert course("train", *words, *QUICK, "--out", "run", "--answer", "0.9")[0] == 0
    assert json.loads((tmp_path / "run" / "config.json").read_text())["method"]["answer"] == 0.9
    forget(monkeypatch)
    for command in (["sample", "run", "--out", "a.png"], ["evaluate", "run", "--samples", "50"]):
        code, _, said = course(*command)
        assert code == 2 and "add --recipe FILE.py" in said, "reading a run starts no program"
        assert course(*command, "--recipe", "mine.py")[0] == 0
        forget(monkeypatch)
    recipes.add_file("mine.py")
    assert recipes.load("run").label == "mine"
    assert (
        course("train", "--recipe", "mine.py", *QUICK, "--out", "run", "--answer", "0.9", "--steps", "6")[0]
        == 0
    )
    assert RunDirectory("run").latest() == 6


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = 1\n", "has no dictionary RECIPES"),
        ("RECIPES = {}\n", "has no dictionary RECIPES"),
        ("RECIPES = {'a': 1}\n", "has no dictionary RECIPES"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError.*line 1"),
        ("x = 1\ny = x +\n", "SyntaxError.*line 2"),
        ("x = 1\n1 / 0\n", "ZeroDivisionError: division by zero, line 2"),
        (MINE.replace("mine-ring", "gan-ring"), "and so has the course: rename yours"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, course, content, said):
    (tmp_path / "bad.py").write_text(content)
    with pytest.raises(UsageError, match=said):
        recipes.add_file(tmp_path / "bad.py")
    code, _, error = course("train", "--recipe", "bad.py", *QUICK)
    assert code == 2 and error.count("\n") == 1


def test_a_setting_that_the_course_has_too_is_named(tmp_path, course):
    (tmp_path / "mine.py").write_text(MINE.replace("answer", "target"))
    code, _, said = course("train", "--recipe", "mine.py", *QUICK)
    assert (
        code == 2 and "MineSettings has a setting 'target', and so has DataSettings, of another kind" in said
    )


def test_a_setting_that_two_groups_share_is_one_option(tmp_path, course, capsys):
    words = [*QUICK, "--steps", "2", "--batch", "4", "--width", "8", "--latents", "1,2", "--out", "run"]
    assert course("train", "swissroll-grown", *words)[0] == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["method"]["latents"] == config["networks"]["latents"] == [1, 2]
    with pytest.raises(SystemExit):
        cli.main(["train", "swissroll-grown", "--help"])
    assert capsys.readouterr().out.count("--latents") == 1


def test_a_file_that_is_not_there_is_named(course):
    for name in ("nowhere.py", "notes.txt", ""):
        code, _, error = course("train", "--recipe", name, *QUICK)
        assert code == 2 and "--recipe names a Python file" in error


# fine-tuning


def weights(run, role="generator"):
    return recipes.load(run).networks[role].state_dict()


def same(a, b) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_begins_with_the_weights_of_another(course, tmp_path):
    assert course("train", "dcgan-digits", *FASHION, "--out", "old")[0] == 0
    # what it begins with stays, but for batch norm's means
    still = ["--generator-lr", "0", "--discriminator-lr", "0"]
    code, _, said = course(
        "train", "dcgan-digits", *FASHION, *still, "--from", "old", "--out", "new", "--seed", "5"
    )
    assert code == 0 and "begins with the weights of" in said and "generator, discriminator" in said
    a, b = weights("old"), weights("new")
    assert all(torch.equal(a[n], b[n]) for n in a if n.endswith("weight"))
    config = json.loads((tmp_path / "new" / "config.json").read_text())
    assert config["start"] == str(tmp_path / "old") and len(config["start_sha256"]) == 64


def test_a_fine_tuned_run_resumes_bit_for_bit_though_the_other_goes_on_or_is_gone(course, tmp_path):
    assert course("train", "dcgan-digits", *FASHION, "--out", "old")[0] == 0
    common = [*FASHION[:-1], "4", "--from", "old"]
    assert course("train", "dcgan-digits", *common, "--out", "whole")[0] == 0
    assert course("train", "dcgan-digits", *FASHION, "--from", "old", "--out", "parts")[0] == 0
    (tmp_path / "old").rename(tmp_path / "moved")
    code, _, said = course(
        "train", "dcgan-digits", *FASHION[:-1], "4", "--from", tmp_path / "old", "--out", "parts"
    )
    assert code == 0 or "no run directory" in said
    (tmp_path / "moved").rename(tmp_path / "old")
    assert course("train", "dcgan-digits", *FASHION[:-1], "6", "--out", "old")[0] == 0
    assert course("train", "dcgan-digits", *common, "--out", "parts")[0] == 0
    assert same(weights("whole"), weights("parts"))
    code, _, said = course("train", "dcgan-digits", *FASHION[:-1], "4", "--out", "whole")
    assert code == 1 and "holds another run" in said


def test_a_zoo_entry_says_what_it_does_not_keep(course):
    code, _, said = course(
        "train", "dcgan-fashion", *QUICK, "--steps", "1", "--batch", "4", "--from", "dcgan-fashion", "--out", "new",
        "--generator-width", "32", "--discriminator-width", "8",
    )  # fmt: skip
    assert code == 0 and "discriminator (is not kept there) begins anew" in said


def test_weights_that_do_not_fit_are_named(course):
    code, _, said = course("train", "dcgan-digits", *FASHION, "--from", "dcgan-fashion", "--out", "new")
    assert code == 2 and "no network of dcgan-fashion fits this recipe" in said and "there and" in said
    code, _, said = course("train", "dcgan-digits", *FASHION, "--from", "nowhere", "--out", "new")
    assert code == 1 and "no run directory and no zoo entry 'nowhere'" in said


def test_tensorboard_shows_samples_and_all_scalars(course, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    words = [w for w in FASHION if w != "--no-tensorboard"]
    assert (
        course("train", "dcgan-digits", *words, "--sample-every", "1", "--log-every", "1", "--out", "run")[0]
        == 0
    )
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert set(events.Tags()["scalars"]) == set(rows[0]) - {"step"}
    assert [e.step for e in events.Images("samples")] == [1, 2]
