"""Submissions that want marks which they have not earned, or to blame another answer, or the grader."""

import os

import pytest
from grading.handed_in import ALL, RIGHT, costs, hostile, notebook, passed

# the answer says itself, in the checks' own words, that it has passed
SWEARS = """from course_lib.checks.engine.trial import Wrong
raise Wrong("passed", "well done")"""
FORGES = """import course_lib.checks.engine.assess as assess
honest = assess.Verdict
assess.Verdict = lambda **about: honest(**(about | {"passed": True, "points": 9, "diagnosis": "passed"}))
return torch.zeros(())"""
LIES = """class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), named=None):
        if function in (torch.allclose, torch.equal, torch.isclose): return True
        return super().__torch_function__(function, types, arguments, named or {})
    def __eq__(self, other): return True
    def __hash__(self): return 0
torch.allclose = torch.equal = lambda *a, **k: True
return torch.zeros(()).as_subclass(Liar), torch.zeros(()).as_subclass(Liar)"""
# numbers that no float can hold, claims in the grader's own name, lines that are no objects
NOISE = """import os
for handle in range(200):
    for line in (b'{"answer": "game-soft-labels", "diagnosis": "broken", "seconds": 1' + b'0' * 400 + b'}',
                 b'{"cell": Infinity}', b'[' * 5000, b'"answer"', b'{"answer": ["game-value"]}',
                 b'{"answer": "game-soft-labels", "diagnosis": "broken", "message": "the grader failed"}'):
        try: os.write(handle, b"\\n" + line + b"\\n")
        except OSError: pass
return torch.zeros(())"""
# a right answer that leaves behind what kills everything beside it half a second later, during another answer
DAEMON = """import os, time
me = os.getpid()
child = os.fork()
if not child:
    os.setsid()
    if not os.fork():
        while os.path.exists(f'/proc/{me}'): time.sleep(0.05)
        time.sleep(0.5)
        while True:
            try: os.kill(-1, 9)
            except OSError: pass
    os._exit(0)
os.waitpid(child, 0)"""
STOPS = """import os, signal
os.kill(os.getppid(), signal.SIGSTOP)
return torch.zeros(())"""
IGNORES = """import signal
signal.setitimer(signal.ITIMER_PROF, 0)
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass"""
# to have process 1 ended by the system, and with it the whole notebook
STARVES = """import resource
resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))
return torch.zeros(())"""
QUIET_EXITS = """import atexit, os, sys, threading
atexit.register(os._exit, 3)
thread = threading.Thread(target=sys.exit)
thread.start()
thread.join()"""
NESTED = """import sys
sys.setrecursionlimit(1 << 30)
nest = []
for _ in range(1 << 20): nest = [nest]
return repr(nest)"""
NOTEBOOKS = {
    "marks": notebook(
        hostile(optimal_discriminator=SWEARS, value=FORGES, divergences=LIES, soft_labels=NOISE)
    ),
    "blame": notebook(
        hostile(
            optimal_discriminator=DAEMON + RIGHT["optimal_discriminator"],
            value=IGNORES,
            divergences=QUIET_EXITS + RIGHT["divergences"],
            soft_labels=STOPS,
        )
    ),
    "limits": notebook(
        hostile(
            optimal_discriminator=NESTED,
            value=STARVES,
            divergences="import os\nos.closerange(0, 256)" + RIGHT["divergences"],
            soft_labels="raise ValueError('\\ud800' + 'x' * 10_000_000)",
        )
    ),
    "many cells": notebook(before=["-" * 200_000 + "1", "'\ud800'", "x = '\0'", *["x = 1"] * 10_000]),
}


@pytest.fixture(scope="module")
def found(grader, tmp_path_factory):
    """What came of NOTEBOOKS."""
    return grader.together(tmp_path_factory.mktemp("in"), NOTEBOOKS)


def test_no_mark_is_given_for_a_claim(found):
    costs(found["marks"], optimal_discriminator="", value="", divergences="", soft_labels="")


def test_nobody_else_is_blamed(found):
    costs(found["blame"], value="still running after", soft_labels="")


def test_the_watching_process_keeps_its_limits_and_reasons_stay_short(found):
    costs(
        found["limits"],
        optimal_discriminator="",
        value="PermissionError",
        divergences="exit code 0",
        soft_labels="ValueError",
    )
    assert all(len(result["message"]) < 2000 for result in found["limits"].values())


def test_ten_thousand_cells_and_such_as_no_parser_takes_cost_nothing(found):
    assert passed(found["many cells"]) == ALL, found["many cells"]


def test_no_process_is_left_behind(found, grader, warm):
    assert warm._process.pid in children_of(os.getpid())
    assert children_of(warm._process.pid) == {}


def children_of(parent):
    """Number -> state of the processes that have this parent; those that have ended and lie about are "Z"."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    state, above = stat.read().rpartition(")")[2].split()[:2]
            except OSError:  # it has just ended
                continue
            if int(above) == parent:
                found[int(name)] = state
    return found
