"""The lab guide: every block of it is run as it is printed, in the order of the page."""

import re
import shlex
import subprocess
import sys

import pytest

BLOCK = re.compile(r"^```\{code-block\} (\w+)\n(?::caption: (\S+)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(project) -> list[tuple[str, str, str]]:
    """(language, name of the file, text) of each block of the page."""
    return [m.groups() for m in BLOCK.finditer((project / "book" / "lab-guide.md").read_text("utf-8"))]


def test_every_block_is_one_that_is_run(project):
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    found = blocks(project)
    assert text.count("```") == 2 * len(found)
    assert all(name if kind == "python" else kind == "console" for kind, name, _ in found)
    for kind, _, block in found:
        if kind == "python":
            assert block.count("\n") <= 62, "about forty lines each, and a recipe"


@pytest.mark.slow
def test_the_page_does_what_it_says(project, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(project))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    for kind, name, block in blocks(project):
        if kind == "python":
            (tmp_path / name).write_text(block)
            continue
        for line in block.strip().splitlines():
            words = shlex.split(line.removeprefix("$ "))
            program = {"course": [sys.executable, "-m", "course_lib.cli"], "python": [sys.executable]}[
                words[0]
            ]
            done = subprocess.run([*program, *words[1:]], cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 0, f"{line}: {done.stderr}"
    assert (tmp_path / "dense.png").exists() and (tmp_path / "both.png").exists()
    assert {p.name for p in (tmp_path / "exported").iterdir()} == {
        "export.json", "generator.py", "generator.pt2", "generator.safetensors",
    }  # fmt: skip
