import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from data.numbered import numbered

from course_lib import data
from course_lib.data import faces


@pytest.fixture(scope="session")
def files():
    """The helper that writes small files in the formats of the data sets (test folders are no packages)."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("pictures.py"))))


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """An empty COURSE_DATA, the only place that is searched besides an empty cache."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "course_lib.paths.data_folders", lambda: [tmp_path / "mine", tmp_path / "cache" / "raw"]
    )
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.fixture(params=["resident", "streamed"])
def memory(request):
    return {} if request.param == "resident" else {"resident_bytes": 0}


@pytest.fixture
def make(memory):
    """Batches of a set (of numbered images), from memory and by the thread, closed at the end of the test."""
    made = []

    def build(dataset=None, size=8, **settings):
        made.append(data.Batches(dataset or numbered(), size, **{"seed": 3, **memory, **settings}))
        return made[-1]

    yield build
    for batches in made:
        batches.close()


@pytest.fixture(scope="module")
def some():
    """Factors (48, K) of drawn faces."""
    return faces.factors_of(range(700, 748))
