"""What a run writes while it goes on training. What faults do to it is tested in tests/faults."""

import os
import shutil
import signal
import threading
from functools import partial

import pytest
import torch

from course_lib import data
from course_lib.data import Batches
from course_lib.errors import CourseError
from course_lib.files import Snapshot, load_state, save_state
from course_lib.methods.gan import GAN
from course_lib.networks import dcgan
from course_lib.training import checkpoint
from course_lib.training.background import Background
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.log import NotFinite
from course_lib.training.loop import LoopSettings, fit
from course_lib.training.stopping import Interrupted, Requeue

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


def test_tasks_are_done_in_order_elsewhere():
    done = []
    background = Background()
    for number in range(20):
        background.submit(lambda number=number: done.append((number, threading.get_ident())))
    background.wait()
    assert [number for number, _ in done] == list(range(20))
    assert {thread for _, thread in done}.isdisjoint({threading.get_ident()})
    background.close()


def test_a_task_that_fails_stops_those_behind_it_and_is_told_by_every_call():
    done, go_on = [], threading.Event()

    def fails():
        go_on.wait(LONG)
        raise CourseError("the disk is full")

    background = Background()
    background.submit(fails)
    background.submit(lambda: done.append("behind"))
    background.check()
    go_on.set()
    late = partial(background.submit, lambda: done.append("later"))
    for call in (background.wait, background.check, background.wait, late):
        with pytest.raises(CourseError, match="the disk is full"):
            call()
    background.close()
    assert done == []


def test_a_task_may_ask_for_all_to_be_done():
    background, submitted, done = Background(), threading.Event(), []

    def asks():
        submitted.wait(LONG)
        background.wait()
        done.append("asked")

    background.submit(asks)
    submitted.set()
    thread = threading.Thread(target=background.close, daemon=True)
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


@pytest.fixture
def slow_saves(monkeypatch):
    """Each save waits for this event."""
    go_on, written = threading.Event(), checkpoint.save_state

    def slow(folder, snapshot):
        assert go_on.wait(LONG)
        written(folder, snapshot)

    monkeypatch.setattr(checkpoint, "save_state", slow)
    return go_on


@pytest.mark.parametrize(
    ("number", "stop"), [(signal.SIGTERM, Interrupted), (signal.SIGUSR1, Requeue)], ids=["TERM", "USR1"]
)
def test_who_asks_to_stop_waits_for_what_is_being_written(tmp_path, slow_saves, number, stop):
    def observe(step, run):
        if step == 6:
            os.kill(os.getpid(), number)
            threading.Timer(0.1, slow_saves.set).start()

    with pytest.raises(stop, match="stopped at step 7"):
        fit(*digits(), 50, tmp_path, settings=settings(), every=1, observe=observe, quiet=True)
    assert RunDirectory(tmp_path).steps() == [4, 7]


def test_numbers_that_are_lost_are_told_with_the_checkpoint_that_was_on_its_way(tmp_path, slow_saves):
    method, batches = digits()

    def observe(step, run):
        if step == 6:
            next(iter(run.method.networks["generator"].parameters())).data.fill_(float("nan"))
            threading.Timer(0.1, slow_saves.set).start()

    with pytest.raises(NotFinite, match="the last good checkpoint is of step 4"):
        fit(method, batches, 50, tmp_path, settings=settings(), every=1, observe=observe, quiet=True)
    assert RunDirectory(tmp_path).steps() == [4]


def test_an_observer_that_fails_loses_no_checkpoint(tmp_path, slow_saves):
    def observe(step, run):
        if step == 6:
            slow_saves.set()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(*digits(), 50, tmp_path, settings=settings(), every=1, observe=observe, quiet=True)
    assert RunDirectory(tmp_path).steps() == [4] and (tmp_path / "samples" / "00000004.png").exists()
    assert fit(*digits(), 8, tmp_path, settings=settings(), quiet=True).step == 8


def test_two_things_that_go_wrong_are_both_told(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    def observe(step, run):
        if step == 4:
            raise ZeroDivisionError

    monkeypatch.setattr(checkpoint, "save_state", full)
    with pytest.raises(ZeroDivisionError):
        fit(*digits(), 50, tmp_path, settings=settings(), every=1, observe=observe, quiet=True)
    said = capsys.readouterr().err
    assert said.startswith(
        f"course: cannot write to {tmp_path} because the disk is full; nothing was written yet"
    )


def test_a_second_ctrl_c_waits_for_the_file_that_is_being_written_alone(tmp_path, slow_saves):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def observe(step, run):
        if step == 4:  # the picture is written, the checkpoint is on its way
            os.kill(os.getpid(), signal.SIGINT)
            threading.Timer(0.1, slow_saves.set).start()
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with pytest.raises(KeyboardInterrupt):
            fit(*digits(), 50, tmp_path, settings=settings(), every=1, observe=observe, quiet=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not list(tmp_path.rglob(".*.tmp"))
    assert RunDirectory(tmp_path).steps() in ([], [4])  # whether it had begun is the machine's affair
    assert fit(*digits(), 8, tmp_path, settings=settings(), quiet=True).step == 8


def test_curves_and_pictures_of_tensorboard_lie_in_one_file(tmp_path):
    """Rows come from the loop and pictures from its background: here a picture is first."""
    pytest.importorskip("tensorboard")
    often = settings(log_every=6, sample_every=2, checkpoint_every=100, tensorboard=True)
    fit(*digits(), 12, tmp_path, settings=often, quiet=True)
    (file,) = (tmp_path / "tensorboard").iterdir()
    content = file.read_bytes()
    assert b"samples" in content and b"generator/loss" in content


@pytest.mark.parametrize("goes", ["moved", "deleted"])
def test_a_folder_that_goes_while_a_checkpoint_is_written_leaves_no_remains(tmp_path, slow_saves, goes):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"

    def observe(step, trained):
        if step == 6:
            run.rename(elsewhere) if goes == "moved" else shutil.rmtree(run)
            slow_saves.set()

    said = f"was moved to {elsewhere} while" if goes == "moved" else "was moved or deleted while"
    with pytest.raises(CourseError, match=said):
        fit(*digits(), 50, run, settings=settings(), every=1, observe=observe, quiet=True)
    assert not run.exists()
    if goes == "moved":
        assert RunDirectory(elsewhere).latest() is None and not list(elsewhere.rglob(".*.tmp"))
