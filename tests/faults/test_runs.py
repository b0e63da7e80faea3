"""What goes wrong with runs: killed, interrupted, diverging, full, crowded. Nothing is lost."""

import json
import random
import re
import signal
import subprocess
import threading
import time

import pytest
from faults.runs import DIGITS, GRACE, RING, SMALL, assert_same, contents, same, sentence, train

from course_lib import cli, files, paths, recipes
from course_lib.errors import CourseError
from course_lib.training.checkpoint import RunDirectory

PATIENCE = 300.0  # seconds that a busy machine may take


@pytest.mark.slow
@pytest.mark.parametrize("command", [RING, DIGITS], ids=["ring", "digits"])
def test_a_run_killed_at_twenty_moments_equals_the_uninterrupted_one(forks, uninterrupted, tmp_path, command):
    chance, run = random.Random(2014), tmp_path / "run"
    for number in range(20):
        # half of the moments are any instant, half lie between two operations on the run's files
        if number % 2:
            how = {"seconds": chance.uniform(0, 0.03), "signal": signal.SIGKILL}
        else:
            how = {"disk": chance.randint(1, 40)}
        code, error = forks.run(*command, "--out", run, rows=chance.randint(0, 7), **how)
        assert (code, error) == (-signal.SIGKILL, ""), f"kill {number}"
    reached = RunDirectory(run).latest()
    assert 0 < reached < int(command[command.index("--steps") + 1]), "the kills fell into the run"
    assert forks.run(*command, "--out", run) == (0, "")
    assert_same(run, uninterrupted(command))


@pytest.mark.slow
def test_a_run_killed_at_each_of_its_disk_operations_can_be_resumed(forks, uninterrupted, tmp_path):
    command = [*RING, "--steps", "6", "--checkpoint-every", "3"]
    kills = 0
    while True:
        run = tmp_path / str(kills)
        code, error = forks.run(*command, "--out", run, rows=0, disk=kills + 1)
        if code == 0:
            break
        assert (code, error) == (-signal.SIGKILL, ""), f"kill {kills}"
        assert forks.run(*command, "--out", run) == (0, ""), f"after kill {kills}"
        assert_same(run, uninterrupted(command))
        kills += 1
    assert kills > 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "end"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGUSR1, 75)]
)
def test_an_interrupted_run_saves_itself_and_resumes(forks, uninterrupted, tmp_path, number, end):
    run = tmp_path / "run"
    for rows in (3, 10):
        code, error = forks.run(*RING, "--out", run, rows=rows, seconds=0.005, signal=number)
        assert code == end and forks.took < GRACE
        step = RunDirectory(run).latest()
        assert f"stopped at step {step} of 300 and saved to {run}" in sentence(error)
    assert forks.run(*RING, "--out", run) == (0, "")
    assert_same(run, uninterrupted(RING))


def test_a_loss_that_is_not_finite_names_step_player_and_checkpoint(tmp_path, capsys):
    out = tmp_path / "run"
    rates = ["--generator-lr", "1e4", "--discriminator-lr", "1e4", "--checkpoint-every", "1"]
    code, error = train(*rates, out=out, capsys=capsys)
    assert code == 1
    good = RunDirectory(out).latest()
    message = sentence(error)
    assert re.search(f"of the (generator|discriminator) became .* at step {good + 1};", message)
    assert f"the last good checkpoint is of step {good} in {out}" in message
    assert max(RunDirectory(out).steps()) == good and not (out / "samples").exists()
    state = RunDirectory(out).load(good)["method"]
    moments = [v for s in state["optimizers"].values() for m in s["state"].values() for v in m.values()]
    assert all(t.isfinite().all() for t in [*state["networks"].values(), *moments])
    assert all(json.loads(row)["step"] <= good for row in RunDirectory(out).metrics.read_text().splitlines())


def test_what_killed_processes_leave_is_swept_away(run, capsys):
    whole = contents(run)
    (run / "checkpoints" / ".12.99.tmp").mkdir()
    (run / "checkpoints" / ".12.99.tmp" / files.TENSORS).write_bytes(b"half")
    for name in (".config.json.99.tmp", ".metrics.jsonl.99.tmp", "samples/.00000012.png.99.tmp"):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_bytes(b"half")
    assert train(out=run, capsys=capsys) == (0, "")
    assert not list(run.rglob(".*.tmp"))
    assert same(contents(run), whole)


