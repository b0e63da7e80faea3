"""One run on a disk without locks, and another process: which one lives, whoever waits to know, and what is said."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from faults import ledger
from faults.runs import sentence, train

from course_lib.errors import CourseError
from course_lib.training import ownership
from course_lib.training.checkpoint import RunDirectory

pytestmark = pytest.mark.usefixtures("cache")
ELSEWHERE = "process 7 on another-machine (0123456789abcdef unknown)\n"


# a machine's name is not enough: pods with their node's network, two machines called localhost


def beating(token, pause=0.05):
    """A thread that gives signs of life of an owner, and what ends it."""
    ended = threading.Event()

    def beat():
        while not ended.wait(pause):
            os.utime(token)

    thread = threading.Thread(target=beat)
    thread.start()
    return lambda: (ended.set(), thread.join())


def dead_number():
    """The number of a process that has ended here."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.parametrize("where", ["an earlier version", "another start", "another container", "unknown"])
def test_a_living_owner_whose_number_is_of_another_machine_of_that_name_is_not_taken_for_dead(
    lockless, monkeypatch, capsys, run, where
):
    start, space = ownership._numbers().split(" ") if os.path.exists("/proc/self/ns/pid") else ("a", "b")
    numbers = {
        "an earlier version": "",
        "another start": f" 00000000-0000-0000-0000-000000000000 {space}",
        "another container": f" {start} pid:[1]",
        "unknown": " unknown",
    }[where]
    token = run / ownership.NAME
    said = f"process {dead_number()} on {ownership.platform.node()} (0123456789abcdef{numbers})\n"
    token.write_text(said)
    end = beating(token)
    try:
        code, error = train("--steps", "14", out=run, capsys=capsys)
    finally:
        end()
    assert code == 1 and "is being trained by another process (process " in error
    assert token.read_text() == said and RunDirectory(run).latest() == 12
    ledger.note("the machine", "clear sentence")


def test_one_whose_system_says_nothing_of_its_numbers_trusts_none(lockless, monkeypatch, run):
    monkeypatch.setattr(ownership.os, "readlink", lambda path: (_ for _ in ()).throw(FileNotFoundError()))
    token = f"process {dead_number()} on {ownership.platform.node()} (0123 {ownership._numbers()})\n"
    assert ownership._numbers() == "unknown" and ownership._lives(token) is None


@pytest.mark.skipif(not os.path.exists("/proc/self/ns/pid"), reason="the system says nothing of its numbers")
def test_a_number_that_means_something_here_is_trusted():
    def lives(number):
        return ownership._lives(f"process {number} on any-name (0123 {ownership._numbers()})\n")

    assert lives(dead_number()) is False and lives(os.getppid()) is True
    assert lives(os.getpid()) is False, "no token of this process, so one of an earlier with its number"


# whoever waits can be stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_wait_for_a_sign_of_life_is_ended_by_a_signal_and_nothing_is_touched(
    lockless, monkeypatch, capsys, run, number
):
    token = run / ownership.NAME
    token.write_text(ELSEWHERE)
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        assert len(looks) < 3, "it waits on"
        if len(looks) == 1:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(ownership.time, "sleep", sleep)
    code, error = train("--steps", "14", out=run, capsys=capsys)
    assert code == (75 if number == signal.SIGUSR1 else 130) and len(looks) == 1
    assert (
        "stopped while waiting for a sign of life of process 7 on another-machine, and wrote nothing" in error
    )
    assert ("queue it again" in error) == (number == signal.SIGUSR1)
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before
    ledger.note("the end of its time", "clear sentence")


def test_the_end_of_its_minutes_ends_the_wait(lockless, capsys, run):
    (run / ownership.NAME).write_text(ELSEWHERE)
    code, error = train("--steps", "14", "--max-minutes", "1e-9", out=run, capsys=capsys)
    assert code == 75 and "stopped while waiting" in error and RunDirectory(run).latest() == 12


def test_one_that_waits_sees_that_another_has_taken_the_folder_and_cleared_it(lockless, monkeypatch, run):
    """The winner clears away what it takes for leftovers, the probe of the one that waits among them."""
    token, real = run / ownership.NAME, os.open
    token.write_text(ELSEWHERE)

    def opened(path, *rest, **more):
        handle = real(path, *rest, **more)
        if str(path).endswith(".tmp"):
            os.unlink(path)
            token.write_text("process 8 on a-third (fedcba9876543210 unknown)\n")
        return handle

    monkeypatch.setattr(ownership.os, "open", opened)
    with pytest.raises(CourseError, match="is being trained by another process \\(process 8 on a-third"):
        ownership.Ownership(run)
    assert token.read_text().startswith("process 8"), "its token stays"


@pytest.mark.parametrize("token", ["", "\0\0", " (abc)\n"])
def test_a_token_that_names_nobody_makes_a_sentence_all_the_same(run, token):
    first = RunDirectory(run)
    with first.claimed(first.config()):
        (run / ownership.NAME).write_text(token)
        with pytest.raises(CourseError) as second, RunDirectory(run).claimed(first.config()):
            pytest.fail("both hold it")
        with pytest.raises(CourseError) as caught, first.writing():
            pytest.fail("it writes")
    assert "run was taken over by another process while it was trained" in str(caught.value)
    assert "is being trained by another process: wait" in str(second.value)
    for error in (caught, second):
        sentence(f"course: {error.value}\n")
