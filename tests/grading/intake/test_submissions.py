"""Whose notebook is it, of which chapter, and what else lies there."""

import os
import zipfile

import pytest

from course_lib.errors import UsageError
from course_lib.grading.intake.submissions import handed_in

CHAPTERS = {"01-gan-game": [{"name": "game-value"}], "05-wasserstein": [{"name": "wgan-penalty"}]}


def lay(folder, *names, text="{}"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def seen(folder):
    return [(s.student, s.chapter) for s in handed_in(folder, CHAPTERS).submissions]


def left_out(folder):
    return {one.name: (one.student, one.reason) for one in handed_in(folder, CHAPTERS).left_out}


def test_layouts_are_understood(tmp_path):
    lay(tmp_path / "flat", "ada_01-gan-game.ipynb", "01-gan-game-bob (2).ipynb", "notes.txt")
    assert seen(tmp_path / "flat") == [("ada", "01-gan-game"), ("bob (2)", "01-gan-game")]
    assert left_out(tmp_path / "flat") == {"notes.txt": ("notes", "not a notebook")}
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
    lay(tmp_path / "nbgrader", "submitted/eve/05-wasserstein/timestamp.txt")
    assert seen(tmp_path / "nbgrader") == [("eve", "05-wasserstein")] and not left_out(tmp_path / "nbgrader")
    lay(tmp_path / "moodle", "Ada Lovelace_4711_assignsubmission_file_/01-gan-game.ipynb")
    lay(tmp_path / "moodle", "Bob Ray_4712_assignsubmission_file_01-gan-game.ipynb")
    assert seen(tmp_path / "moodle") == [
        ("Ada Lovelace_4711", "01-gan-game"),
        ("Bob Ray_4712", "01-gan-game"),
    ]


def test_a_notebook_without_the_chapters_name_is_known_by_its_exercises(tmp_path):
    lay(tmp_path, "ada.ipynb", text='{"cells": ["check(\\"wgan-penalty\\", x)"]}')
    lay(tmp_path, "bob.ipynb", text="nothing of ours")
    assert seen(tmp_path) == [("ada", "05-wasserstein"), ("bob", "")]


def test_every_file_is_in_one_list(tmp_path):
    lay(
        tmp_path,
        "ada/01-gan-game.ipynb",
        "ada/helper.py",
        "ada/old/01-gan-game.ipynb",
        "ada/.ipynb_checkpoints/01-gan-game-checkpoint.ipynb",
        "ada/report.pdf",
        "bob/tools.py",
    )
    with zipfile.ZipFile(tmp_path / "bob" / "work.zip", "w") as archive:
        archive.writestr("01-gan-game.ipynb", "{}")
    (tmp_path / "loop").symlink_to(tmp_path)
    everything = handed_in(tmp_path, CHAPTERS)
    (one,) = everything.submissions
    assert (one.student, one.name) == ("ada", "ada/01-gan-game.ipynb")
    assert one.helpers == (tmp_path / "ada" / "helper.py",)
    assert left_out(tmp_path) == {
        "ada/old/01-gan-game.ipynb": ("ada", "another notebook of this chapter counts"),
        "ada/.ipynb_checkpoints/01-gan-game-checkpoint.ipynb": ("ada", "what Jupyter saved by itself"),
        "ada/report.pdf": ("ada", "not a notebook"),
        "bob/tools.py": ("bob", "a Python file without a notebook"),
        "bob/work.zip/01-gan-game.ipynb": ("bob", "inside a zip: `course exercises collect` takes it out"),
        "loop": ("loop", "no plain file; a link is not followed"),
    }


def test_in_a_flat_folder_nobody_owns_the_python_files(tmp_path):
    lay(tmp_path, "ada_01-gan-game.ipynb", "helper.py")
    assert handed_in(tmp_path, CHAPTERS).submissions[0].helpers == ()


def test_pipes_and_links_are_submissions_that_will_be_refused(tmp_path):
    lay(tmp_path, "ada/01-gan-game.ipynb")
    os.mkfifo(tmp_path / "ada" / "pipe.ipynb")
    assert len(seen(tmp_path)) == 2  # neither read nor waited for


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no notebook in"):
        handed_in(tmp_path, CHAPTERS)
    with pytest.raises(UsageError, match="no folder"):
        handed_in(tmp_path / "nowhere", CHAPTERS)
