"""Metrics on disk, the alarm for NaN, and progress."""

import json
import sys

import pytest
import torch

from course_lib.training.log import Journal, NotFinite, Progress


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def journal(tmp_path) -> Journal:
    return Journal(tmp_path / "metrics.jsonl", tensorboard=False)


def test_a_row_holds_the_means_of_its_interval(tmp_path):
    log = journal(tmp_path)
    for step, value in enumerate([1.0, 2.0, 6.0], 1):
        log.add(step, {"generator/loss": torch.tensor(value), "plain": value})
    log.add(4, {"generator/loss": torch.tensor(3.0), "discriminator/r1": torch.tensor(0.5)})
    row = log.flush(seconds=1.5)
    wanted = {"step": 4, "discriminator/r1": 0.5, "generator/loss": 3.0, "plain": 3.0, "seconds": 1.5}
    assert row == wanted and rows(log.path) == [wanted] == log.rows
    assert log.flush() is None and len(rows(log.path)) == 1


def test_scalars_are_fetched_together(tmp_path, monkeypatch):
    log, fetched = journal(tmp_path), []
    monkeypatch.setattr(
        torch, "stack", lambda tensors, stack=torch.stack: fetched.append(1) or stack(tensors)
    )
    for step in range(1, 6):
        log.add(step, {"a": torch.tensor(1.0), "b": torch.tensor(2, dtype=torch.bfloat16)})
        assert not fetched
    log.check()
    log.flush()
    assert fetched == [1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_named(tmp_path, value):
    log = journal(tmp_path)
    log.add(6, {"generator/loss": torch.tensor(1.0), "discriminator/loss": torch.tensor(0.0)})
    log.add(7, {"generator/loss": torch.tensor(1.0), "discriminator/loss": torch.tensor(value)})
    log.add(8, {"generator/loss": torch.tensor(value), "discriminator/loss": torch.tensor(value)})
    with pytest.raises(NotFinite, match=f"^the loss of the discriminator became {value} at step 7$"):
        log.check()


def test_a_metric_without_player_is_named_too(tmp_path):
    log = journal(tmp_path)
    log.add(1, {"loss": torch.tensor(float("nan"))})
    with pytest.raises(NotFinite, match="^the loss became nan at step 1$"):
        log.check()


def test_pending_steps_survive_a_checkpoint(tmp_path):
    log = journal(tmp_path)
    log.add(1, {"a": torch.tensor(1.0)})
    log.check()
    again = journal(tmp_path)
    again.rewind(1, log.pending())
    again.add(2, {"a": torch.tensor(4.0)})
    assert again.flush()["a"] == 2.5


@pytest.mark.parametrize("tail", ['{"step": 6', '{"step": 6, "a": 1}\n{"st', "\0\0\0", "\n", ""])
def test_rewinding_forgets_what_came_after_the_checkpoint(tmp_path, tail):
    log = journal(tmp_path)
    for step in (2, 4):
        log.add(step, {"a": torch.tensor(1.0)})
        log.flush()
    kept = log.path.read_bytes()
    with open(log.path, "a") as file:
        file.write(tail)
    again = journal(tmp_path)
    again.rewind(4, [])
    assert [row["step"] for row in again.rows] == [2, 4] and log.path.read_bytes() == kept
    again.rows.clear()
    again.rewind(0, [])
    assert again.rows == [] and log.path.read_bytes() == b""


def test_without_a_path_rows_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = Journal(None)
    log.rewind(0, [])
    log.add(1, {"a": torch.tensor(1.0)})
    log.flush()
    log.close()
    assert log.rows == [{"step": 1, "a": 1.0}] and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_tensorboard_gets_the_same_rows(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = Journal(tmp_path / "metrics.jsonl", tensorboard=True)
    for step in (2, 4):
        log.add(step, {"generator/loss": torch.tensor(step / 2)})
        log.flush()
    log.close()
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("generator/loss")] == [(2, 1.0), (4, 2.0)]


def test_progress_without_a_terminal_is_plain_lines(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    progress = Progress(0, 3, "ring")
    for step in (1, 2, 3):
        progress.advance(step, {"step": 2, "generator/loss": 0.5, "seconds": 1.0} if step == 2 else None)
    progress.close()
    assert capsys.readouterr().err == "ring: step 3 of 3, generator/loss 0.500\n"


def test_quiet_progress_says_nothing(capsys):
    progress = Progress(0, 1, "ring", quiet=True)
    progress.advance(1, {"loss": 1.0})
    progress.close()
    assert capsys.readouterr() == ("", "")
