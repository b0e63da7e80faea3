import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


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
