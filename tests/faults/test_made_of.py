"""A run knows what it is made of: what changes around it is told, and never mixed into it."""

import dataclasses
import json
import os
import runpy
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from faults import ledger
from faults.runs import SMALL, contents, same, sentence, train

from course_lib import cli, data, recipes
from course_lib.data import Batches, ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import mlp
from course_lib.training import configuration
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.loop import LoopSettings, fit
from course_lib.training.stopping import Requeue

# test folders are no packages, so the helper is read as a file
pictures = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "data" / "pictures.py")))

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


# scripts


def script(folder: Path, steps: int = 4, size: int = 8, seed: int = 0, loop=None, **rates):
    torch.manual_seed(0)
    method = GAN(mlp.Generator(2, 2, 8, 1), mlp.Discriminator(2, 8, 1), GANSettings(**rates))
    with Batches(data.open("toy/ring8"), size, seed=seed) as batches:
        settings = LoopSettings(tensorboard=False, **(loop or {}))
        return fit(method, batches, steps, folder, settings=settings, quiet=True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"generator_lr": 0.5}, "generator_lr is 0.0002, yours is 0.5"),
        ({"seed": 1}, "batches.seed is 0, yours is 1"),
        ({"size": 4}, "batches.size is 8, yours is 4"),
        ({"loop": {"ema": 0.5}}, "loop.ema is 0.995, yours is 0.5"),
    ],
)
def test_a_script_with_other_settings_is_another_run(tmp_path, change, named):
    script(tmp_path / "run")
    with pytest.raises(CourseError, match=f"holds another run .*{named}"):
        script(tmp_path / "run", 8, **change)
    assert script(tmp_path / "run", 8, loop={"log_every": 3}).step == 8
    ledger.note("what a run is made of", "clear sentence")


def test_arrays_of_a_script_are_compared(tmp_path):
    images = torch.arange(20 * 64).reshape(20, 1, 8, 8).byte().numpy()

    def go(array, steps):
        torch.manual_seed(0)
        method = GAN(mlp.Generator(2, 64, 8, 1), mlp.Discriminator(64, 8, 1))
        method.step = lambda batch: {"loss": batch.x.mean()}
        with Batches(ImageSet("mine", array), 4, seed=0) as batches:
            return fit(
                method, batches, steps, tmp_path / "run", settings=LoopSettings(tensorboard=False), quiet=True
            )

    method_steps = go(images, 0).step
    assert method_steps == 0
    images[7, 0, 3, 3] ^= 1
    with pytest.raises(CourseError, match="mine, all images: as many as then, but others"):
        go(images, 0)


def test_the_command_says_that_a_script_made_a_run(tmp_path, capsys):
    script(tmp_path / "run")
    assert cli.main(["sample", str(tmp_path / "run")]) == 1
    assert "names no recipe, so a script made this run" in sentence(capsys.readouterr().err)


def test_a_scripts_run_of_an_earlier_version_goes_on(tmp_path):
    script(tmp_path / "run")
    (tmp_path / "run" / "config.json").write_text("{}\n")
    assert script(tmp_path / "run", 6).step == 6
    with pytest.raises(CourseError, match="seed"):
        script(tmp_path / "run", 8, seed=3)


# the configuration


def test_an_edited_configuration_is_noticed_by_everything_that_reads_it(run, capsys):
    file = run / "config.json"
    file.write_text(file.read_text().replace('"width": 16', '"width": 17'))
    for words in (["sample", str(run)], ["evaluate", str(run)]):
        assert cli.main(words) == 1
        assert "was edited or damaged after it was written" in sentence(capsys.readouterr().err)
    assert train(out=run, capsys=capsys)[0] == 1
    without = json.loads(file.read_text().replace('"width": 17', '"width": 16'))
    del without["checksum"]
    file.write_text(json.dumps(without))
    assert train(out=run, capsys=capsys) == (0, "")


# the folder, while it is trained


def during(run: Path, act, **settings):
    def observe(step, trained):
        if step == 3:
            act()

    torch.manual_seed(0)
    method = GAN(mlp.Generator(2, 2, 8, 1), mlp.Discriminator(2, 8, 1))
    loop = LoopSettings(tensorboard=False, **{"log_every": 1, "checkpoint_every": 2} | settings)
    with Batches(data.open("toy/ring8"), 8, seed=0) as batches:
        return fit(method, batches, 6, run, settings=loop, every=1, observe=observe, quiet=True)


