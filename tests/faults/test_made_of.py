"""What a run was made of, its data, its machine and its configuration, is compared when it goes on."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from data import pictures
from faults import ledger
from faults.runs import SMALL, contents, same, sentence, train

from course_lib import cli, data, recipes
from course_lib.data import Batches
from course_lib.errors import CourseError
from course_lib.training import configuration
from course_lib.training.checkpoint import RunDirectory

TINY = [*SMALL, "--resolution", "8", "--batch", "4", "--steps", "2", "--checkpoint-every", "1"]
DCGAN = ["dcgan-fashion", "--generator-width", "4", "--discriminator-width", "4"]


@pytest.fixture
def real(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return pictures.picture_folder(tmp_path / "real", each=12)


def command(capsys, *words) -> tuple[int, str]:
    code = cli.main(["train", *DCGAN, *TINY, *map(str, words)])
    return code, capsys.readouterr().err


# the data


def remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*.png"))[::3]:
        path.unlink()


def exchange(folder: Path) -> None:
    for path in sorted(folder.rglob("*.png"))[4:7]:
        pictures.picture(99).save(path)


def rename_class(folder: Path) -> None:
    (folder / "dog").rename(folder / "wolf")


def add(folder: Path) -> None:
    for i in range(20):
        pictures.picture(500 + i).save(folder / "cat" / f"new{i}.png")


@pytest.mark.parametrize("change", [remove, exchange, rename_class, add])
def test_data_that_changed_stops_a_run_that_goes_on(real, tmp_path, capsys, change):
    run = tmp_path / "run"
    assert command(capsys, "--data", real, "--out", run) == (0, "")
    before = contents(run)
    change(real)
    code, error = command(capsys, "--data", real, "--out", run, "--steps", 4)
    assert code == 1 and "is not what it began with" in sentence(error) and "--data-changed" in error
    assert same(contents(run), before)
    ledger.note("what a run is made of", "clear sentence")


def test_a_run_goes_on_with_changed_data_when_that_is_wanted(real, tmp_path, capsys):
    run = tmp_path / "run"
    command(capsys, "--data", real, "--out", run)
    made_of = RunDirectory(run).config()["made_of"]
    remove(real)
    code, error = command(capsys, "--data", real, "--out", run, "--steps", 4, "--data-changed")
    assert code == 0 and "goes on with other data" in sentence(error)
    config = RunDirectory(run).config()
    assert config["data_changes"] == [{"after_step": 2, "made_of": made_of}] and config["made_of"] != made_of
    assert command(capsys, "--data", real, "--out", run, "--steps", 5) == (0, ""), "it is said once"


@pytest.mark.parametrize("name", ["real", "real/", "./real", "absolute", "~"])
def test_a_folder_is_the_same_by_whatever_name(real, tmp_path, capsys, monkeypatch, name):
    run = tmp_path / "run"
    assert command(capsys, "--data", "real", "--out", run) == (0, "")
    assert RunDirectory(run).config()["data"]["data"] == str(real)
    monkeypatch.setenv("HOME", str(tmp_path))
    name = {"absolute": real, "~": "~/real"}.get(name, name)
    assert command(capsys, "--data", name, "--out", run, "--steps", 3) == (0, "")


def test_a_run_finds_its_data_from_another_folder(real, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    command(capsys, "--data", "real", "--out", run)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    pictures.picture_folder(elsewhere / "real", classes=("x",))
    monkeypatch.chdir(elsewhere)
    dataset, _ = recipes.open_data(recipes.load(run).plan)
    assert dataset.classes == ("cat", "dog")
    shutil.rmtree(real)
    with pytest.raises(CourseError, match=f"nothing lies at {real}"):
        recipes.open_data(recipes.load(run).plan)


def test_data_that_only_moved_is_the_same_data(real, tmp_path, capsys):
    run = tmp_path / "run"
    command(capsys, "--data", real, "--out", run)
    moved = real.rename(tmp_path / "moved")
    code, error = command(capsys, "--data", moved, "--out", run, "--steps", 3)
    assert code == 0 and "now lies elsewhere, with the same content" in sentence(error)
    assert command(capsys, "--data", "digits", "--out", run)[0] == 1, "other data is another run"


def test_the_second_domain_counts_too(real, tmp_path):
    other = pictures.picture_folder(tmp_path / "other", each=12)

    def made_of():
        with Batches(
            data.open(real, resolution=8), 2, seed=0, target=data.open(other, resolution=8)
        ) as batches:
            return {
                n: data.identity.identity(d) for n, d in vars(batches).items() if n in ("dataset", "target")
            }

    before = made_of()
    exchange(other)
    assert configuration.changed(before, made_of()).startswith(str(other))


def test_the_places_of_other_runs_are_stored_whole(run, monkeypatch):
    monkeypatch.chdir(run.parent)
    others = {"generator": run.name, "critic": "dcgan-fashion"}
    plan = dataclasses.replace(recipes.resolve("gan-ring", "smoke"), pretrained=others)
    assert recipes.runs.located(plan).pretrained == {"generator": str(run), "critic": "dcgan-fashion"}


# the machine


def test_another_machine_is_said_in_one_line(run, capsys):
    state = RunDirectory(run).load(12)
    assert state["environment"]["threads"] == torch.get_num_threads()
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        code, error = train("--steps", "14", out=run, capsys=capsys)
    finally:
        torch.set_num_threads(before)
    assert code == 0 and f"threads {before}, now {before + 1}" in sentence(error)
    code, error = train("--steps", "14", out=run, capsys=capsys)
    assert (code, error) == (0, ""), "nothing is left to train"


def test_how_often_a_run_writes_may_change(run, tmp_path, capsys):
    free = [
        "--log-every",
        "3",
        "--sample-every",
        "7",
        "--checkpoint-every",
        "4",
        "--keep",
        "5",
        "--max-minutes",
        "9",
    ]
    assert train("--steps", "24", *free, out=run, capsys=capsys) == (0, "")
    assert train("--steps", "24", out=tmp_path / "whole", capsys=capsys) == (0, "")
    assert same(RunDirectory(run).load(24)["method"], RunDirectory(tmp_path / "whole").load(24)["method"])
    assert RunDirectory(run).steps() == [10, 12, 16, 20, 24]
    assert RunDirectory(run).config()["loop"]["log_every"] == 3


# the configuration


def test_an_edited_configuration_is_noticed_by_everything_that_reads_it(run, capsys):
    file = run / "config.json"
    (run / "checkpoints" / "config.json").unlink()  # a run of an earlier version has no copy
    file.write_text(file.read_text().replace('"width": 16', '"width": 17'))
    for words in (["sample", str(run)], ["evaluate", str(run)]):
        assert cli.main(words) == 1
        assert "was edited or damaged after it was written" in sentence(capsys.readouterr().err)
    assert train(out=run, capsys=capsys)[0] == 1
    without = json.loads(file.read_text().replace('"width": 17', '"width": 16'))
    del without["checksum"]
    file.write_text(json.dumps(without))
    assert train(out=run, capsys=capsys) == (0, "")
