"""Taking in: whatever platforms and students make of files, nothing is lost, merged or replaced."""

import csv
import io
import os
import stat
import zipfile

import pytest

from course_lib.errors import CourseError, UsageError
from course_lib.grading.intake import sources
from course_lib.grading.intake.collect import collect, safe

MOODLE = "assignsubmission_file_"


def zipped(entries):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return content.getvalue()


def collected(tmp_path, entries):
    """What is taken, place -> content, and the line of each file, file -> (what, reason)."""
    (tmp_path / "in.zip").write_bytes(zipped(entries))
    account = collect(tmp_path / "in.zip", tmp_path / "out")
    submitted = tmp_path / "out" / "submitted"
    places = {str(p.relative_to(submitted)): p.read_text() for p in submitted.rglob("*") if p.is_file()}
    return places, {line.file: (line.what, line.reason) for line in account.lines}


def test_the_names_of_platforms_are_understood(tmp_path):
    places, lines = collected(
        tmp_path,
        {
            f"Ada Lovelace_4711_{MOODLE}/01-gan-game.ipynb": "a",
            f"Bob Ray_4712_{MOODLE}01-gan-game.ipynb": "b",
            "lovelaceeve_5512_998_01-gan-game-1.ipynb": "c",
            "raydan_LATE_5513_999_01-gan-game.ipynb": "d",
            "submitted/joe/01-gan-game/01-gan-game.ipynb": "e",
            "__MACOSX/joe/._x.ipynb": "g",
        },
    )
    assert places == {
        "Ada Lovelace_4711/01-gan-game/01-gan-game.ipynb": "a",
        "Bob Ray_4712/01-gan-game/01-gan-game.ipynb": "b",
        "lovelaceeve_5512/01-gan-game/01-gan-game.ipynb": "c",
        "raydan_5513/01-gan-game/01-gan-game.ipynb": "d",
        "joe/01-gan-game/01-gan-game.ipynb": "e",
    }
    assert {what for what, _ in lines.values()} == {"taken"} and len(lines) == 5


@pytest.mark.parametrize(
    "names",
    [
        [f"Participant_{n}_{MOODLE}/01-gan-game.ipynb" for n in (33, 34, 35)],
        [f"First Last_{n}_{MOODLE}/01-gan-game.ipynb" for n in (4711, 4712)],
        [f"lastfirst_{n}_{m}_01-gan-game.ipynb" for n, m in ((111, 998), (222, 999))],
        [f"team_{n}_01-gan-game.ipynb" for n in (7, 8)],
        [f"Ada{c} Ray/01-gan-game.ipynb" for c in ":?|"],
        ["läst_5513_999_01-gan-game.ipynb", "last2first_5513_999_01-gan-game.ipynb"],
    ],
    ids=["blind", "namesakes in Moodle", "namesakes in Canvas", "teams", "odd letters", "logins"],
)
def test_students_are_not_merged(tmp_path, names):
    places, lines = collected(tmp_path, {name: name for name in names})
    assert sorted(places.values()) == sorted(names)
    assert len({place.split("/")[0] for place in places}) == len(names)


def test_what_can_be_taken_is_taken_and_all_else_is_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "LARGEST", 1000)
    inner = zipped({"deep/01-gan-game.ipynb": "zip in zip", "notes.txt": "n"})
    places, lines = collected(
        tmp_path,
        {
            "ada/work.zip": inner,
            "bob/01-gan-game.IPYNB": "capitals",
            "cid/01-gan-game.ipynb.txt": "by a browser",
            "dan/01-gan-game.ipynb.json": "by another",
            "eve/01-gan-game.ipynb": "x" * 2000,
            "fay/report.pdf": "%PDF",
            "gil/broken.zip": b"PK\x03\x04 no more",
            "hal/01-gan-game.ipynb/data.csv": "1,2",
            "ida/01-gan-game.ipynb": "",
            "ida/helper.py": "y = 1",
            "ida/sub/other.py": "z = 1",
        },
    )
    assert places == {
        "ada/01-gan-game/01-gan-game.ipynb": "zip in zip",
        "bob/01-gan-game/01-gan-game.ipynb": "capitals",
        "cid/01-gan-game/01-gan-game.ipynb": "by a browser",
        "dan/01-gan-game/01-gan-game.ipynb": "by another",
        "ida/01-gan-game/01-gan-game.ipynb": "",
        "ida/01-gan-game/helper.py": "y = 1",
    }
    reasons = {file: reason for file, (what, reason) in lines.items() if what == "left out"}
    assert reasons.pop("eve/01-gan-game.ipynb").endswith("hand it in again")
    assert reasons == {
        "ada/work.zip/notes.txt": "not a notebook",
        "fay/report.pdf": "not a notebook",
        "gil/broken.zip": "a damaged zip",
        "hal/01-gan-game.ipynb/data.csv": "not a notebook",
        "ida/sub/other.py": "a Python file without a notebook",
    }
    account = list(csv.DictReader((tmp_path / "out" / "collected.csv").read_text("utf-8").splitlines()))
    assert len(account) == len(lines) == 12


