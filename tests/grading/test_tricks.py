"""Submissions that want marks which they have not earned, or to blame another answer, or the grader."""

import os

import pytest
from grading.handed_in import ALL, PATIENT, RIGHT, costs, hand_in, hostile, notebook, passed

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
    for line in (b'{"returned": "game-soft-labels", "body": 1' + b'0' * 400 + b'}', b'{"cell": 1' + b'0' * 400 + b'}',
                 b'{"cell": Infinity}', b'[' * 5000, b'"returned"', b'{"given": ["game-value"]}', b'{"asking": []}',
                 b'{"returned": "game-soft-labels", "body": "the grader failed"}'):
        try: os.write(handle, b"\\n" + line + b"\\n" + b"half a line")
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
# looks for what it must return, or for the seed that it follows from, in every frame and object that there is
WALKS = """import gc, sys
from course_lib.seeds import Draw
frames, frame = [], sys._getframe(1)
while frame is not None:
    frames.append(frame)
    frame = frame.f_back
frames += [f for f in gc.get_objects() if type(f) is type(frames[0])]
frames += sys._current_frames().values()
for frame in frames:
    for name, found in list(frame.f_locals.items()):
        if name in ('right', 'wrong', 'answers', 'secret'): return found
for found in gc.get_objects():
    if isinstance(found, Draw) and found.seed: return found
return torch.zeros(())"""
# a right answer that leaves no room on any disk
FILLS = """import os
for place in (os.getcwd(), '/tmp', '/dev/shm'):
    for number in range(10):
        try:
            with open(f'{place}/{number}', 'wb') as file: file.write(bytes(20 << 20))
        except OSError: pass
    os.chmod(f'{place}/0', 0o000)"""
NEEDS_ROOM = """import os, tempfile
for place in (None, '/tmp', '/dev/shm'):
    with tempfile.TemporaryFile(dir=place) as file: file.write(bytes(25 << 20))
with open('kept', 'rb') as file: assert file.read() == b'before'"""
DISKS = notebook(
    hostile(
        optimal_discriminator="with open('kept', 'ab') as f: f.write(bytes(9 << 20))"
        + RIGHT["optimal_discriminator"],
        divergences=FILLS + RIGHT["divergences"],
        soft_labels=NEEDS_ROOM + RIGHT["soft_labels"],
    ),
    before=["with open('kept', 'wb') as file: file.write(b'before')"],
)
NOTEBOOKS = {
    "values": notebook(
        hostile(optimal_discriminator=WALKS, value=WALKS, divergences=WALKS, soft_labels=WALKS)
    ),
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


def test_walking_frames_and_objects_finds_no_right_value_and_no_seed(found):
    costs(found["values"], optimal_discriminator="", value="", divergences="", soft_labels="")


def test_a_full_disk_costs_nobody_else(grader, tmp_path):
    (results,) = grader(hand_in(tmp_path / "a.ipynb", DISKS), seconds=PATIENT)
    assert passed(results) == ALL, results


def test_nobody_else_is_blamed(found):
    costs(found["blame"], value="still running after", soft_labels="")


def test_the_watching_process_keeps_its_limits_and_reasons_stay_short(found):
    costs(
        found["limits"],
        optimal_discriminator="",
        value="PermissionError",
        divergences="exit code 1",
        soft_labels="ValueError",
    )
    assert all(len(result["message"]) < 2000 for result in found["limits"].values())


def test_ten_thousand_cells_and_such_as_no_parser_takes_cost_nothing(found):
    assert passed(found["many cells"]) == ALL, found["many cells"]


def test_no_process_is_left_behind(found, grader):
    judges = {judge.process.pid for judge in grader.dispatcher._judges}
    assert {pid for pid, name in children_of(os.getpid()).items() if name == "bwrap"} == judges


def children_of(parent):
    """Number -> name of the processes that have this parent, also of those that have ended and lie about."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    name_, _, rest = stat.read().partition("(")[2].rpartition(")")
                    above = rest.split()[1]
            except OSError:  # it has just ended
                continue
            if int(above) == parent:
                found[int(name)] = name_
    return found