@pytest.mark.parametrize("often", [{}, {"log_every": 50}, {"log_every": 50, "checkpoint_every": 50}])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_run_that_is_moved_says_where_it_is(tmp_path, often, replaced):
    run, moved = tmp_path / "run", tmp_path / "moved"

    def act():
        run.rename(moved)
        if replaced:
            shutil.copytree(moved, run)

    with pytest.raises(CourseError, match=f"was moved to {moved} while it was trained") as caught:
        during(run, act, **often)
    assert f"--out {moved}" in sentence(f"course: {caught.value}\n")
    assert run.exists() == replaced
    assert during(moved, lambda: None, **often).step == 6
    ledger.note("the folder, while it is trained", "clear sentence")


@pytest.mark.parametrize("often", [{}, {"log_every": 50, "checkpoint_every": 50}])
def test_a_run_that_is_deleted_leaves_no_husk(tmp_path, often):
    run = tmp_path / "run"
    with pytest.raises(CourseError, match="was moved or deleted while it was trained"):
        during(run, lambda: shutil.rmtree(run), **often)
    assert not run.exists()
    ledger.note("the folder, while it is trained", "clear sentence")


@pytest.mark.parametrize("file", ["config.json", ".lock", "metrics.jsonl", "checkpoints", "latest"])
def test_what_is_deleted_of_a_run_is_written_again(tmp_path, file):
    run = tmp_path / "run"

    def act():
        path = run / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    whole = during(tmp_path / "whole", lambda: None)
    during(run, act)
    assert (run / file).exists() and RunDirectory(run).latest() == 6
    rows = [json.loads(line)["step"] for line in RunDirectory(run).metrics.read_text().splitlines()]
    assert rows == [row["step"] for row in whole.history]
    assert during(run, lambda: None).step == 6
    ledger.note("the folder, while it is trained", "identical")


def test_whoever_is_overtaken_stops_before_it_writes(tmp_path):
    """Where there are no locks, the token is all that keeps two writers apart."""
    run = tmp_path / "run"

    def act():
        (run / ".lock").write_text("process 7 on node3 (abc)\n")

    with pytest.raises(CourseError, match="taken over by process 7 on node3"):
        during(run, act)
    assert RunDirectory(run).steps() == [2]
    ledger.note("the folder, while it is trained", "clear sentence")


# the end of its time


def test_sigusr1_saves_and_asks_to_be_queued_again(tmp_path):
    run, before = tmp_path / "run", signal.getsignal(signal.SIGUSR1)
    with pytest.raises(Requeue, match="stopped at step 4 of 6 .* queue it again") as caught:
        during(run, lambda: os.kill(os.getpid(), signal.SIGUSR1), checkpoint_every=50)
    assert caught.value.exit_code == 75 and RunDirectory(run).latest() == 4
    assert signal.getsignal(signal.SIGUSR1) is before
    during(run, lambda: None, checkpoint_every=50)
    during(tmp_path / "whole", lambda: None, checkpoint_every=50)
    assert same(RunDirectory(run).load(6)["method"], RunDirectory(tmp_path / "whole").load(6)["method"])
    ledger.note("the end of its time", "identical")


def test_max_minutes_saves_and_asks_to_be_queued_again(tmp_path, capsys):
    steps, out = ["--steps", "30"], tmp_path / "run"
    code, error = train(*steps, "--max-minutes", "1e-9", out=out, capsys=capsys)
    assert code == 75 and "stopped at step 1 of 30" in sentence(error)
    assert train(*steps, out=out, capsys=capsys) == (0, "")
    assert train(*steps, out=tmp_path / "whole", capsys=capsys) == (0, "")
    assert same(RunDirectory(out).load(30)["method"], RunDirectory(tmp_path / "whole").load(30)["method"])
    with pytest.raises(UsageError, match="give run_dir"):
        script(None, loop={"max_minutes": 1.0})
    ledger.note("the end of its time", "identical")