def test_a_killed_start_leaves_a_folder_that_can_be_used(tmp_path, capsys):
    out = tmp_path / "run"
    out.mkdir()
    (out / ".lock").touch()
    (out / ".config.json.99.tmp").write_text("{")
    assert train(out=out, capsys=capsys) == (0, "")


@pytest.mark.slow
def test_two_processes_do_not_train_in_one_folder(forks, run):
    directory = RunDirectory(run)
    before = contents(run)
    with directory.claimed(directory.config()):
        code, error = forks.run(*RING, "--steps", "12", "--out", run)
    assert code == 1 and "is being trained by another process" in sentence(error)
    assert same(contents(run), before)
    assert forks.run(*RING, "--steps", "12", "--out", run) == (0, "")


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a disk; the limit on file sizes is tested all the same")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("leave", "changes"),
    [
        (12_288, []),  # no room for a checkpoint
        (0, ["--log-every", "1", "--checkpoint-every", "50"]),  # none for a row of metrics
        (0, ["--log-every", "1", "--checkpoint-every", "50", "--tensorboard"]),
    ],
    ids=["checkpoint", "metrics", "tensorboard"],
)
def test_a_full_disk_loses_nothing(forks, uninterrupted, small_disk, leave, changes):
    run, filler = small_disk / "run", small_disk / "filler"
    command = [*RING, *changes]
    code, error = forks.run(*command, "--out", run, rows=60, fill=str(filler), leave=leave)
    assert code == 1
    step = RunDirectory(run).latest()
    assert 40 < step < 300
    assert f"because the disk is full; the checkpoint of step {step} is safe" in sentence(error)
    # still full: the same sentence, or as far as it gets without writing
    code, again = forks.run(*command, "--out", run)
    assert code == 1 and "the disk is full" in sentence(again)
    filler.unlink()
    assert forks.run(*command, "--out", run) == (0, "")
    assert_same(run, uninterrupted(command))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "safe"), [(600, "nothing was written yet"), (9_000, "nothing was written yet")]
)
def test_a_limit_on_file_sizes_is_one_sentence(forks, tmp_path, limit, safe):
    run = tmp_path / "run"
    code, error = forks.run(*RING, "--out", run, limit=limit)
    assert code == 1
    assert f"the file would exceed the size limit set for this process; {safe}" in sentence(error)
    assert forks.run(*RING, "--steps", "12", "--out", run)[0] == 0


def test_missing_data_is_a_sentence_with_its_cure(tmp_path, monkeypatch, capsys):
    for variable in ("COURSE_DATA", "COURSE_CACHE"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setattr(paths, "data_folders", lambda: [tmp_path / "COURSE_DATA"])
    assert cli.main(["train", "dcgan-fashion", *SMALL, "--out", str(tmp_path / "run")]) == 1
    assert "course data fetch fashion-mnist" in sentence(capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_a_run_can_be_read_while_it_trains(run, tmp_path):
    """A thread trains, and rests between two of its steps until it was read; then it goes on to its end."""
    plan, out = recipes.load(run).plan, tmp_path / "other"
    directory, rests, was_read, ended = RunDirectory(out), threading.Event(), threading.Event(), []

    def rest(step, _):
        if step == 11:
            rests.set()
            assert was_read.wait(PATIENCE)

    def trains():
        recipes.train(plan, out, device="cpu", every=11, observe=rest, quiet=True)
        ended.append(True)

    thread = threading.Thread(target=trains)
    thread.start()
    try:
        assert rests.wait(PATIENCE)
        end = time.monotonic() + PATIENCE
        while directory.latest() != 10:  # it is written behind the steps
            assert time.monotonic() < end
            time.sleep(0.01)
        with pytest.raises(CourseError, match="is being trained by another process"):
            recipes.train(plan, out, device="cpu", quiet=True)
        weights = recipes.load(out).networks["generator"].state_dict()
        rows = [json.loads(line)["step"] for line in directory.metrics.read_text().splitlines()]
    finally:
        was_read.set()
        thread.join(PATIENCE)
    assert ended and rows == [2, 4, 6, 8, 10]
    assert same(dict(weights), RunDirectory(run).load(10)["average"]["generator"]), "of the last checkpoint"
    assert same(contents(out), contents(run))
