"""`course exercises grade` from end to end, and the machines that cannot shut anything in."""

import csv
import os
import tempfile

import pytest
from grading.handed_in import CHAPTER, RIGHT, Shared, hand_in, hostile, notebook, passed

from course_lib import cli
from course_lib.errors import CourseError, UsageError
from course_lib.grading import grade, marks, sandbox


def test_a_folder_becomes_a_table_and_a_page_for_each_student(grader, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(grade, "Dispatcher", lambda **settings: Shared(grader.dispatcher, **settings))
    folder, out = tmp_path / "in", tmp_path / "out"
    hand_in(folder / "ada" / f"{CHAPTER}.ipynb", notebook())
    hand_in(folder / "<b>bob" / f"{CHAPTER}.ipynb", notebook({"game-value": "value_on_grid = 3"}))
    # half a character, and what clears a terminal, in a reason and in a name
    odd = notebook(hostile(value="raise ValueError('half: \\ud800, clear: \\x1b[2J')"))
    hand_in(folder / "dan\udcff\x1b[2J" / f"{CHAPTER}.ipynb", odd)
    (folder / "eve").mkdir()
    (folder / "eve" / "poem.ipynb").write_text("no notebook, and of no chapter")
    hand_in(folder / "ada" / "old" / f"{CHAPTER}.ipynb", notebook(solved=False))
    (folder / "eve" / "report.pdf").write_bytes(b"%PDF")
    (tmp_path / "class.csv").write_text("name,login\nAda Ray,ada\nFay Lee,fay\n")
    (tmp_path / "secret").write_text("words that nobody guesses\n")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = sorted(os.listdir("/"))
    code = cli.main(
        [
            "exercises",
            "grade",
            str(folder),
            "--out",
            str(out),
            "--secret-seed",
            str(tmp_path / "secret"),
            "--roster",
            str(tmp_path / "class.csv"),
            "--jobs",
            "2",
        ]
    )
    said = capsys.readouterr()
    assert code == 0 and "6 files: 3 graded, 1 older attempts, 1 not notebooks, 1 of no chapter" in said.out
    assert "Fay Lee, no file: nothing, Nothing was handed in." in said.out
    assert "eve, eve/report.pdf: left out, not a notebook" in said.out
    assert said.err.count("is not in the roster") == 3
    assert "\x1b" not in said.out
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert tuple(lines[0]) == marks.COLUMNS
    by_exercise = {(line["student"], line["exercise"]): line for line in lines}
    assert (
        by_exercise["Ada Ray", "game-value"]["points"] == "3"
        and by_exercise["<b>bob", "game-value"]["verdict"] == "wrong"
    )
    assert by_exercise["Ada Ray", "game-soft-labels-text"]["verdict"] == "by hand"
    half = by_exercise["dan\\udcff [2J", "game-value"]
    assert half["verdict"] == "wrong" and "half: \\ud800, clear: [2J" in half["reason"]
    verdicts = {
        (line["student"], line["notebook"]): line["verdict"] for line in lines if not line["exercise"]
    }
    assert verdicts == {
        ("eve", "eve/poem.ipynb"): "unreadable",
        ("eve", "eve/report.pdf"): "left out",
        ("Ada Ray", f"ada/old/{CHAPTER}.ipynb"): "older",
        ("Fay Lee", ""): "nothing",
    }
    pages = sorted(path.name for path in (out / "feedback").iterdir())
    assert pages == ["Ada_Ray.html", "Fay_Lee.html", "b_bob.html", "dan_udcff_2J.html", "eve.html"]
    assert "15 of 15 points" in (out / "feedback" / "Ada_Ray.html").read_text("utf-8")
    assert "<b>bob" not in (out / "feedback" / "b_bob.html").read_text("utf-8")
    assert not (out / "secret-seed.txt").exists()
    assert sorted(os.listdir("/")) == root and not (tmp_path / "home").exists(), (
        "something is left on the host"
    )
    assert not list((tmp_path / "temporary").iterdir())
    assert "words that nobody guesses" not in (out / "grades.csv").read_text("utf-8")


def test_nothing_is_written_before_the_input_is_looked_at(grader, tmp_path, monkeypatch):
    monkeypatch.setattr(grade, "Dispatcher", lambda **settings: Shared(grader.dispatcher, **settings))
    seed = tmp_path / "out" / grade.SECRET
    hand_in(tmp_path / "out" / "earlier" / f"{CHAPTER}.ipynb", notebook())
    seed.write_text("the seed of a whole class\n")
    before = sorted(tmp_path.rglob("*"))
    for folder, options in (
        (tmp_path / "nosuch", {}),
        (tmp_path / "out", {"roster": tmp_path / "nobody.csv"}),
    ):
        with pytest.raises(UsageError):
            grade.grade(folder, tmp_path / "out", **options)
    assert sorted(tmp_path.rglob("*")) == before and seed.read_text() == "the seed of a whole class\n"


def test_a_seed_is_used_again_and_replaced_only_when_told(tmp_path):
    path = tmp_path / grade.SECRET
    first = grade._kept_secret(path, new=False)
    assert grade._kept_secret(path, new=False) == first and path.stat().st_mode & 0o077 == 0
    second = grade._kept_secret(path, new=True)
    assert second != first and first in [p.read_bytes().strip() for p in tmp_path.glob("*.old")]


def test_without_bubblewrap_the_command_refuses_unless_told(tmp_path, monkeypatch):
    hand_in(tmp_path / "in" / "ada" / f"{CHAPTER}.ipynb", notebook())
    monkeypatch.setattr(sandbox, "supported", lambda: "bubblewrap is missing.")
    with pytest.raises(CourseError, match="bubblewrap is missing. .*--without-isolation"):
        grade.grade(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_isolation_the_rest_still_holds(open_grader, tmp_path):
    root = sorted(os.listdir("/"))
    answers = {
        "game-value": "def value_on_grid(p, q, logits, weights):\n    while True: pass",
        "game-divergences": "def kl_and_js(p, q):\n    import os\n    os._exit(0)",
        "game-soft-labels": "def soft_discriminator(p, q, real_target, fake_target):\n"
        "    import socket\n    socket.create_connection(('127.0.0.1', 9), 1)",
    }
    answers |= hostile(
        optimal_discriminator="import os\n"
        "assert all(os.environ[name] == os.getcwd() for name in ('HOME', 'TMPDIR', 'MPLCONFIGDIR'))"
        + RIGHT["optimal_discriminator"]
    )
    (results,) = open_grader(hand_in(tmp_path / "a.ipynb", notebook(answers)))
    assert sorted(os.listdir("/")) == root
    assert passed(results) == {"game-optimal-discriminator", "game-one-step", "game-far-apart"}
    assert "still running" in results["game-value"]["message"]
    assert "exit code 0" in results["game-divergences"]["message"]
    assert "no network" in results["game-soft-labels"]["message"]
