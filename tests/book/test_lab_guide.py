"""The lab guide: every block of it is run as it is printed, in the order of the page."""

import ast
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import tokenize

import pytest

from course_lib import cli
from course_lib.objectives.adversarial import GAMES
from course_lib.recipes.catalogue import RECIPES

BLOCK = re.compile(r"^```\{code-block\} (\w+)\n(?::caption: (\S+)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_THE_COURSE = frozenset(GAMES)
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def blocks(project) -> list[tuple[str, str, str]]:
    """(language, name of the file, text) of each block of the page."""
    return [m.groups() for m in BLOCK.finditer((project / "book" / "lab-guide.md").read_text("utf-8"))]


def test_every_block_is_one_that_is_run(project):
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    found = blocks(project)
    assert text.count("```") == 2 * len(found)
    assert all(name if kind == "python" else kind == "console" for kind, name, _ in found)
    for kind, name, block in found:
        if kind == "python":
            assert code_lines(block) <= 40, name


def code_lines(source: str) -> int:
    """Lines of a file that are code: no docstring, no comment, and not empty."""
    said = [node.body[0] for node in ast.walk(ast.parse(source)) if has_docstring(node)]
    docstrings = {line for node in said for line in range(node.lineno, node.end_lineno + 1)}
    code = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            code |= set(range(token.start[0], token.end[0] + 1))
    return len(code - docstrings)


def has_docstring(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node) is not None


def test_lines_of_code_are_counted():
    said = '"""A module:\n\nof two lines."""\n\n# a comment\n'
    assert code_lines(said) == 0
    assert code_lines(said + 'x = [  # one\n    1,\n]\n\n\ndef f():\n    """Says."""\n    return x\n') == 5


@pytest.mark.slow
def test_the_page_does_what_it_says(project, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for kind, name, block in blocks(project):
        if kind == "python":
            (tmp_path / name).write_text(block)
            continue
        for line in block.strip().splitlines():
            words = shlex.split(line.removeprefix("$ "))
            forget(monkeypatch)  # each command as in a process of its own, which takes seconds to start
            if words[0] == "python":
                runpy.run_path(words[1])
                assert "torch.Size([16, 1, 16, 16])" in capsys.readouterr().out
            elif words[0] == "torchrun":
                run_by_torchrun(project, words[1:])
            else:
                assert words[0] == "course" and cli.main(words[1:]) == 0, capsys.readouterr().err
    assert (tmp_path / "dense.png").exists() and (tmp_path / "both.png").exists()
    assert json.loads((tmp_path / "two.json").read_text())["samples"] == 100
    assert json.loads((tmp_path / "found" / "measures.json").read_text())["images"] == 6
    assert {p.name for p in (tmp_path / "exported").iterdir() if p.is_file()} == {
        "export.json", "generator.py", "generator.pt2", "generator.safetensors",
    }  # fmt: skip


def run_by_torchrun(project, words):
    """Two processes of their own, on processors."""
    environment = os.environ | {
        "PYTHONPATH": str(project),
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "torch.distributed.run", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def forget(monkeypatch):
    """No recipe and no game of a file is known."""
    for name in GAMES.keys() - OF_THE_COURSE:
        del GAMES[name]
    monkeypatch.setattr(RECIPES, "_added", {})
    for name in [name for name in sys.modules if name.startswith("course_recipe_")]:
        del sys.modules[name]
