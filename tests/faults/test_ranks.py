"""Several processes that train one run: one is killed, all are stopped, more or fewer go on. Nothing is lost."""

import signal
import time

import pytest
import torch
from faults import ledger
from faults.runs import DIGITS, GRACE, RING, assert_same, contents, sentence

from course_lib.training.checkpoint import RunDirectory

COMMAND = [*RING, "--steps", "60"]


@pytest.fixture(scope="module")
def whole(forks, tmp_path_factory):
    """A run of two processes that nothing has disturbed."""
    run = tmp_path_factory.mktemp("ranks") / "run"
    assert forks.run_ranks(2, *COMMAND, "--out", run) == ([0, 0], ["", ""])
    return run


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_process_ends_the_others_and_the_run_goes_on(forks, whole, tmp_path, killed):
    run = tmp_path / "run"
    codes, errors = forks.run_ranks(
        2, *COMMAND, "--out", run, rows=7, seconds=0.002, signal=signal.SIGKILL, to=[killed]
    )
    assert codes[killed] == -signal.SIGKILL and codes[1 - killed] == 1
    assert f"process {1 - killed} of 2 has lost the others" in errors[1 - killed]
    assert errors[1 - killed].count("\n") == 1 and RunDirectory(run).latest() > 0
    assert forks.run_ranks(2, *COMMAND, "--out", run) == ([0, 0], ["", ""])
    assert_same(run, whole)
    ledger.note("one of two processes", "identical")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGUSR1, 75)])
def test_all_stop_at_one_step_though_one_alone_was_asked(forks, whole, tmp_path, number, code):
    run = tmp_path / "run"
    codes, errors = forks.run_ranks(2, *COMMAND, "--out", run, rows=5, seconds=0.0, signal=number, to=[1])
    assert codes == [code, code] and errors[1] == "", "one speaks"
    assert forks.took < GRACE
    step = RunDirectory(run).latest()
    assert f"stopped at step {step} of 60 and saved to {run}" in errors[0]
    assert forks.run_ranks(2, *COMMAND, "--out", run) == ([0, 0], ["", ""])
    assert_same(run, whole)
    ledger.note("one of two processes", "identical")


@pytest.mark.slow
def test_a_run_of_two_processes_goes_on_in_one_and_says_so(forks, whole, tmp_path):
    run = tmp_path / "run"
    assert forks.run_ranks(2, *COMMAND, "--steps", "30", "--out", run) == ([0, 0], ["", ""])
    code, error = forks.run(*COMMAND, "--out", run)
    assert code == 0 and "processes 2, now 1" in error
    ours, theirs = contents(run), contents(whole)
    assert ours["latest"] == theirs["latest"] == 60
    for a, b in zip(ours["rows"], theirs["rows"], strict=True):
        assert a == pytest.approx(b, rel=1e-2), "the same run, up to rounding in float32"
    ledger.note("one of two processes", "clear sentence")


@pytest.mark.slow
def test_what_is_wrong_is_said_once(forks, whole, tmp_path):
    codes, errors = forks.run_ranks(3, *COMMAND, "--out", tmp_path / "run")
    assert codes == [2, 2, 2] and "does not divide among them" in errors[0] and errors[1:] == ["", ""]
    codes, errors = forks.run_ranks(2, *COMMAND, "--width", "8", "--out", whole)
    assert codes == [1, 1] and "holds another run" in errors[0] and errors[1] == ""
    ledger.note("one of two processes", "clear sentence")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["examples", "loss"])
def test_a_nan_of_one_of_two_ends_both_and_is_said_once(forks, whole, tmp_path, what):
    """Step 8 is the last of a row, so that what the other process has of its own up to there may well be finite."""
    run = tmp_path / "run"
    codes, errors = forks.run_ranks(2, *COMMAND, "--out", run, spoiled=[1, 8, what])
    assert codes == [1, 1] and errors[1] == "", "one speaks"
    assert "the loss of the discriminator became nan at step 8; " in sentence(errors[0])
    assert f"the last good checkpoint is of step 5 in {run}" in errors[0]
    directory = RunDirectory(run)
    assert directory.steps() == [5] and "NaN" not in directory.metrics.read_text()
    check_finite(directory.load(5))
    assert forks.run_ranks(2, *COMMAND, "--out", run) == ([0, 0], ["", ""])
    assert_same(run, whole)
    ledger.note("a loss that is NaN", "clear sentence")


def check_finite(tree) -> None:
    """Raises AssertionError where a state has a number that is none."""
    if isinstance(tree, torch.Tensor):
        assert tree.isfinite().all()
    elif isinstance(tree, dict):
        for value in tree.values():
            check_finite(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            check_finite(value)


# gloo waits half an hour for a process that lives and does not come: less says that nobody has waited for one
AT_ONCE = 120.0


@pytest.mark.slow
def test_one_of_two_without_memory_says_so_and_the_other_does_not_wait(forks, tmp_path):
    """With layers that exchange statistics: a trial step of one alone would wait for the other."""
    run, began = tmp_path / "run", time.monotonic()
    codes, errors = forks.run_ranks(2, *DIGITS, "--out", run, lacking=[1, 7, 0])
    assert time.monotonic() - began < AT_ONCE and codes == [1, 1]
    assert "process 0 of 2 has lost the others" in sentence(errors[0])
    said = sentence(errors[1])
    assert f"does not hold a batch of 8, shared by 2 processes; what {run} holds is safe" in said
    assert "half of it should (--batch 4), by reckoning" in said and "--generator-width, now 8" in said
    assert RunDirectory(run).latest() == 5
    ledger.note("one of two processes", "clear sentence")


@pytest.mark.slow
def test_each_of_two_finds_by_itself_what_fits(forks, tmp_path):
    began = time.monotonic()
    codes, errors = forks.run_ranks(2, *DIGITS, "--auto-batch", "--out", tmp_path / "run", lacking=[1, 1, 2])
    assert time.monotonic() - began < AT_ONCE and codes == [2, 2]
    assert "batch normalisation" in sentence(errors[0]) and errors[1] == "", (
        "2 parts, which its layers refuse"
    )
    ledger.note("one of two processes", "clear sentence")
