"""Submissions that mean harm: each costs its own exercise, with the reason, and nothing else."""

import os
import socket
import threading

import pytest
from grading.handed_in import ALL, PATIENT, RIGHT, costs, hand_in, hostile, notebook, passed

from course_lib.checks.engine import masters

CROWD = """import os, time
for _ in range(12):
    if os.fork() == 0:
        hoard = bytearray(100 << 20)
        for i in range(0, len(hoard), 4096): hoard[i] = 1
        time.sleep(60)
time.sleep(60)"""
PATCHES = """import course_lib.checks.engine.assess as assess, course_lib.checks.engine.trial as trial, torch
from course_lib.grading import remote
from course_lib.theory import divergences
trial.Trial.equal = remote.RemoteTrial.equal = lambda *a, **k: None
trial.Trial.several = lambda self, got, *a: (0, 0)
torch.allclose = lambda *a, **k: True
divergences.value = lambda *a: torch.zeros(())"""
SHOUTS = """import json, os
verdict = {"passed": True, "diagnosis": "passed", "message": "well done", "points": 2, "of": 2, "seconds": 0.1}
line = verdict | {"returned": "game-soft-labels", "given": "game-soft-labels", "verdict": verdict, "body": "AAAA"}
for handle in range(200):
    try: os.write(handle, b"\\n" + json.dumps(line).encode() + b"\\n")
    except OSError: pass
os._exit(0)"""
NOTEBOOKS = {
    "solved": notebook(),
    "starter": notebook(solved=False),
    "endless": notebook(
        hostile(
            value="while True: pass",
            divergences="import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass",
            soft_labels="while True: print('x' * 80)",
        )
    ),
    "deaths": notebook(
        hostile(
            optimal_discriminator="import os\nos._exit(7)",
            value="import ctypes\nctypes.string_at(0)",
            divergences="import os\nos.kill(-1, 9)",
            soft_labels="raise SystemExit",
        )
    ),
    "bombs": notebook(
        hostile(
            value="import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
            divergences="import threading, time\n"
            "while True:\n    threading.Thread(target=time.sleep, args=(60,)).start()",
        )
    ),
    "memory": notebook(
        hostile(
            optimal_discriminator="return torch.zeros(100 << 30, dtype=torch.uint8)",
            value="hoard = []\nwhile True: hoard.append(torch.zeros(8 << 20))",
            divergences=CROWD,
            soft_labels="import os\nreturn os.memfd_create('hoard')",
        )
    ),
    "forged": notebook(
        hostile(value="return torch.zeros(())", divergences="return 0, 0", soft_labels=SHOUTS),
        before=[PATCHES],
    ),
    "a cell kills": notebook(before=["import os\nos._exit(0)"]),
    "a cell waits": notebook(before=["import time\ntime.sleep(99)"]),
    "strange cells": notebook(before=["%matplotlib inline\n!rm -rf /\nimport nonesuch"]),
    "its own cell kills": notebook({"game-value": "import os\nos._exit(0)"}),
}


@pytest.fixture(scope="module")
def found(grader, tmp_path_factory):
    """What came of NOTEBOOKS."""
    return grader.together(tmp_path_factory.mktemp("in"), NOTEBOOKS)


def test_solutions_pass_and_starters_are_not_begun(found):
    assert passed(found["solved"]) == ALL, found["solved"]
    assert {r["diagnosis"] for r in found["starter"].values()} == {"not-begun"}


def test_what_does_not_come_back_is_ended(found):
    costs(
        found["endless"],
        value="still running after",
        divergences="still running after",
        soft_labels="printed more than",
    )


def test_processes_that_die_take_nothing_along(found):
    costs(
        found["deaths"],
        optimal_discriminator="exit code 7",
        value="SIGSEGV",
        divergences="",
        soft_labels="ends the whole program",
    )


def test_a_fork_bomb_and_threads_without_end_stay_small(found):
    costs(found["bombs"], value="", divergences="RuntimeError")


def test_memory_is_bounded_for_one_and_for_all_processes(found):
    costs(
        found["memory"],
        optimal_discriminator="allocate",
        value="memory",  # refused by the system, or ended by the one who watches: whoever sees it first
        divergences="GiB of memory",
        soft_labels="PermissionError",
    )


