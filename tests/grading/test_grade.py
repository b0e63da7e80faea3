"""`course exercises grade` from end to end, and the machines that cannot shut anything in."""

import csv
import json
import os

import pytest
from grading.handed_in import CHAPTER, Shared, hand_in, hostile, notebook, passed

from course_lib import cli
from course_lib.errors import CourseError
from course_lib.grading import grade, isolation, marks


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
    (tmp_path / "secret").write_text("words that nobody guesses\n")
    code = cli.main(
        [
            "exercises",
            "grade",
            str(folder),
            "--out",
            str(out),
            "--secret-seed",
            str(tmp_path / "secret"),
            "--jobs",
            "2",
        ]
    )
    said = capsys.readouterr()
    assert code == 0 and "4 notebooks of 4 students" in said.out and said.err == ""
    assert "\x1b" not in said.out
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert tuple(lines[0]) == marks.COLUMNS
    by_exercise = {(line["student"], line["exercise"]): line for line in lines}
    assert (
        by_exercise["ada", "game-value"]["points"] == "3"
        and by_exercise["<b>bob", "game-value"]["verdict"] == "wrong"
    )
    assert by_exercise["ada", "game-soft-labels-text"]["verdict"] == "by hand"
    half = by_exercise["dan\\udcff [2J", "game-value"]
    assert half["verdict"] == "wrong" and "half: \\ud800, clear: [2J" in half["reason"]
    assert by_exercise["eve", ""]["verdict"] == "unreadable"
    checked = [line for line in lines if line["judged"]]
    assert len(checked) == 18 and {line["judged"] for line in checked} == {"apart from the student's code"}
    pages = sorted(path.name for path in (out / "feedback").iterdir())
    assert pages == ["ada.html", "b_bob.html", "dan_udcff_2J.html", "eve.html"]
    assert "15 of 15 points" in (out / "feedback" / "ada.html").read_text("utf-8")
    assert "<b>bob" not in (out / "feedback" / "b_bob.html").read_text("utf-8")
    assert not (out / "secret-seed.txt").exists()
    assert "words that nobody guesses" not in (out / "grades.csv").read_text("utf-8")


def test_without_namespaces_the_command_refuses_unless_told(tmp_path, monkeypatch):
    hand_in(tmp_path / "in" / "ada" / f"{CHAPTER}.ipynb", notebook())
    monkeypatch.setattr(isolation, "supported", lambda: "this kernel has no namespaces.")
    with pytest.raises(CourseError, match="no namespaces. .*--without-isolation"):
        grade.grade(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_isolation_the_rest_still_holds(open_grader, tmp_path):
    answers = {
        "game-value": "def value_on_grid(p, q, logits, weights):\n    while True: pass",
        "game-divergences": "def kl_and_js(p, q):\n    import os\n    os._exit(0)",
        "game-soft-labels": "def soft_discriminator(p, q, real_target, fake_target):\n"
        "    import socket\n    socket.create_connection(('127.0.0.1', 9), 1)",
    }
    (results,) = open_grader(hand_in(tmp_path / "a.ipynb", notebook(answers)))
    assert passed(results) == {"game-optimal-discriminator", "game-one-step", "game-far-apart"}
    assert "still running" in results["game-value"]["message"]
    assert "exit code 0" in results["game-divergences"]["message"]
    assert "no network" in results["game-soft-labels"]["message"]


def test_an_ordinary_user_can_shut_submissions_in(shut_in):
    if os.geteuid():
        pytest.skip("this test already runs as an ordinary user")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        said = "died"
        try:
            os.setgroups([])
            os.setresgid(12_345, 12_345, 12_345)
            os.setresuid(12_345, 12_345, 12_345)
            isolation._call("prctl", isolation.DUMPABLE, 1, 0, 0, 0)
            said = isolation.supported()
        finally:
            os.write(writer, json.dumps(said).encode())
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        why = json.loads(pipe.read())
    if "permit" in why:
        pytest.skip(f"only root may do it here: {why}")
    assert why == ""
