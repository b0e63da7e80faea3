"""nbgrader makes our starters of our masters, with the config that we give it."""

import ast
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from course_lib import cli
from course_lib.checks.engine import cells, masters
from course_lib.grading import release


def test_the_config_has_the_stubs_of_the_starters():
    """Holds without nbgrader, too: nbgrader cannot import this package, and so the config repeats them."""
    config = ast.parse((masters.folder() / release.CONFIG).read_text("utf-8"))
    texts = {n.value for n in ast.walk(config) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert {cells.STUB, cells.TEXT_STUB} <= texts


def test_nbgrader_makes_the_same_starters(tmp_path, capsys):
    program = os.environ.get("COURSE_NBGRADER") or shutil.which("nbgrader")
    if not program:
        pytest.skip("nbgrader is not installed")
    assert cli.main(["exercises", "release", "--nbgrader", "--out", str(tmp_path)]) == 0
    # all chapters as one assignment: nbgrader takes seconds to start
    together = tmp_path / "source" / "exercises"
    together.mkdir()
    for line in capsys.readouterr().out.split():
        if line.endswith(".ipynb"):
            shutil.move(line, together)
    path = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic by name
    environment = os.environ | {"HOME": str(tmp_path), "PATH": path}
    command = [program, "generate_assignment", "exercises"]
    made = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    for chapter in masters.chapters():
        text = (tmp_path / "release" / "exercises" / f"{chapter}.ipynb").read_text("utf-8")
        theirs = ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
        assert theirs == [cell["source"] for cell in masters.starter(masters.read(chapter))["cells"]], chapter
