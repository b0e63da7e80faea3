"""What is made of a master: compared with what is committed, complete, and without a trace of the solution."""

import copy
import json
import re
import shutil

import pytest

from course_lib import cli, paths
from course_lib.checks.engine import cells, masters, pages
from course_lib.checks.engine.catalogue import of_chapter
from course_lib.checks.engine.exercise import CHAPTERS
from course_lib.errors import CourseError, UsageError

ALL = masters.chapters()


@pytest.mark.parametrize("chapter", ALL)
def test_the_committed_files_are_what_the_master_gives(chapter):
    assert masters.problems(chapter) == []
    assert masters.check([chapter]) == [], "run `course exercises build`"


@pytest.mark.parametrize("chapter", ALL)
def test_a_master_is_a_notebook_as_jupyter_writes_it_and_in_nbgraders_format(chapter):
    path = masters.folder() / "masters" / f"{chapter}.ipynb"
    master = masters.read(chapter)
    assert path.read_text("utf-8") == masters.text(master)
    ids = [
        cell["metadata"]["nbgrader"]["grade_id"] for cell in master["cells"] if "nbgrader" in cell["metadata"]
    ]
    assert len(ids) == len(set(ids))
    for cell in master["cells"]:
        marks = cell["metadata"].get("nbgrader")
        if marks:
            assert marks["schema_version"] == 3 and re.fullmatch(r"[\w-]+", marks["grade_id"])
            assert {"grade", "solution", "locked", "task"} <= marks.keys()
            assert not marks["grade"] or marks["points"] > 0


@pytest.mark.parametrize("chapter", ALL)
def test_the_starter_holds_no_solution_and_the_page_only_closed_ones(chapter):
    master = masters.read(chapter)
    starter = masters.text(masters.starter(master))
    assert "SOLUTION" not in starter and "HIDDEN" not in starter and "require(" not in starter
    page = pages.page(chapter, master)
    open_text = re.sub(r"^::::\{dropdown\}.*?^::::$", "", page, flags=re.M | re.S)
    assert "SOLUTION" not in page and "HIDDEN" not in page
    for cell in master["cells"]:
        if cells.role(cell) in ("answer", "text"):
            given = set(cells.without_solution(cell).splitlines())
            lines = cells.solution(cell).splitlines()
            secret = [line for line in lines if line not in given and len(line.strip()) > 12]
            # a line that only opens a bracket says the name of the answer, which the starter says too
            secret = [line for line in secret if line.rstrip()[-1] not in "([{"]
            assert secret
            for line in secret:
                assert json.dumps(line)[1:-1] not in starter
                assert line not in open_text and (line in page or "](" in line)


@pytest.mark.parametrize("chapter", ALL)
def test_every_exercise_is_in_the_contents_of_the_book(chapter):
    assert f"- file: book/exercises/{chapter}\n" in (paths.project() / "_toc.yml").read_text("utf-8")


def cell(source, kind="code", **marks):
    return {"cell_type": kind, "id": "x", "metadata": {"nbgrader": marks}, "source": source}


def test_what_is_cut_from_a_cell():
    answer = cell(
        'def f():\n    """Doc."""\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n',
        solution=True,
    )
    assert cells.without_solution(answer) == f'def f():\n    """Doc."""\n    {cells.STUB}'
    assert cells.solution(answer) == 'def f():\n    """Doc."""\n    return 1'
    guess = cell("x = ...\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", solution=True)
    assert cells.without_solution(guess) == "x = ..." and cells.solution(guess) == "x = ...\nx = 1"
    check = cell("check(1)\n### BEGIN HIDDEN TESTS\nrequire(1)\n### END HIDDEN TESTS", grade=True)
    assert cells.without_solution(check) == "check(1)" and cells.role(check) == "check"
    text = cell("The proof.", "markdown", grade=True, solution=True)
    assert cells.without_solution(text) == cells.TEXT_STUB and cells.solution(text) == "The proof."


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A project of one master, to be spoilt."""
    (tmp_path / "exercises").mkdir()
    shutil.copytree(masters.folder() / "masters", tmp_path / "exercises" / "masters")
    monkeypatch.setattr(paths, "project", lambda: tmp_path)
    return tmp_path


def spoil(project, change):
    path = project / "exercises" / "masters" / "01-gan-game.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for one in notebook["cells"]:
        one["source"] = "".join(one["source"])
    by_name = {c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in notebook["cells"]}
    change(by_name, notebook["cells"])
    path.write_text(masters.text(notebook), "utf-8")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda c, _: c["game-value-statement"].update(source="## 2. Something else\n"), "header"),
        (lambda c, _: c["game-value-check"]["metadata"]["nbgrader"].update(points=9), "3 points"),
        (lambda c, _: c["game-value-check"].update(source='check("game-value", nothing)'), "must call"),
        (lambda c, _: c["game-value"].update(source="def value_on_grid(): ..."), "no answer cell"),
        (lambda c, all_cells: all_cells.remove(c["game-soft-labels-text"]), "missing"),
        (lambda c, _: c["setup"].update(source="### BEGIN SOLUTION\n1\n### END SOLUTION"), "not an answer"),
    ],
    ids=["header", "points", "call", "solution", "text", "stray"],
)
def test_a_master_that_disagrees_with_the_list_is_refused(copied, change, word):
    spoil(copied, change)
    with pytest.raises(CourseError, match=word):
        masters.build(["01-gan-game"])
    assert not (copied / "exercises" / "01-gan-game.ipynb").exists()


def test_build_writes_what_has_changed_and_check_sees_what_was_edited(copied, capsys):
    assert cli.main(["exercises", "check"]) == 1
    assert "is missing" in capsys.readouterr().out
    assert len(masters.build(["01-gan-game"])) == 2 and masters.build(["01-gan-game"]) == []
    starter = copied / "exercises" / "01-gan-game.ipynb"
    starter.write_text(starter.read_text("utf-8").replace("your turn", "mine"), "utf-8")
    assert masters.check(["01-gan-game"]) == ["exercises/01-gan-game.ipynb is not what the master gives"]
    with pytest.raises(UsageError, match="01-gan-game"):
        masters.build(["99-nothing"])


def test_the_commands_say_what_they_do(capsys):
    assert cli.main(["exercises", "list"]) == 0
    shown = capsys.readouterr().out
    assert all(e.name in shown for chapter in CHAPTERS for e in of_chapter(chapter))
    assert cli.main(["exercises", "check"]) == 0


def test_a_starter_does_not_change_its_master():
    master = masters.read(ALL[0])
    before = copy.deepcopy(master)
    masters.starter(master)
    assert master == before
