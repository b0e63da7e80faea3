"""Run directories. What damage and full disks do to them is tested in tests/faults."""

import multiprocessing
import os
import signal

import pytest

from course_lib.errors import CourseError
from course_lib.training.checkpoint import RunDirectory

CONFIG = {"recipe": "a", "data": {"steps": 10, "seed": 0}, "shape": (1, 2)}


def test_a_new_object_writes_nothing(tmp_path):
    RunDirectory(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_claiming_makes_the_folder_and_remembers_the_configuration(tmp_path):
    run = RunDirectory(tmp_path / "deep" / "run")
    with run.claimed(CONFIG):
        pass
    assert run.config() == {**CONFIG, "shape": [1, 2]}
    with run.claimed(CONFIG):
        pass
    assert run.steps() == [] and run.latest() is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recipe": "b"}, "its recipe is a, yours is b"),
        ({"data": {"steps": 20, "seed": 1}}, r"its data\.seed is 0, yours is 1"),
        ({"shape": (3, 2)}, "its shape is"),
        ({"new": 1}, "its new is None, yours is 1"),
    ],
)
def test_another_configuration_is_refused_by_name(tmp_path, change, named):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(CONFIG):
        pass
    with pytest.raises(CourseError, match=named), run.claimed(CONFIG | change):
        pass
    assert run.config()["recipe"] == "a" and run.config()["data"]["steps"] == 10


def test_a_longer_budget_is_remembered_and_one_already_spent_is_not(tmp_path):
    run = RunDirectory(tmp_path / "run")

    def claim(steps):
        with run.claimed(CONFIG | {"data": {"steps": steps, "seed": 0}}):
            return run.config()["data"]["steps"]

    assert claim(10) == 10
    run.save(10, {})
    assert claim(20) == 20
    assert claim(5) == 20, "the run is longer than that already"
    assert claim(10) == 10


def test_the_last_checkpoints_are_kept(tmp_path):
    run = RunDirectory(tmp_path, keep=2)
    for step in (5, 10, 15):
        run.save(step, {"step": step})
    assert run.steps() == [10, 15] and run.latest() == 15 and run.load(15) == {"step": 15}


def test_a_run_that_was_set_back_keeps_what_it_writes(tmp_path):
    run = RunDirectory(tmp_path, keep=2)
    for step in (100, 200):
        run.save(step, {})
    (tmp_path / "latest").write_text("100")
    assert run.latest() == 100
    run.save(150, {})
    assert run.latest() == 150 and run.steps() == [100, 150, 200]
    run.save(200, {"again": True})
    assert run.steps() == [150, 200] and run.load(200) == {"again": True}


def test_other_things_among_the_checkpoints_are_ignored(tmp_path):
    run = RunDirectory(tmp_path)
    run.save(3, {})
    (run.checkpoints / "notes").mkdir()
    (run.checkpoints / ".4.1.tmp").mkdir()
    assert run.steps() == [3]


def hold(path, ready):
    with RunDirectory(path).claimed(CONFIG):
        ready.set()
        signal.pause()


def test_one_process_at_a_time_and_a_killed_one_lets_go(tmp_path):
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    holder = context.Process(target=hold, args=(tmp_path / "run", ready))
    holder.start()
    try:
        assert ready.wait(60)
        with (
            pytest.raises(CourseError, match="another process"),
            RunDirectory(tmp_path / "run").claimed(CONFIG),
        ):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
    with RunDirectory(tmp_path / "run").claimed(CONFIG):
        pass


def test_an_error_lets_go_too(tmp_path):
    run = RunDirectory(tmp_path / "run")
    with pytest.raises(KeyError), run.claimed(CONFIG):
        raise KeyError
    with run.claimed(CONFIG):
        pass


def test_one_object_that_trains_twice_keeps_a_true_copy_of_its_configuration(tmp_path):
    run = RunDirectory(tmp_path / "run")
    for steps in (10, 20):
        with run.claimed(CONFIG | {"data": {"steps": steps, "seed": 0}}):
            run.save(steps, {})
    (run.path / "config.json").unlink()
    assert run.config()["data"]["steps"] == 20
