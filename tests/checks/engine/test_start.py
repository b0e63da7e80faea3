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
        ("glo-search", "None"),
    ],
)
def test_a_first_check_costs_three_seconds_at_most(name, answer, project, tmp_path, monkeypatch, torch_alone):
    """Torch itself is most of it; its compiler, which its optimisers import, would be as much again."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    code = f"from course_lib.checks import check\ncheck({name!r}, lambda *inputs: {answer})"
    seconds, compiler = run(code, project)
    assert not compiler and seconds <= max(3.0, 2 * torch_alone)


FUNCTIONAL = """
import torch
from course_lib.checks.api import assess
def r1(discriminator, real, gamma):
    slope = torch.func.vmap(torch.func.grad(lambda one: discriminator(one[None])[0]))
    return gamma / 2 * slope(real).flatten(1).square().sum(1).mean()
def endless(discriminator, real, gamma):
    torch.func.grad(torch.sin)(torch.ones(()))
    while True: pass
print([assess("collapse-r1", answer, seconds=1).diagnosis for answer in (r1, endless)])
"""


def test_the_import_of_torchs_compiler_is_not_the_answers_time(project):
    """`torch.func` brings it, which takes more than the one second that is given here."""
    done = subprocess.run(
        [sys.executable, "-c", FUNCTIONAL], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['passed', 'too-slow']"


SLOW_LIBRARY = """
import sys
from course_lib.checks.engine import guard
guard._OTHERS = (*guard._OTHERS, {library!r})
sys.path[:0] = [{library!r}, {own!r}]
def tried(module):
    try:
        with guard.time_limit(0.1):
            __import__(module)
        return "imported"
    except guard.TooSlow:
        return "cut short"
print(tried("slow_library"), tried("slow_helper"))
"""


def test_a_librarys_import_is_never_cut_short_and_a_students_own_is(project, tmp_path):
    """Half a module would spoil the whole kernel."""
    for folder, name in (("library", "slow_library"), ("own", "slow_helper")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text("import time\ntime.sleep(1.2)\n")
    code = SLOW_LIBRARY.format(library=str(tmp_path / "library"), own=str(tmp_path / "own"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "imported cut short"