def test_a_folder_may_be_called_like_a_notebook(tmp_path):
    (tmp_path / "in" / "ada" / "x.ipynb").mkdir(parents=True)
    (tmp_path / "in" / "bob").mkdir()
    (tmp_path / "in" / "bob" / "01-gan-game.ipynb").write_text("b")
    os.symlink("/etc/passwd", tmp_path / "in" / "bob" / "link.ipynb")
    lines = {line.file: line.reason for line in collect(tmp_path / "in", tmp_path / "out").lines}
    assert lines["ada/x.ipynb"] == "a folder, not a file" and "not followed" in lines["bob/link.ipynb"]


def test_older_attempts_are_kept_and_do_not_count(tmp_path):
    places, lines = collected(
        tmp_path,
        {
            "ada/01-gan-game.ipynb": "final",
            "ada/old/01-gan-game.ipynb": "old",
            "ada/attempt1/01-gan-game.ipynb": "one",
            "ada/attempt2/01-gan-game.ipynb": "two",
            "ada/.ipynb_checkpoints/01-gan-game-checkpoint.ipynb": "autosave",
        },
    )
    assert places == {"ada/01-gan-game/01-gan-game.ipynb": "final"}
    others = tmp_path / "out" / "others" / "ada"
    assert sorted(p.read_text() for p in others.rglob("*.ipynb")) == ["old", "one", "two"]
    assert sorted(what for what, _ in lines.values()) == ["left out", "older", "older", "older", "taken"]


def test_of_nbgraders_exchange_the_newest_counts(tmp_path):
    name = "inbound/ada+01-gan-game+2026-11-{} 10:00:00 UTC+x/01-gan-game.ipynb"
    entries = {name.format(23): "new", name.format(21): "old", name.format(22): "middle"}
    places, lines = collected(tmp_path, entries)
    assert places == {"ada/01-gan-game/01-gan-game.ipynb": "new"}
    assert sorted(what for what, _ in lines.values()) == ["older", "older", "taken"]


def test_collecting_again_replaces_nothing(tmp_path):
    for content in ("one", "one", "two"):
        places, _ = collected(tmp_path, {"ada/01-gan-game.ipynb": content})
    assert sorted(places.values()) == ["one", "two"]


def test_nothing_is_written_outside(tmp_path):
    link = zipfile.ZipInfo("eve/link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    before = set(tmp_path.rglob("*"))
    places, lines = collected(
        tmp_path,
        {
            "../../evil/01-gan-game.ipynb": "a",
            "/etc/evil.ipynb": "b",
            "..\\..\\windows.ipynb": "c",
            "eve/..ipynb/x:y|z.ipynb": "d",
            link: "/etc/passwd",
        },
    )
    assert sorted(places.values()) == ["a", "b", "c", "d"]
    assert lines["eve/link.ipynb"] == ("left out", "a link, which is not followed")
    written = set(tmp_path.rglob("*")) - before - {tmp_path / "in.zip", tmp_path / "out"}
    assert all(path.is_relative_to(tmp_path / "out") for path in written)
    assert not [path for path in written if path.is_symlink()]


def test_a_zip_that_grows_when_opened_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "LARGEST", 1000)
    with pytest.raises(CourseError, match="holds no notebook.*bomb.ipynb: it has"):
        collected(tmp_path, {"ada/bomb.ipynb": "0" * 100_000})
    with pytest.raises(UsageError, match="neither a folder nor a zip"):
        collect(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_are_harmless_and_stay_different():
    odd = ["a:b", "a?b", "..", ".", "", "a/b", "a_b", "a" * 200, "a" * 201, "\x00", "名"]
    made = [safe(name) for name in odd]
    assert len(set(made)) == len(odd) and safe("Ada Lovelace_4711") == "Ada Lovelace_4711"
    assert all(name and len(name) < 120 and not set(name) & set('/\\:?*"<>|\x00') for name in made)
    assert not {"", ".", ".."} & set(made)
