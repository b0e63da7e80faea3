"""Runs that were made once, and places where nothing else lies."""

import errno
import fcntl

import pytest
from data import pictures
from faults import ledger
from faults.forks import Forks
from faults.runs import train

from course_lib import notices
from course_lib.data import prepared
from course_lib.training import ownership
from course_lib.training.checkpoint import RunDirectory


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Whatever a command writes where it stands, it does not stand in the project."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache. Nothing in it was looked through, and no notice was given yet."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(prepared, "_looked_through", set())
    return tmp_path / "cache"


@pytest.fixture
def pets(tmp_path):
    """A folder of pictures, of two classes."""
    return pictures.picture_folder(tmp_path / "pets")


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    server = Forks(COURSE_CACHE=str(cache))
    server.cache = cache
    yield server
    server.close()


@pytest.fixture(scope="module")
def uninterrupted(forks, tmp_path_factory):
    """Directories of whole runs, each trained once: by command."""
    made = {}

    def get(command):
        key = " ".join(command)
        if key not in made:
            made[key] = tmp_path_factory.mktemp("whole") / "run"
            assert forks.run(*command, "--out", made[key]) == (0, "")
        return made[key]

    return get


@pytest.fixture
def run(tmp_path, capsys):
    """A finished run of 12 steps with checkpoints of steps 10 and 12."""
    path = tmp_path / "run"
    assert train(out=path, capsys=capsys) == (0, "")
    assert RunDirectory(path).steps() == [10, 12]
    return path


@pytest.fixture
def lockless(run, monkeypatch):
    """The disk loses its locks when `run` has ended."""

    def flock(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(ownership, "LOOK", 0.02)


def pytest_terminal_summary(terminalreporter):
    """The table of what became of the faults."""
    if lines := ledger.table():
        terminalreporter.write_sep("=", "faults")
        for line in lines:
            terminalreporter.write_line(line)