def test_a_verdict_cannot_be_forged(found):
    costs(found["forged"], value="", divergences="", soft_labels="")


def test_a_cell_that_kills_costs_only_what_needs_it(found):
    for name in ("a cell kills", "a cell waits", "strange cells"):
        assert passed(found[name]) == ALL, name
    costs(found["its own cell kills"], value="was stopped")


# each of these returns the right answer only when it could do no harm
SPY = """import os
for path in {paths!r}:
    if os.path.exists(path): return None
for place in ('/home', '/root', os.getcwd()):
    for folder, folders, files in os.walk(place):
        if any(f.endswith(('.ipynb', 'seed.txt')) for f in files): return None
if len([p for p in os.listdir('/proc') if p.isdigit()]) > 10: return None
for handle in range(3, 200):
    try:
        if os.readlink(f'/proc/self/fd/{{handle}}').endswith('.ipynb'): return None
    except OSError: pass
if any('seed' in name.lower() for name in os.environ): return None
for name in ('environ', 'cmdline', 'mem', 'maps', 'fd/3'):
    try:
        with open(f'/proc/1/{{name}}', 'rb') as file:
            if {root} and name != 'cmdline': return None
            if any(path.encode() in file.read(1 << 16) for path in {paths!r}): return None
    except OSError: pass"""

VANDAL = """import os, shutil, course_lib
for place in (os.path.dirname(course_lib.__file__), '/home', {folder!r}):
    shutil.rmtree(place, ignore_errors=True)
    try:
        open(os.path.join(place, 'mine'), 'w').close()
        return None
    except OSError: pass
if not os.path.exists(course_lib.__file__): return None"""

CALLER = """import socket
for address in (('127.0.0.1', {port}), ('192.0.2.1', 80)):
    try:
        socket.create_connection(address, 1)
        return None
    except OSError: pass"""


def test_files_and_network_are_out_of_reach(grader, tmp_path):
    other = hand_in(tmp_path / "other" / "01-gan-game.ipynb", notebook())
    master = masters.folder() / "masters" / "01-gan-game.ipynb"
    assert other.exists() and master.exists()
    server = socket.create_server(("127.0.0.1", 0))
    called = []
    threading.Thread(target=lambda: called.append(server.accept()), daemon=True).start()
    spied = [str(other), str(master), str(masters.folder()), str(masters.folder().parent / "tests")]
    answers = hostile(
        optimal_discriminator=SPY.format(paths=spied, root=os.geteuid() == 0)
        + RIGHT["optimal_discriminator"],
        soft_labels=VANDAL.format(folder=str(tmp_path)) + RIGHT["soft_labels"],
        divergences=CALLER.format(port=server.getsockname()[1]) + RIGHT["divergences"],
        value="hoard = open('hoard', 'wb')\nwhile True: hoard.write(bytes(1 << 20))",
    )
    (results,) = grader(hand_in(tmp_path / "a.ipynb", notebook(answers)), seconds=PATIENT)
    costs(results, value="File too large")
    assert other.exists() and not called


def test_files_that_are_no_notebooks_are_refused_unread(grader, tmp_path):
    other = hand_in(tmp_path / "other.ipynb", notebook())
    (tmp_path / "text.ipynb").write_text("once upon a time")
    (tmp_path / "deep.ipynb").write_text("[" * 1_000_000)
    (tmp_path / "list.ipynb").write_text('{"cells": [1, {"cell_type": "code", "source": {"a": 1}}, null]}')
    with open(tmp_path / "large.ipynb", "wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "link.ipynb").symlink_to(other)
    os.mkfifo(tmp_path / "pipe.ipynb")
    names = ["text", "deep", "list", "large", "link", "pipe"]
    found = grader(*(tmp_path / f"{name}.ipynb" for name in names))
    words = ["not a notebook", "not a notebook", "no `", "1,074 MB", "not followed", "no plain file"]
    for results, word in zip(found, words, strict=True):
        assert results.keys() == ALL and not passed(results)
        assert all(word in result["message"] for result in results.values()), (word, results)
