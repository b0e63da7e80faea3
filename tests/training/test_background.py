"""What a run writes while it goes on training. What faults do to it is tested in tests/faults."""

import threading

import pytest
import torch

from course_lib import data
from course_lib.data import Batches
from course_lib.errors import CourseError
from course_lib.files import Snapshot, load_state, save_state
from course_lib.methods.gan import GAN
from course_lib.networks import dcgan
from course_lib.training import checkpoint
from course_lib.training.background import AHEAD, Background
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.loop import LoopSettings, fit

LONG = 30  # seconds: what takes so long has stopped


def digits() -> tuple[GAN, Batches]:
    torch.manual_seed(0)
    method = GAN(dcgan.Generator(4, 1, 16, 4), dcgan.Discriminator(1, 16, 4))
    return method, Batches(data.open("digits", resolution=16), 4, seed=0)


def settings(**changes) -> LoopSettings:
    return LoopSettings(
        **{"log_every": 2, "checkpoint_every": 4, "sample_every": 4, "tensorboard": False, "keep": 9}
        | changes
    )


def state_at(run, step) -> Snapshot:
    """Of a checkpoint, what does not depend on the clock."""
    state = RunDirectory(run).load(step)
    return Snapshot.of({name: state[name] for name in state if name not in ("seconds", "rows")})


def test_pieces_are_done_in_order_elsewhere():
    done = []
    work = Background()
    for number in range(20):
        work.begin(lambda number=number: done.append((number, threading.get_ident())))
    work.wait()
    assert [number for number, _ in done] == list(range(20))
    assert {thread for _, thread in done}.isdisjoint({threading.get_ident()})
    work.close()


def test_a_piece_that_fails_stops_those_behind_it_and_is_told_by_every_call():
    done, go_on = [], threading.Event()

    def fails():
        go_on.wait(LONG)
        raise CourseError("the disk is full")

    work = Background()
    work.begin(fails)
    work.begin(lambda: done.append("behind"))
    work.check()
    go_on.set()
    for call in (work.wait, work.check, work.wait, lambda: work.begin(lambda: done.append("later"))):
        with pytest.raises(CourseError, match="the disk is full"):
            call()
    work.close()
    assert done == []


def test_no_more_pieces_wait_than_memory_is_meant_for():
    begun, go_on = [], threading.Event()
    work = Background()
    work.begin(lambda: go_on.wait(LONG))
    for _ in range(AHEAD - 1):
        work.begin(lambda: None)

    def one_more():
        work.begin(lambda: None)
        begun.append("one more")

    thread = threading.Thread(target=one_more)
    thread.start()
    thread.join(0.2)
    assert begun == []
    go_on.set()
    thread.join(LONG)
    assert begun == ["one more"]
    work.close()


def test_a_piece_may_ask_for_all_to_be_done():
    work, done = Background(), []
    work.begin(lambda: (work.wait(), done.append("asked")))
    thread = threading.Thread(target=work.close)
    thread.start()
    thread.join(LONG)
    assert done == ["asked"]


def test_a_snapshot_keeps_what_the_state_was(tmp_path):
    state = {"w": torch.ones(3), "pending": [(1, {"loss": torch.zeros(())})], "step": 3}
    snapshot = Snapshot.of(state)
    state["w"] += 1
    state["pending"].append((2, {}))
    state["step"] = 4
    save_state(tmp_path / "3", snapshot)
    there = load_state(tmp_path / "3")
    assert there["w"].tolist() == [1, 1, 1] and there["step"] == 3 and len(there["pending"]) == 1


def test_training_goes_on_while_a_checkpoint_is_written(tmp_path, monkeypatch):
    """It waits here for later steps, which never come where the loop waits; and it holds what was at its own step."""
    later, written = threading.Event(), checkpoint.save_state

    def slow(folder, snapshot):
        if folder.name == "4":
            assert later.wait(LONG), "the loop waits"
        written(folder, snapshot)

    def observe(step, run):
        if step == 7:
            assert RunDirectory(tmp_path / "slow").steps() == []
            later.set()

    fit(*digits(), 8, tmp_path / "plain", settings=settings(), quiet=True)
    monkeypatch.setattr(checkpoint, "save_state", slow)
    fit(*digits(), 8, tmp_path / "slow", settings=settings(), every=1, observe=observe, quiet=True)
    for step in (4, 8):
        there, plain = (state_at(tmp_path / name, step) for name in ("slow", "plain"))
        assert there.structure == plain.structure and there.tensors.keys() == plain.tensors.keys()
        assert all(torch.equal(there.tensors[name], plain.tensors[name]) for name in plain.tensors)
        assert (tmp_path / "slow" / "samples" / f"{step:08d}.png").exists()


@pytest.mark.parametrize("name", ["checkpoints", "samples"])
def test_a_write_that_fails_behind_the_loop_stops_it_with_the_sentence_of_any_other(
    tmp_path, monkeypatch, name
):
    real = checkpoint.save_state if name == "checkpoints" else None
    steps = []

    def full(path, *_):
        if path.name in ("8", "00000008.png"):
            raise OSError(28, "No space left on device")
        return real(path, *_)

    if name == "checkpoints":
        monkeypatch.setattr(checkpoint, "save_state", full)
    else:
        from course_lib.training import samples

        real = samples.write_atomic
        monkeypatch.setattr(samples, "write_atomic", full)
    with pytest.raises(CourseError, match="because the disk is full; the checkpoint of step 4 is safe"):
        fit(
            *digits(), 400, tmp_path, settings=settings(), every=1,
            observe=lambda step, run: steps.append(step), quiet=True,
        )  # fmt: skip
    assert RunDirectory(tmp_path).latest() == 4 == max(RunDirectory(tmp_path).steps())
    assert steps[-1] < 400
    monkeypatch.undo()
    assert fit(*digits(), 8, tmp_path, settings=settings(), quiet=True).step == 8


def test_a_folder_object_that_failed_once_may_be_trained_in_again(tmp_path, monkeypatch):
    directory = RunDirectory(tmp_path)
    monkeypatch.setattr(checkpoint, "save_state", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(CourseError, match="nothing was written yet"):
        fit(*digits(), 8, directory, settings=settings(), quiet=True)
    monkeypatch.undo()
    assert fit(*digits(), 8, directory, settings=settings(), quiet=True).step == 8
