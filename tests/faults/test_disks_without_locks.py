"""File systems that lack something: they cannot sync, or have no locks, and several processes want one run."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from faults import ledger
from faults.runs import contents, same, sentence, train

from course_lib import data
from course_lib.errors import CourseError
from course_lib.training import ownership
from course_lib.training.checkpoint import RunDirectory

pytestmark = pytest.mark.usefixtures("cache")


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_disk_that_cannot_sync_costs_one_line(tmp_path, monkeypatch, capsys, run, number):
    whole = contents(run)

    def fsync(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    code, error = train(out=tmp_path / "other", capsys=capsys)
    assert code == 0 and "cannot be asked to keep what was written" in sentence(error)
    assert same(contents(tmp_path / "other"), whole)
    ledger.note("the machine", "identical")


def test_a_disk_that_fails_to_sync_is_an_error(tmp_path, monkeypatch, capsys):
    def fsync(handle):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    code, error = train(out=tmp_path / "other", capsys=capsys)
    assert code == 1 and "because the disk reports an error" in sentence(error)
    ledger.note("the machine", "clear sentence")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_costs_one_line(tmp_path, monkeypatch, capsys, run, pets, number):
    whole = contents(run)

    def flock(handle, how):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    code, error = train(out=tmp_path / "other", capsys=capsys)
    assert code == 0 and "has no locks" in sentence(error)
    assert same(contents(tmp_path / "other"), whole)
    assert len(data.open(pets, resolution=16)) and not capsys.readouterr().err, "it is said once"
    ledger.note("the machine", "identical")


def test_without_locks_the_second_process_is_refused(lockless, capsys, run):
    first = RunDirectory(run)
    with first.claimed(first.config()):
        code, error = train("--steps", "14", out=run, capsys=capsys)
        assert code == 1 and "is being trained by another process" in error and "sign of life" in error
        with first.writing():
            pass  # the first one goes on
    assert train("--steps", "14", out=run, capsys=capsys) == (0, "")
    ledger.note("the machine", "clear sentence")


HOLDS = """
import errno, fcntl, sys, time
from course_lib.training import ownership
from course_lib.training.checkpoint import RunDirectory
def flock(handle, how):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
run = RunDirectory(sys.argv[1])
with run.claimed(run.config()):
    print("held", flush=True)
    time.sleep(600)
"""


def test_without_locks_a_killed_process_of_this_machine_keeps_nobody_out(lockless, capsys, run):
    other = subprocess.Popen([sys.executable, "-c", HOLDS, run], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        code, error = train("--steps", "14", out=run, capsys=capsys)
        assert code == 1 and f"(process {other.pid} on " in error
    finally:
        other.kill()
        other.wait()
    assert train("--steps", "14", out=run, capsys=capsys) == (0, ""), "at once: nobody is waited for"
    ledger.note("the machine", "identical")


def test_without_locks_a_process_of_another_machine_is_known_by_its_signs_of_life(
    lockless, monkeypatch, capsys, run
):
    token = run / ownership.NAME
    token.write_text("process 7 on another-machine (0123456789abcdef)\n")
    ended, beats = threading.Event(), lambda: os.utime(token)
    beating = threading.Thread(target=lambda: [beats() for _ in iter(lambda: ended.wait(0.05), True)])
    beating.start()
    code, error = train("--steps", "14", out=run, capsys=capsys)
    ended.set()
    beating.join()
    assert code == 1 and "is being trained by another process (process 7 on another-machine)" in error
    assert "for a sign of life" in error
    looks = []
    monkeypatch.setattr(ownership, "time", SimpleNamespace(sleep=looks.append))
    # the disk's clock, by which half of the time that makes a token stale passes between two looks
    monkeypatch.setattr(
        ownership.Ownership,
        "_now",
        lambda self: token.stat().st_mtime + len(looks) * ownership.STALE / 2,
    )
    assert train("--steps", "14", out=run, capsys=capsys)[0] == 0, "it gives none any more"
    assert looks == [ownership.LOOK] * 3, "it was waited for until then"
    ledger.note("the machine", "clear sentence")


def test_an_owner_gives_signs_of_life_and_none_for_another(lockless, monkeypatch, run):
    monkeypatch.setattr(ownership, "BEAT", 0.01)
    first, token = RunDirectory(run), run / ownership.NAME
    with first.claimed(first.config()):
        os.utime(token, (1, 1))
        until = time.monotonic() + 30
        while token.stat().st_mtime == 1 and time.monotonic() < until:
            time.sleep(0.01)
        assert token.stat().st_mtime > 1
        token.write_text("process 7 on another-machine (0123456789abcdef)\n")

        def untouched():
            os.utime(token, (1, 1))
            time.sleep(0.05)
            return token.stat().st_mtime == 1

        # a sign that was under way may still come
        assert any(all(untouched() for _ in range(5)) for _ in range(10))
    assert token.read_text().startswith("process 7"), "what is another's stays"


def test_without_locks_one_that_was_suspended_for_long_stops(lockless, monkeypatch, capsys, run):
    first = RunDirectory(run)
    with first.claimed(first.config()):
        monkeypatch.setattr(ownership, "STALE", -1.0)
        assert train("--steps", "14", out=run, capsys=capsys)[0] == 0
        with (run / ownership.NAME).open("w") as file:  # a run that has ended has taken its name away
            file.write("process 7 on another-machine (0123456789abcdef)\n")
        with pytest.raises(CourseError, match="was taken over by process"), first.writing():
            pytest.fail("both write")
    ledger.note("the machine", "clear sentence")
