"""Whose file it is: the names that platforms and people make, and students that must not be taken for each other."""

from pathlib import PurePosixPath

import pytest

from course_lib.grading.intake.owner import origin

CHAPTERS = ["01-gan-game", "05-wasserstein"]
MOODLE = "assignsubmission_file_"


@pytest.mark.parametrize(
    ("path", "student", "file"),
    [
        (f"Ada Lovelace_4711_{MOODLE}/01-gan-game.ipynb", "Ada Lovelace_4711", "01-gan-game.ipynb"),
        (f"Ada Lovelace_4711_{MOODLE}01-gan-game.ipynb", "Ada Lovelace_4711", "01-gan-game.ipynb"),
        (f"Ada Lovelace_4711_{MOODLE[:-1]}/my work/a.ipynb", "Ada Lovelace_4711", "my work/a.ipynb"),
        (f"Group_A-Ada_4711_{MOODLE}/01-gan-game.ipynb", "Group_A-Ada_4711", "01-gan-game.ipynb"),
        (f"Participant_33_{MOODLE}/01-gan-game.ipynb", "Participant_33", "01-gan-game.ipynb"),
        (f"Ada Lovelace_4711_{MOODLE}work.zip/01-gan-game.ipynb", "Ada Lovelace_4711", "work.zip/01-gan-game.ipynb"),
        ("lovelaceada_5512_998_01-gan-game-1.ipynb", "lovelaceada_5512", "01-gan-game.ipynb"),
        ("raydan_LATE_5513_999_01-gan-game.ipynb", "raydan_5513", "01-gan-game.ipynb"),
        ("lästada_5513_999_01-gan-game.ipynb", "lästada_5513", "01-gan-game.ipynb"),
        ("last2first_5514_1000_01-gan-game.ipynb", "last2first_5514", "01-gan-game.ipynb"),
        ("raydan_5513_999_work.zip/a/01-gan-game.ipynb", "raydan_5513", "work.zip/a/01-gan-game.ipynb"),
        ("inbound/ada+01-gan-game+2026-11-23 10:00:00 UTC+x/a.ipynb", "ada", "a.ipynb"),
        ("submitted/joe/01-gan-game/01-gan-game.ipynb", "joe", "01-gan-game/01-gan-game.ipynb"),
        ("ada/01-gan-game.ipynb", "ada", "01-gan-game.ipynb"),
        ("ada.zip/01-gan-game.ipynb", "ada", "01-gan-game.ipynb"),
        ("../../evil/01-gan-game.ipynb", "evil", "01-gan-game.ipynb"),
        ("team_7_01-gan-game.ipynb", "team_7", "team_7_01-gan-game.ipynb"),
        ("01-gan-game_ada (2).ipynb", "ada (2)", "01-gan-game_ada (2).ipynb"),
        ("ada-01-gan-game-Copy1.ipynb.txt", "ada", "ada-01-gan-game-Copy1.ipynb.txt"),
        ("01-gan-game.ipynb", "01-gan-game", "01-gan-game.ipynb"),
    ],
)  # fmt: skip
def test_names_are_understood(path, student, file):
    of = origin(PurePosixPath(path), CHAPTERS)
    assert (of.owner.key, str(of.file)) == (student, file)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"Participant_33_{MOODLE}/01-gan-game.ipynb", f"Participant_34_{MOODLE}/01-gan-game.ipynb"),
        (f"First Last_4711_{MOODLE}/01-gan-game.ipynb", f"First Last_4712_{MOODLE}/01-gan-game.ipynb"),
        ("lastfirst_111_998_01-gan-game.ipynb", "lastfirst_222_999_01-gan-game.ipynb"),
        ("team_7_01-gan-game.ipynb", "team_8_01-gan-game.ipynb"),
        ("a:b/01-gan-game.ipynb", "a?b/01-gan-game.ipynb"),
    ],
)
def test_two_students_are_two(one, other):
    keys = {origin(PurePosixPath(path), CHAPTERS).owner.key for path in (one, other)}
    assert len(keys) == 2


def test_later_hand_ins_come_later():
    name = "inbound/ada+01-gan-game+2026-11-{} 10:00:00 UTC+x/a.ipynb"
    earlier, later = (origin(PurePosixPath(name.format(day))).order for day in (21, 23))
    assert earlier < later
    first, second = (origin(PurePosixPath(f"ada_5_{n}_01-gan-game.ipynb")).order for n in (998, 1002))
    assert first < second
