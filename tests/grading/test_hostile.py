"""Submissions that mean harm: each costs its own exercise, with the reason, and nothing else."""

import os
import socket
import threading

import pytest
from grading.handed_in import hand_in, notebook, passed

from course_lib.checks import masters

ALL = {
    "game-optimal-discriminator",
    "game-value",
    "game-divergences",
    "game-one-step",
    "game-far-apart",
    "game-soft-labels",
}
HEADS = {
    "game-optimal-discriminator": "def optimal_discriminator(log_p, log_q):",
    "game-value": "def value_on_grid(p, q, logits, weights):",
    "game-divergences": "def kl_and_js(p, q):",
    "game-one-step": "def train_step(*players):",
    "game-soft-labels": "def soft_discriminator(p, q, real_target, fake_target):",
}


def hostile(**bodies):
    """Answers with these bodies: value="while True: pass" -> the exercise game-value."""
    made = {}
    for short, body in bodies.items():
        name = f"game-{short.replace('_', '-')}"
        made[name] = HEADS[name] + "\n" + "\n".join(f"    {line}" for line in body.split("\n"))
    return made


def costs(results, **reasons):
    """Exactly these exercises are lost, each with a reason that holds these words."""
    lost = {f"game-{short.replace('_', '-')}": words for short, words in reasons.items()}
    for name, words in lost.items():
        assert not results[name]["passed"], name
        assert words in results[name]["message"], results[name]
    assert passed(results) == ALL - lost.keys()
    assert all(results[name]["apart"] for name in results)


def test_solutions_pass_and_starters_are_not_begun(grader, tmp_path):
    solved = hand_in(tmp_path / "a.ipynb", notebook())
    empty = hand_in(tmp_path / "b.ipynb", notebook(solved=False))
    good, none = grader(solved, empty)
    assert passed(good) == ALL, good
    assert {r["diagnosis"] for r in none.values()} == {"not-begun"}


def test_what_does_not_come_back_is_ended(grader, tmp_path):
    answers = hostile(
        value="while True: pass",
        divergences="import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass",
        soft_labels="while True: print('x' * 80)",
    )
    costs(
        *grader(hand_in(tmp_path / "a.ipynb", notebook(answers))),
        value="still running after",
        divergences="still running after",
        soft_labels="printed more than",
    )


def test_processes_that_die_take_nothing_along(grader, tmp_path):
    answers = hostile(
        optimal_discriminator="import os\nos._exit(7)",
        value="import ctypes\nctypes.string_at(0)",
        divergences="import os\nos.kill(-1, 9)",
        soft_labels="raise SystemExit",
    )
    costs(
        *grader(hand_in(tmp_path / "a.ipynb", notebook(answers))),
        optimal_discriminator="exit code 7",
        value="SIGSEGV",
        divergences="",
        soft_labels="ends the whole program",
    )


@pytest.mark.slow
def test_a_fork_bomb_and_threads_without_end_stay_small(grader, tmp_path):
    answers = hostile(
        value="import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        divergences="import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()",
    )
    costs(*grader(hand_in(tmp_path / "a.ipynb", notebook(answers))), value="", divergences="RuntimeError")


def test_memory_is_bounded_for_one_and_for_all_processes(grader, tmp_path):
    crowd = """import os, time
for _ in range(12):
    if os.fork() == 0:
        hoard = bytearray(100 << 20)
        for i in range(0, len(hoard), 4096): hoard[i] = 1
        time.sleep(60)
time.sleep(60)"""
    answers = hostile(
        optimal_discriminator="return torch.zeros(100 << 30, dtype=torch.uint8)",
        value="hoard = []\nwhile True: hoard.append(torch.zeros(8 << 20))",
        divergences=crowd,
        soft_labels="import os\nreturn os.memfd_create('hoard')",
    )
    costs(
        *grader(hand_in(tmp_path / "a.ipynb", notebook(answers))),
        optimal_discriminator="allocate",
        value="allocate",
        divergences="GiB of memory",
        soft_labels="PermissionError",
    )


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
neither = torch.isneginf(log_p) & torch.isneginf(log_q)
return torch.where(neither, 0.0, log_p - log_q)"""

VANDAL = """import os, shutil, course_lib
for place in (os.path.dirname(course_lib.__file__), '/answers', '/home', {folder!r}):
    shutil.rmtree(place, ignore_errors=True)
    try:
        open(os.path.join(place, 'mine'), 'w').close()
        if place != '/answers': return None
    except OSError: pass
