"""Machines that are not a laptop: shared caches, disks without locks, users without a home, damage on the disk."""

import errno
import fcntl
import os
import runpy
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from faults import ledger
from faults.runs import contents, same, sentence, train

from course_lib import cli, data, files, notices, paths
from course_lib.data import Batches, blocks, prepared
from course_lib.errors import CourseError
from course_lib.evaluation import downloads
from course_lib.training import ownership
from course_lib.training.checkpoint import RunDirectory

# test folders are no packages, so the helper is read as a file
pictures = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "data" / "pictures.py")))
NOBODY = 65534


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(prepared, "_looked_through", set())
    return tmp_path / "cache"


@pytest.fixture
def pets(tmp_path):
    return pictures.picture_folder(tmp_path / "pets")


def course(capsys, *words) -> tuple[int, str]:
    code = cli.main([str(w) for w in words])
    return code, capsys.readouterr().err


def as_another_user(work) -> str:
    """What `work` returns, or the error that it raises, for a user who owns nothing here."""
    if os.getuid():
        pytest.skip("only root can become another user")
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            said = str(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.wait()
    os.close(writer)
    with open(reader) as file:
        return file.read()


def opened_up(tmp_path) -> None:
    """Others may reach the test's folders and read what lies there."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)


# a shared cache


def test_a_second_user_reads_a_shared_cache(tmp_path, pets):
    made = data.prepare(pets, 16)
    opened_up(tmp_path)
    assert as_another_user(lambda: len(data.prepare(pets, 16))) == str(len(made))
    assert as_another_user(lambda: len(data.open(pets, resolution=16))) == str(len(made))
    ledger.note("the machine", "identical")


def test_a_second_user_hears_who_can_let_him_write(tmp_path, pets):
    data.prepare(pets, 16)
    opened_up(tmp_path)
    said = as_another_user(lambda: data.open(pets, resolution=8))
    assert said.startswith("CourseError: ") and "this user may not write there: ask root, whose it is" in said
    assert "chmod -R g+rwX" in said and "umask 002" in said and "room" not in said
    ledger.note("the machine", "clear sentence")


def test_a_second_user_prepares_again_what_the_first_one_made(tmp_path, pets):
    old = os.umask(0)
    try:
        data.prepare(pets, 16)
    finally:
        os.umask(old)
    opened_up(tmp_path)
    for folder in (tmp_path / "cache", tmp_path / "cache" / "prepared"):
        folder.chmod(0o777)
    prepared_set = next(p for p in (tmp_path / "cache" / "prepared").iterdir() if p.is_dir())
    os.truncate(prepared_set / "images.npy", 1000)
    assert as_another_user(lambda: int(data.open(pets, resolution=16).images.sum() > 0)) == "1"
    ledger.note("the machine", "identical")


def test_a_lock_file_that_may_only_be_read_is_locked_all_the_same(tmp_path):
    lock = tmp_path / "lock"
    lock.touch(0o444)
    opened_up(tmp_path)

    def work():
        with files.locked(lock) as held:
            return held

    assert as_another_user(work) == "True"


# file systems that lack something


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


@pytest.fixture
def lockless(run, monkeypatch):
    """The disk loses its locks when `run` has ended."""

    def flock(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(ownership, "LOOK", 0.02)


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
    monkeypatch.setattr(ownership, "STALE", 0.4)
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
    began = time.monotonic()
    assert train("--steps", "14", out=run, capsys=capsys)[0] == 0, "it gives none any more"
    assert time.monotonic() - began > 0.2
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
        time.sleep(0.05)
        os.utime(token, (1, 1))
        time.sleep(0.05)
        assert token.stat().st_mtime == 1
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


# the environment


def test_an_empty_variable_counts_as_unset(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for empty in ("", " "):
        monkeypatch.setenv("COURSE_CACHE", empty)
        assert paths.cache() == tmp_path / "xdg" / "course"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_CACHE", "")
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a number without a name
    code, error = course(capsys, "data", "list")
    assert code == 1 and "set COURSE_CACHE" in sentence(error)
    ledger.note("the machine", "clear sentence")


# prepared sets that were damaged


def flip(folder: Path, name: str = "images.npy") -> None:
    content = bytearray((folder / name).read_bytes())
    content[-5] ^= 4
    (folder / name).write_bytes(content)


def hole(folder: Path) -> None:
    with open(folder / "images.npy", "r+b") as file:
        file.seek(4096)
        file.write(bytes(4096))


@pytest.mark.parametrize("damage", [flip, hole, lambda folder: flip(folder, "labels.npy")])
def test_a_damaged_set_heals_when_it_is_opened(cache, pets, capsys, monkeypatch, damage):
    good = data.open(pets, resolution=16)
    pixels, labels = np.array(good.images), good.labels.copy()
    (folder,) = prepared.folders()
    damage(folder)
    monkeypatch.setattr(prepared, "_looked_through", set())
    again = data.open(pets, resolution=16)
    assert np.array_equal(again.images, pixels) and np.array_equal(again.labels, labels)
    assert "is damaged" in sentence(capsys.readouterr().err)
    ledger.note("prepared data", "identical")


def test_a_large_set_is_looked_through_while_it_is_used(pets, monkeypatch):
    monkeypatch.setattr(blocks, "AT_ONCE", 1000)
    monkeypatch.setattr(blocks, "BLOCK", 512)
    good = data.open(pets, resolution=16)
    with Batches(good, 4, seed=0) as batches:
        good.watch.thread.join(30)
        assert len(batches.at(3)) == 4
    flip(prepared.folders()[0])
    bad = data.open(pets, resolution=16)
    with Batches(bad, 4, seed=0) as batches:
        bad.watch.thread.join(30)
        with pytest.raises(CourseError, match="damaged at byte .*course data check"):
            batches.at(3)
    ledger.note("prepared data", "clear sentence")


def test_the_watch_takes_a_share_of_the_time(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    images = np.zeros(3 * blocks.BLOCK, np.uint8)
    watch = blocks.Watch("mine", images, blocks.checksums(images))
    watch.start()
    watch.thread.join(30)
    watch.check()
    assert len(slept) == 3 and min(slept) > 0


def test_data_check_finds_and_heals(cache, pets, capsys):
    for split in ("train", "test"):
        data.open(pets, resolution=16, split=split)
    one, two = prepared.folders()
    assert cli.main(["data", "check"]) == 0
    assert capsys.readouterr().out == f"{one.name}: whole\n{two.name}: whole\n"
    flip(two)
    assert cli.main(["data", "check", str(pets)]) == 0
    assert f"{two.name}: damaged (images.npy), prepared again\n" in capsys.readouterr().out
    assert cli.main(["data", "check"]) == 0 and "damaged" not in capsys.readouterr().out
    flip(one)
    shutil.rmtree(pets)
    assert cli.main(["data", "check"]) == 1
    assert "damaged" in sentence(capsys.readouterr().err)
    assert cli.main(["data", "check", "digits"]) == 2


# what has to be here before the network goes


def test_fetch_all_brings_what_measures_ask_for_and_says_so_first(monkeypatch, capsys, cache):
    monkeypatch.setattr(data, "downloadable", lambda: ["mnist"])
    monkeypatch.setattr(data, "fetch", lambda name: f"/raw/{name}")
    monkeypatch.setattr(downloads.perception, "vgg_weights", lambda: None)
    got = {
        name: downloads.Weights(
            f"{name}.bin", "1 MB", "tests", lambda: None, lambda path: path.write_bytes(b"x")
        )
        for name in downloads.WEIGHTS
    }
    monkeypatch.setattr(downloads, "WEIGHTS", got)
    assert cli.main(["data", "fetch", "--all"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("to be brought") and "inception (1 MB" in first and "mnist" in first
    assert f"inception: {cache}/raw/inception.bin" in lines


def test_weights_that_cannot_be_had_are_one_sentence(monkeypatch, capsys):
    def offline(path):
        raise OSError("Network is unreachable")

    broken = downloads.Weights("vgg.pth", "1 MB", "tests", lambda: None, offline)
    monkeypatch.setitem(downloads.WEIGHTS, "vgg16", broken)
    code, error = course(capsys, "data", "fetch", "vgg16")
    assert code == 1 and "Network is unreachable" in sentence(error)
    assert not list((paths.cache() / "raw").iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_disk_that_fails_is_not_taken_for_the_network(monkeypatch, capsys, number):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    broken = downloads.Weights("vgg.pth", "1 MB", "tests", lambda: None, fails)
    monkeypatch.setitem(downloads.WEIGHTS, "vgg16", broken)
    monkeypatch.setattr(data.sources.SOURCES["svhn"], "download", fails)
    monkeypatch.setattr(data.sources.SOURCES["svhn"], "where", lambda: None)
    for name in ("vgg16", "svhn"):
        code, error = course(capsys, "data", "fetch", name)
        assert code == 1 and f"because {files.REASONS[number]}" in sentence(error) and "network" not in error
        assert "COURSE_CACHE" in error
        ledger.note("the machine", "clear sentence")
