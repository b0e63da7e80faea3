"""The first check of a fresh kernel."""

import json
import subprocess
import sys

import pytest

USED = """
import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, "torch._dynamo" in sys.modules]))
"""


def run(code, project):
    """Seconds of the processor, and whether torch's compiler has been imported."""
    command = [sys.executable, "-c", code + USED]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def torch_alone(project):
    pytest.importorskip("resource")
    return run("import torch", project)[0]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("game-optimal-discriminator", "inputs[0] - inputs[1]"),
        ("game-one-step", "None"),
        ("wgan-critic-step", "None"),
        ("glo-step", "None"),
    ],
)
def test_a_first_check_costs_three_seconds_at_most(name, answer, project, tmp_path, monkeypatch, torch_alone):
    """Torch itself is most of it; its compiler, which its optimisers import, would be as much again."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    code = f"from course_lib.checks import check\ncheck({name!r}, lambda *inputs: {answer})"
    seconds, compiler = run(code, project)
    assert not compiler and seconds <= max(3.0, 2 * torch_alone)
