"""The zoo: publishing a run, and noticing damage."""

import json

import numpy as np
import pytest

from course_lib import compare, paths, recipes, zoo
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation import features, report
from course_lib.inversion import own_samples
from course_lib.training.checkpoint import RunDirectory


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    plan = recipes.resolve(
        "gan-ring", "smoke", steps=6, batch=8, width=8, depth=1, tensorboard=False, checkpoint_every=2
    )
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    return tmp_path / "run"


def test_a_published_run_can_be_checked_and_loaded(run):
    entry = zoo.publish("ring", run, 1.234)
    assert zoo.manifest() == {"ring": json.loads(json.dumps(entry))}
    assert entry["recipe"] == "gan-ring" and entry["steps"] == 6 and entry["minutes"] == 1.2
    assert entry["measures"]["total_modes"] == 8
    assert zoo.check() == ["ring"]
    assert {p.name for p in paths.zoo().iterdir()} == {"ring", "manifest.json"}
    assert list(recipes.load("ring").networks) == ["generator"]
    zoo.publish("again", run, 1.0)
    assert zoo.check() == ["ring", "again"]


def test_an_entry_keeps_the_curves_of_its_run(run):
    zoo.publish("ring", run, 1.0)
    assert (paths.zoo() / "ring" / "metrics.jsonl").read_bytes() == RunDirectory(run).metrics.read_bytes()
    row = json.loads(RunDirectory(run).metrics.read_text().splitlines()[-1])
    RunDirectory(run).metrics.write_text(
        "".join(json.dumps(row | {"step": step}) + "\n" for step in range(1, 1002))
    )
    zoo.publish("long", run, 1.0)
    steps = [json.loads(line)["step"] for line in (paths.zoo() / "long" / "metrics.jsonl").open()]
    assert len(steps) <= zoo.ROWS and steps[-1] == 1001 and len(set(np.diff(steps))) == 1
    assert len(compare.read("long").rows) == len(steps)


def test_an_entry_is_measured_anew_without_training(run):
    entry = zoo.publish("ring", run, 1.0)
    file = paths.zoo() / "manifest.json"
    file.write_text(json.dumps({"ring": entry | {"measures": {"of": "last year"}}}))
    again = zoo.measure_again("ring")
    assert again == entry and zoo.manifest() == {"ring": json.loads(json.dumps(entry))}
    assert zoo.check() == ["ring"]
    with pytest.raises(UsageError, match="the zoo holds no 'bell'"):
        zoo.measure_again("bell")


def test_what_no_network_was_taught_on_is_measured_by_its_codes(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    monkeypatch.setattr(report, "measure", lambda method, dataset: {"measure": "none"})
    settings = {"data": "sprites-colour:images=300", "steps": 2}
    plan = recipes.resolve("ibgan-colour-sprites", "smoke", **settings, tensorboard=False)
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    assert zoo.publish("other", tmp_path / "run", 1.0)["measures"] == {"measure": "none"}
    (name,) = zoo.BY_CODES
    measures = zoo.publish(name, tmp_path / "run", 1.0)["measures"]
    assert {"factor_vae", "factor_vae_training", "active", "mig"} <= measures.keys()
    assert measures["data"] == "sprites-colour:images=300" and measures["samples"] > 0
    assert zoo.measure_again(name)["measures"] == measures


def test_own_samples_of_an_entry_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    slow, asked = own_samples.recover, []

    def quick(method, n):
        asked.append(n)
        return slow(method, n, rounds=1, steps=2, restarts=1, polish=1)

    monkeypatch.setattr(own_samples, "recover", quick)
    monkeypatch.setattr(report, "measure", lambda method, dataset: {"measure": "none"})
    settings = {"data": "digits", "resolution": 16, "latent": 4, "batch": 8, "steps": 2}
    plan = recipes.resolve("dcgan-fashion", "smoke", **settings, tensorboard=False)
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    zoo.publish("small", tmp_path / "run", 1.0)
    found = zoo.measure_again("small", own_samples=3)["measures"]["own_samples"]
    assert asked == [3] and found["count"] == 3 and 0 <= found["share"] <= 1 and 0 < found["median"] < 400


@pytest.mark.parametrize("file", ["weights/state.safetensors", "weights/state.json", "config.json"])
def test_damage_is_noticed(run, file):
    zoo.publish("ring", run, 1.0)
    path = paths.zoo() / "ring" / file
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(CourseError, match=path.name.replace(".", r"\.")):
        zoo.check()
    path.unlink()
    with pytest.raises(CourseError, match="missing"):
        zoo.check()


def test_what_comes_with_the_course_notices_when_its_configuration_was_edited(project, tmp_path):
    entries = [p for p in (project / "zoo").iterdir() if p.is_dir() and not p.name.startswith(".")]
    assert entries
    for entry in entries:
        text = (entry / "config.json").read_text()
        assert RunDirectory(entry).config()["recipe"]
        (tmp_path / "config.json").write_text(text.replace('"seed": ', '"seed": 1'))
        with pytest.raises(CourseError, match="edited or damaged"):
            RunDirectory(tmp_path).config()


def test_a_damaged_manifest_is_named(run):
    zoo.publish("ring", run, 1.0)
    (paths.zoo() / "manifest.json").write_text("{")
    with pytest.raises(CourseError, match=r"manifest\.json is damaged"):
        zoo.manifest()


@pytest.mark.parametrize("fault", ["size", "measure"])
def test_what_cannot_be_published_leaves_the_entry_as_it_was(run, fault, monkeypatch):
    before = zoo.publish("ring", run, 1.0)

    def fail(*arguments, **options):
        raise CourseError("cannot measure.")

    if fault == "size":
        monkeypatch.setattr(zoo, "LIMIT", 10)
    else:
        monkeypatch.setattr(report, "measure", fail)
    with pytest.raises(CourseError):
        zoo.publish("ring", run, 2.0)
    monkeypatch.undo()
    monkeypatch.setattr(paths, "zoo", lambda: run.parent / "zoo")
    assert zoo.manifest()["ring"]["minutes"] == before["minutes"] and zoo.check() == ["ring"]


def test_only_known_entries_are_trained(tmp_path):
    with pytest.raises(UsageError, match="classifier-fashion"):
        zoo.train("mona-lisa", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_zoo_of_the_course_is_whole():
    assert zoo.check() == list(zoo.manifest())
    folders = {p.name for p in paths.zoo().iterdir() if p.is_dir() and p.name[0] != "."}
    assert folders == set(zoo.manifest()) == set(zoo.ENTRIES), "the list, the manifest and the files agree"
    assert {name: entry["recipe"] for name, entry in zoo.manifest().items()} == zoo.ENTRIES
    assert set(features.EXTRACTORS.values()) <= folders, "what measures images is there"
    assert set(features.SUITED.values()) <= set(features.EXTRACTORS)
    for judge in features.EXTRACTORS:
        assert features.extractor(judge).fingerprint == zoo.manifest()[features.EXTRACTORS[judge]]["sha256"]
    for entry in zoo.manifest().values():
        assert {"command", "seed", "steps", "minutes", "hardware", "measures", "sha256"} <= entry.keys()


def test_the_readme_states_what_the_manifest_holds():
    text = (paths.project() / "README.md").read_text()
    entry = zoo.manifest()["dcgan-fashion"]
    assert f"took {entry['minutes']} minutes" in text
    assert f"distance of {entry['measures']['frechet']:.2f} " in text
    assert f"score {entry['measures']['frechet_floor']:.3f})" in text
