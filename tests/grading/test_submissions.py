"""Whose notebook is it, and of which chapter."""

import pytest

from course_lib.errors import UsageError
from course_lib.grading import submissions

CHAPTERS = {"01-gan-game": [{"name": "game-value"}], "05-wasserstein": [{"name": "wgan-penalty"}]}


def lay(folder, *names, text="{}"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def seen(folder):
    return [(s.student, s.chapter) for s in submissions.find(folder, CHAPTERS)]


def test_layouts_are_understood(tmp_path):
    lay(tmp_path / "flat", "ada_01-gan-game.ipynb", "01-gan-game-bob (2).ipynb", "notes.txt")
    assert seen(tmp_path / "flat") == [("ada", "01-gan-game"), ("bob (2)", "01-gan-game")]
    lay(
        tmp_path / "folders",
        "ada/01-gan-game.ipynb",
        "ada/05-wasserstein (1).ipynb",
        "bob/x/01-gan-game.ipynb",
    )
    assert seen(tmp_path / "folders") == [
        ("ada", "01-gan-game"),
        ("ada", "05-wasserstein"),
        ("bob", "01-gan-game"),
    ]
    lay(tmp_path / "nbgrader", "submitted/eve/05-wasserstein/work.ipynb", "release/05-wasserstein/05.ipynb")
    assert seen(tmp_path / "nbgrader") == [("eve", "05-wasserstein")]
    lay(tmp_path / "moodle", "Ada Lovelace_4711_assignsubmission_file_/01-gan-game.ipynb")
    lay(tmp_path / "moodle", "Bob Ray_4712_assignsubmission_file_01-gan-game.ipynb")
    assert seen(tmp_path / "moodle") == [("Ada Lovelace", "01-gan-game"), ("Bob Ray", "01-gan-game")]


def test_a_notebook_without_the_chapters_name_is_known_by_its_exercises(tmp_path):
    lay(tmp_path, "ada.ipynb", text='{"cells": ["check(\\"wgan-penalty\\", x)"]}')
    lay(tmp_path, "bob.ipynb", text="nothing of ours")
    assert seen(tmp_path) == [("ada", "05-wasserstein"), ("bob", "")]


def test_hidden_folders_and_checkpoints_are_left_alone(tmp_path):
    lay(tmp_path, "ada/01-gan-game.ipynb", "ada/.ipynb_checkpoints/01-gan-game-checkpoint.ipynb")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert seen(tmp_path) == [("ada", "01-gan-game")]


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no notebook in"):
        submissions.find(tmp_path, CHAPTERS)
    with pytest.raises(UsageError, match="no folder"):
        submissions.find(tmp_path / "nowhere", CHAPTERS)
