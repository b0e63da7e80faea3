"""The folder of a run that is moved, deleted or taken over while it trains, and signals to stop."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from faults import ledger
from faults.made import script
from faults.runs import same, sentence, train

from course_lib import data
from course_lib.data import Batches
from course_lib.errors import CourseError, UsageError
from course_lib.methods.gan import GAN
from course_lib.networks import mlp
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.loop import LoopSettings, fit
from course_lib.training.stopping import Requeue


def during(run: Path, act, **settings):
    directory = RunDirectory(run)

    def observe(step, trained):
        if step == 3:
            directory.wait()  # nothing is being written
            act()

    torch.manual_seed(0)
    method = GAN(mlp.Generator(2, 2, 8, 1), mlp.Discriminator(2, 8, 1))
    loop = LoopSettings(tensorboard=False, **{"log_every": 1, "checkpoint_every": 2} | settings)
    with Batches(data.open("toy/ring8"), 8, seed=0) as batches:
        return fit(method, batches, 6, directory, settings=loop, every=1, observe=observe, quiet=True)


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
