"""Users of a cache: several on one machine, one without a home, and what must be in it before the network goes."""

import errno
import os

import pytest
from faults import ledger
from faults.runs import sentence

from course_lib import cli, data, files, paths
from course_lib.evaluation import downloads

NOBODY = 65534
pytestmark = pytest.mark.usefixtures("cache")


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


# several users


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


# where it lies


def test_an_empty_variable_counts_as_unset(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for empty in ("", " "):
        monkeypatch.setenv("COURSE_CACHE", empty)
        assert paths.cache() == tmp_path / "xdg" / "course"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch, course):
    monkeypatch.setenv("COURSE_CACHE", "")
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a number without a name
    code, _, error = course("data", "list")
    assert code == 1 and "set COURSE_CACHE" in sentence(error)
    ledger.note("the machine", "clear sentence")


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


def test_weights_that_cannot_be_had_are_one_sentence(monkeypatch, course):
    def offline(path):
        raise OSError("Network is unreachable")

    broken = downloads.Weights("vgg.pth", "1 MB", "tests", lambda: None, offline)
    monkeypatch.setitem(downloads.WEIGHTS, "vgg16", broken)
    code, _, error = course("data", "fetch", "vgg16")
    assert code == 1 and "Network is unreachable" in sentence(error)
    assert not list((paths.cache() / "raw").iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_disk_that_fails_is_not_taken_for_the_network(monkeypatch, course, number):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    broken = downloads.Weights("vgg.pth", "1 MB", "tests", lambda: None, fails)
    monkeypatch.setitem(downloads.WEIGHTS, "vgg16", broken)
    monkeypatch.setattr(data.sources.SOURCES["svhn"], "download", fails)
    monkeypatch.setattr(data.sources.SOURCES["svhn"], "where", lambda: None)
    for name in ("vgg16", "svhn"):
        code, _, error = course("data", "fetch", name)
        assert code == 1 and f"because {files.REASONS[number]}" in sentence(error) and "network" not in error
        assert "COURSE_CACHE" in error
        ledger.note("the machine", "clear sentence")
