"""Notebooks as students write them: which answer counts, and what Jupyter understands counts here too."""

import json

import pytest
from grading.handed_in import ALL, HEADS, RIGHT, costs, notebook, passed

from course_lib.checks.engine import masters
from course_lib.grading.dispatcher import Job

RIGHT_SOFT = HEADS["game-soft-labels"] + RIGHT["soft_labels"].replace("\n", "\n    ")
WRONG_SOFT = HEADS["game-soft-labels"] + "\n    return p"
CHECK_SOFT = 'check("game-soft-labels", soft_discriminator)'
JUPYTER = [
    "files = !ls\nspeed = %timeit -n 3 -o sum(range(10))\nprint(len(files), speed.best)",
    "!pip install \\\n    torch",
    "%%sql\nselect * from answers",
    "import asyncio\nawait asyncio.sleep(0)",
    "get_ipython().run_line_magic('matplotlib', 'inline')",
    "from IPython import get_ipython as shell\nshell().magic('pwd')",
]


def soft(answer, *after):
    """Chapter 1 solved but for one exercise, and cells at the end."""
    made = notebook({"game-soft-labels": answer})
    made["cells"] += [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "id": f"after-{n}",
            "source": s,
        }
        for n, s in enumerate(after)
    ]
    return made


NOTEBOOKS = {
    "a comment": soft(f"# {CHECK_SOFT} says no\n" + RIGHT_SOFT),
    "better later": soft(WRONG_SOFT, RIGHT_SOFT, CHECK_SOFT),
    "worse later": soft(RIGHT_SOFT, WRONG_SOFT, CHECK_SOFT),
    "spoilt after the check": soft(RIGHT_SOFT, "soft_discriminator = 3"),
    "another name": soft(
        WRONG_SOFT, RIGHT_SOFT.replace("soft_discriminator", "mine"), 'check("game-soft-labels", mine)'
    ),
    "not reached": soft(RIGHT_SOFT, f"print(nothing)\n{CHECK_SOFT}"),
    "Jupyter": notebook(before=JUPYTER),
}


@pytest.fixture(scope="module")
def found(grader, tmp_path_factory):
    """What came of NOTEBOOKS."""
    return grader.together(tmp_path_factory.mktemp("in"), NOTEBOOKS)


@pytest.mark.parametrize("name", sorted(NOTEBOOKS.keys() - {"worse later"}))
def test_the_last_check_counts_as_the_student_saw_it(found, name):
    assert passed(found[name]) == ALL, found[name]


def test_a_later_wrong_answer_counts_too(found):
    costs(found["worse later"], soft_labels="")


def test_python_files_and_a_byte_order_mark(grader, tmp_path):
    made = notebook({"game-soft-labels": "from helper import soft_discriminator"})
    file = tmp_path / "01-gan-game.ipynb"
    file.write_bytes(json.dumps(made).encode("utf-8-sig"))
    (tmp_path / "helper.py").write_text(RIGHT_SOFT)
    (tmp_path / "link.py").symlink_to(masters.folder() / "nbgrader_config.py")
    exercises, results = grader.exercises, {}
    for helpers in ((), (tmp_path / "helper.py", tmp_path / "link.py")):
        job = Job("a", file, exercises, helpers)
        grader.dispatcher.grade([job], 1, lambda job, found: results.update(found))
        assert passed(results) == (ALL if helpers else ALL - {"game-soft-labels"}), results
