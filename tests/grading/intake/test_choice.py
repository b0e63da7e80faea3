"""Of several notebooks of one student one counts, by one rule, and the others are known."""

from pathlib import PurePosixPath

import pytest

from course_lib.grading.intake import choice
from course_lib.grading.intake.choice import Notebook


def notebook(file, student="ada", chapter="01-gan-game", order="", modified="2026-01-01"):
    return Notebook(student, chapter, PurePosixPath(file), order, modified)


@pytest.mark.parametrize(
    ("counts", "others"),
    [
        (notebook("01-gan-game.ipynb"), [notebook("old/01-gan-game.ipynb", modified="2026-02-02")]),
        (notebook("01-gan-game.ipynb"), [notebook(f"attempt{n}/01-gan-game.ipynb") for n in (1, 2)]),
        (notebook("attempt10/01-gan-game.ipynb"), [notebook("attempt9/01-gan-game.ipynb")]),
        (notebook("b.ipynb", order="2"), [notebook("01-gan-game.ipynb", order="1", modified="2026-12-31")]),
        (notebook("final.ipynb", modified="2026-02-02"), [notebook("01-gan-game.ipynb")]),
        (notebook("01-gan-game.ipynb"), [notebook("01-gan-game-Copy1.ipynb"), notebook("zzz.ipynb")]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_one_counts(counts, others, turned):
    everything = [*others, counts] if turned else [counts, *others]
    counting, older = choice.choose(everything, lambda one: one)
    assert counting == [counts] and sorted(map(str, older)) == sorted(map(str, others))


def test_students_chapters_and_unknown_names_do_not_compete():
    everything = [
        notebook("a.ipynb"),
        notebook("a.ipynb", student="bob"),
        notebook("a.ipynb", chapter="05-wasserstein"),
        notebook("x.ipynb", chapter=""),
        notebook("y.ipynb", chapter=""),
    ]
    assert choice.choose(everything, lambda one: one) == (everything, [])


@pytest.mark.parametrize("name", ["a.ipynb", "A.IPYNB", "a.ipynb.txt", "a.ipynb.json"])
def test_endings_that_browsers_and_editors_make(name):
    assert choice.is_notebook(name) and choice.plain_name(name).lower() == "a.ipynb"


def test_what_is_no_notebook():
    assert not any(map(choice.is_notebook, ["a.pdf", "a.py", "a.ipynb.pdf", "ipynb", "a.json"]))
    assert choice.is_autosave(PurePosixPath("x/.ipynb_checkpoints/a-checkpoint.ipynb"))
