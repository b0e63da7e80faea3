"""Handing out and taking in."""

import stat
import zipfile

import pytest

from course_lib.errors import CourseError, UsageError
from course_lib.grading import exchange


def test_release_holds_starters_and_no_solution(tmp_path):
    assert exchange.release(tmp_path / "out", ["01-gan-game"])
    starter = (tmp_path / "out" / "01-gan-game.ipynb").read_text("utf-8")
    assert "BEGIN SOLUTION" not in starter and "HIDDEN TESTS" not in starter and "your turn" in starter
    exchange.release(tmp_path / "out.zip", ["01-gan-game"])
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert set(archive.namelist()) == {"exercises/README.md", "exercises/01-gan-game.ipynb"}
    with pytest.raises(UsageError, match="no starter '99-none'"):
        exchange.release(tmp_path / "out", ["99-none"])


def test_nbgrader_gets_masters_and_keeps_a_config_of_its_own(tmp_path):
    made = exchange.release_nbgrader(tmp_path, ["01-gan-game"])
    assert made == [tmp_path / "source/01-gan-game/01-gan-game.ipynb", tmp_path / "nbgrader_config.py"]
    assert "BEGIN SOLUTION" in made[0].read_text("utf-8")
    made[1].write_text("mine")
    assert exchange.release_nbgrader(tmp_path, ["01-gan-game"]) == made[:1] and made[1].read_text() == "mine"
    with pytest.raises(UsageError, match="no master '99-none'"):
        exchange.release_nbgrader(tmp_path, ["99-none"])
    with pytest.raises(UsageError, match="not a zip"):
        exchange.release_nbgrader(tmp_path / "out.zip")


def collected(tmp_path, entries):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    made = exchange.collect(tmp_path / "in.zip", tmp_path / "out")
    return {str(path.relative_to(tmp_path / "out" / "submitted")): path.read_text() for path in made}


def test_the_names_of_platforms_are_understood(tmp_path):
    assert collected(
        tmp_path,
        {
            "Ada Lovelace_4711_assignsubmission_file_/01-gan-game.ipynb": "a",
            "Bob Ray_4712_assignsubmission_file_01-gan-game.ipynb": "b",
            "lovelaceeve_5512_998_01-gan-game-1.ipynb": "c",
            "raydan_LATE_5513_999_01-gan-game.ipynb": "d",
            "submitted/joe/01-gan-game/01-gan-game.ipynb": "e",
            "Ada Lovelace_4711_assignsubmission_file_/notes.pdf": "f",
            "__MACOSX/joe/._x.ipynb": "g",
        },
    ) == {
        "Ada Lovelace/01-gan-game.ipynb": "a",
        "Bob Ray/01-gan-game.ipynb": "b",
        "lovelaceeve/01-gan-game.ipynb": "c",
        "raydan/01-gan-game.ipynb": "d",
        "joe/01-gan-game.ipynb": "e",
    }


def test_of_nbgraders_exchange_the_newest_counts(tmp_path):
    name = "inbound/ada+01-gan-game+2026-11-{} 10:00:00 UTC+x/01-gan-game.ipynb"
    found = collected(tmp_path, {name.format(23): "new", name.format(21): "old", name.format(22): "middle"})
    assert found == {"ada/01-gan-game.ipynb": "new"}


def test_nothing_is_written_outside(tmp_path):
    link = zipfile.ZipInfo("eve/link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    before = set(tmp_path.rglob("*"))
    found = collected(
        tmp_path,
        {
            "../../evil/01-gan-game.ipynb": "a",
            "/etc/evil.ipynb": "b",
            "..\\..\\windows.ipynb": "c",
            "eve/..ipynb/x:y|z.ipynb": "d",
            link: "/etc/passwd",
        },
    )
    assert sorted(found.values()) == ["a", "b", "c", "d"]
    made = set(tmp_path.rglob("*")) - before - {tmp_path / "in.zip", tmp_path / "out"}
    assert all(path.is_relative_to(tmp_path / "out" / "submitted") for path in made)
    assert not [path for path in made if path.is_symlink()]


def test_a_notebook_that_grows_when_opened_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "LARGEST", 1000)
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/bomb.ipynb", "0" * 100_000)
    with pytest.raises(CourseError, match="holds no notebook"):
        exchange.collect(tmp_path / "in.zip", tmp_path / "out")
    with pytest.raises(UsageError, match="neither a folder nor a zip"):
        exchange.collect(tmp_path / "nowhere", tmp_path / "out")
