"""Handing out."""

import zipfile

import pytest

from course_lib.errors import UsageError
from course_lib.grading import release


def test_release_holds_starters_and_no_solution(tmp_path):
    assert release.release(tmp_path / "out", ["01-gan-game"])
    starter = (tmp_path / "out" / "01-gan-game.ipynb").read_text("utf-8")
    assert "BEGIN SOLUTION" not in starter and "HIDDEN TESTS" not in starter and "your turn" in starter
    release.release(tmp_path / "out.zip", ["01-gan-game"])
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert set(archive.namelist()) == {"exercises/README.md", "exercises/01-gan-game.ipynb"}
    with pytest.raises(UsageError, match="no starter '99-none'"):
        release.release(tmp_path / "out", ["99-none"])


def test_nbgrader_gets_masters_and_keeps_a_config_of_its_own(tmp_path):
    written = release.release_nbgrader(tmp_path, ["01-gan-game"])
    assert written == [tmp_path / "source/01-gan-game/01-gan-game.ipynb", tmp_path / "nbgrader_config.py"]
    assert "BEGIN SOLUTION" in written[0].read_text("utf-8")
    written[1].write_text("mine")
    assert (
        release.release_nbgrader(tmp_path, ["01-gan-game"]) == written[:1]
        and written[1].read_text() == "mine"
    )
    with pytest.raises(UsageError, match="no master '99-none'"):
        release.release_nbgrader(tmp_path, ["99-none"])
    with pytest.raises(UsageError, match="not a zip"):
        release.release_nbgrader(tmp_path / "out.zip")