if not os.path.exists(course_lib.__file__): return None
return (real_target * p + fake_target * q) / (p + q)"""

CALLER = """import socket
for address in (('127.0.0.1', {port}), ('192.0.2.1', 80)):
    try:
        socket.create_connection(address, 1)
        return None
    except OSError: pass
def kl(a, b): return torch.where(a > 0, a * (a / b).log(), 0.0).sum()
m = (p + q) / 2
return kl(p, q), (kl(p, m) + kl(q, m)) / 2"""


def test_files_and_network_are_out_of_reach(grader, tmp_path):
    other = hand_in(tmp_path / "other" / "01-gan-game.ipynb", notebook())
    master = masters.folder() / "masters" / "01-gan-game.ipynb"
    assert other.exists() and master.exists()
    server = socket.create_server(("127.0.0.1", 0))
    called = []
    threading.Thread(target=lambda: called.append(server.accept()), daemon=True).start()
    answers = hostile(
        optimal_discriminator=SPY.format(
            paths=[str(other), str(master), str(masters.folder()), str(masters.folder().parent / "tests")]
        ),
        soft_labels=VANDAL.format(folder=str(tmp_path)),
        divergences=CALLER.format(port=server.getsockname()[1]),
        value="hoard = open('hoard', 'wb')\nwhile True: hoard.write(bytes(1 << 20))",
    )
    costs(*grader(hand_in(tmp_path / "a.ipynb", notebook(answers))), value="File too large")
    assert other.exists() and not called


def test_a_verdict_cannot_be_forged(grader, tmp_path):
    patches = """import course_lib.checks.assessing as assessing, course_lib.checks.trial as trial, torch
from course_lib.grading import transcript
from course_lib.theory import divergences
trial.Trial.equal = transcript.RecordingTrial.equal = lambda *a, **k: None
trial.Trial.several = lambda self, got, *a: (0, 0)
torch.allclose = lambda *a, **k: True
divergences.value = lambda *a: torch.zeros(())"""
    shouts = """import json, os
line = {"answer": "game-soft-labels", "exercise": "game-soft-labels", "passed": True, "claims": True, "apart": True,
        "diagnosis": "passed", "message": "well done", "points": 2, "of": 2, "seconds": 0.1}
open('/answers/game-soft-labels', 'wb').write(b'x' * 100)
for handle in range(200):
    try: os.write(handle, b"\\n" + json.dumps(line).encode() + b"\\n")
    except OSError: pass
os._exit(0)"""
    answers = hostile(value="return torch.zeros(())", divergences="return 0, 0", soft_labels=shouts)
    results = grader(hand_in(tmp_path / "a.ipynb", notebook(answers, before=patches)))
    costs(*results, value="", divergences="", soft_labels="")


def test_a_cell_that_kills_costs_only_what_needs_it(grader, tmp_path):
    files = [
        hand_in(tmp_path / "a.ipynb", notebook(before="import os\nos._exit(0)")),
        hand_in(tmp_path / "b.ipynb", notebook(before="%matplotlib inline\n!rm -rf /\nimport nonesuch")),
        hand_in(tmp_path / "c.ipynb", notebook({"game-value": "import os\nos._exit(0)"})),
    ]
    killed, strange, own = grader(*files)
    assert passed(killed) == passed(strange) == ALL
    costs(own, value="was stopped")


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
