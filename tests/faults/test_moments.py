"""Faults at each moment and in each bit: checkpoints cut and flipped, a disk that fills up, clocks that jump, and kills
while a network grows, a run is evaluated and data is prepared."""

import json
import random
import runpy
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from faults import ledger
from faults.runs import RING, SMALL, assert_same, contents, same, sentence, train

from course_lib.errors import CourseError
from course_lib.files import CHECKSUMS, STRUCTURE, TENSORS, load_state, save_state
from course_lib.training.checkpoint import RunDirectory

pictures = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "data" / "pictures.py")))
GROWING = [
    "train", "clggan-faces", *SMALL, "--data", "digits", "--resolution", "8", "--steps", "60", "--batch", "4",
    "--maps", "2", "--first", "2", "--log-every", "2", "--checkpoint-every", "5", "--sample-every", "100",
]  # fmt: skip


def test_each_bit_of_a_small_checkpoint_flipped_is_seen(tmp_path):
    save_state(tmp_path / "5", {"weight": torch.arange(6.0), "step": 5, "name": ["a", (1, None)]})
    for name in (TENSORS, STRUCTURE, CHECKSUMS):
        file = tmp_path / "5" / name
        whole = file.read_bytes()
        for bit in range(8 * len(whole)):
            spoilt = bytearray(whole)
            spoilt[bit // 8] ^= 1 << bit % 8
            file.write_bytes(spoilt)
            with pytest.raises(CourseError):
                load_state(tmp_path / "5")
        file.write_bytes(whole)
        ledger.note("a bit of a checkpoint", "clear sentence")
    assert load_state(tmp_path / "5")["step"] == 5


def test_a_checkpoint_cut_at_every_kilobyte_is_seen(run):
    folder = run / "checkpoints" / "12"
    for name in (TENSORS, STRUCTURE):
        file = folder / name
        whole = file.read_bytes()
        for length in range(0, len(whole), 1024):
            file.write_bytes(whole[:length])
            with pytest.raises(CourseError, match="is damaged"):
                RunDirectory(run).load(12)
            ledger.note("a checkpoint cut short", "clear sentence")
        file.write_bytes(whole)
    assert RunDirectory(run).load(12)


@pytest.mark.parametrize(
    "clock",
    [lambda t: 0.0, lambda t: -t, lambda t: t + 1e9 * (int(t * 50) % 2)],
    ids=["stands", "back", "jumps"],
)
def test_a_clock_that_jumps_changes_no_number(run, tmp_path, monkeypatch, capsys, clock):
    real = time.perf_counter
    for name in ("perf_counter", "time"):
        monkeypatch.setattr(time, name, lambda: clock(real()))
    assert train(out=tmp_path / "other", capsys=capsys) == (0, "")
    assert same(contents(tmp_path / "other"), contents(run))
    ledger.note("the machine", "identical")


@pytest.mark.slow
def test_a_disk_that_fills_up_at_any_write_loses_nothing(forks, uninterrupted, tmp_path):
    command = [*RING, "--steps", "6", "--checkpoint-every", "3"]
    full, done = 0, False
    while not done:
        full += 1
        run = tmp_path / str(full)
        code, error = forks.run(*command, "--out", run, rows=0, full=full)
        if done := code == 0:
            break
        assert code == 1 and "because the disk is full" in sentence(error), (full, error)
        before = RunDirectory(run).latest() if run.exists() else None
        assert ("nothing was written yet" in error) == (before is None)
        assert forks.run(*command, "--out", run) == (0, ""), full
        assert_same(run, uninterrupted(command))
        ledger.note("a full disk", "clear sentence")
    assert full > 15


@pytest.mark.slow
def test_a_run_killed_while_it_grows_equals_the_uninterrupted_one(forks, uninterrupted, tmp_path):
    chance, run = random.Random(7), tmp_path / "run"
    for _ in range(8):
        code, error = forks.run(*GROWING, "--out", run, rows=chance.randint(0, 4), disk=chance.randint(1, 30))
        assert (code, error) == (-signal.SIGKILL, "")
        ledger.note("a kill", "identical")
    assert 0 < RunDirectory(run).latest() < 60
    assert forks.run(*GROWING, "--out", run) == (0, "")
    assert_same(run, uninterrupted(GROWING))


def killed_on_the_way(forks, *command, within, every=1) -> int:
    """Kill a command at its first disk operation in a folder, at one that is `every` later, and so on, until it has
    come to its end before: how many kills hit."""
    kills = 0
    while True:
        code, error = forks.run(*command, rows=0, disk=1 + kills * every, within=str(within))
        if code == 0:
            return kills
        assert code == -signal.SIGKILL and "Traceback" not in error, f"kill {kills}: {error}"
        kills += 1


@pytest.mark.slow
def test_kills_while_data_is_prepared_leave_a_set_that_is_whole(forks, tmp_path):
    pets, place = pictures.picture_folder(tmp_path / "pets", each=4), forks.cache / "prepared"
    prepare = ["data", "prepare", pets, "--resolution", "16"]
    shutil.rmtree(place, ignore_errors=True)  # other tests have prepared theirs
    assert killed_on_the_way(forks, *prepare, within=place, every=4) > 5
    assert forks.run("data", "check")[0] == 0
    ours = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    shutil.rmtree(place)
    assert forks.run(*prepare)[0] == 0
    assert ours == {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    ledger.note("a kill", "identical")


@pytest.mark.slow
def test_kills_while_a_run_is_evaluated_leave_the_run_and_its_numbers_whole(forks, run, tmp_path):
    before, copy, measured = contents(run), tmp_path / "copy", tmp_path / "measures.json"
    evaluate = ["evaluate", "--samples", "100", "--json"]
    assert forks.run(*evaluate, measured, run) == (0, "")
    shutil.copytree(run, copy)
    theirs = copy / "measures.json"
    assert killed_on_the_way(forks, *evaluate, theirs, copy, within=copy) > 5
    assert same(contents(copy), before)
    assert json.loads(theirs.read_text()) == json.loads(measured.read_text())
    ledger.note("a kill", "identical")
