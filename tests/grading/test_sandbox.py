"""What a process sees and may do once it is shut in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading import sandbox, seccomp

# runs inside, with the interpreter alone
LOOK = """
import ctypes, json, os, resource, socket, threading
told = {"root": os.listdir("/"), "processes": sum(p.isdigit() for p in os.listdir("/proc")), "here": os.getcwd()}
told |= {"hidden": os.listdir("/usr/share"), "kept": "lib" in os.listdir("/usr"), "user": os.getuid()}
with open("/proc/self/status") as status:
    lines = dict(line.split(":", 1) for line in status)
told["privileges"] = [int(lines[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")]
with open("/proc/net/dev") as devices:
    told["devices"] = [line.split(":")[0].strip() for line in devices if ":" in line]
def refused(action):
    try:
        action()
    except OSError:
        return True
    return False
def called(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) == -1:
        raise OSError
told["refused"] = {
    "write": refused(lambda: os.mkdir("/usr/mine")),
    "root": refused(lambda: os.mkdir("/mine")),
    "devices": refused(lambda: open("/dev/mine", "w")),
    "become": refused(lambda: os.setuid(0 if os.getuid() else 1)),
    "memory": refused(lambda: os.memfd_create("mine")),
    "shared memory": refused(lambda: called("shmget", 1, 1 << 20, 0o1700)),
    "others' limits": refused(lambda: resource.prlimit(1, resource.RLIMIT_CPU)),
    "others' turns": refused(lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))),
    "kill": refused(lambda: open("/proc/1/oom_score_adj", "w").write("1000")) or os.getuid(),
    "mount": refused(lambda: called("mount", b"none", b"/tmp", b"tmpfs", 0, None)),
    "unshare": refused(lambda: called("unshare", 0x10000000)),
    "clone": refused(lambda: called("syscall", 56 if os.uname().machine == "x86_64" else 220, 0x10000011, 0, 0, 0, 0)),
    "too much": refused(lambda: open("much", "wb").write(bytes(2 << 20))),
    "network": refused(lambda: socket.create_connection(("192.0.2.1", 80), 1)),
}
os.unlink("much")
thread = threading.Thread(target=told.update, args=({"threads": True},))
thread.start(); thread.join()
told["own limits"] = not refused(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
told["own"] = [open(place + "/mine", "w").write("mine") for place in (os.getcwd(), "/tmp", "/dev/shm")]
told["environment"] = sorted(os.environ)
print(json.dumps(told))
"""


def inside(code, view, environment):
    with sandbox.start([sys.executable, "-c", code], view, 7, environment) as process:
        said, words = process.communicate()
    assert process.returncode == 0, words.decode()
    return said.decode()


@pytest.fixture(scope="module")
def seen(shut_in):
    view = sandbox.View(tuple(sandbox.shown()), ("/usr/share",), 1 << 20)
    return json.loads(inside(LOOK, view, {"PATH": "/usr/bin", "COURSE_X": "1"}))


def test_files_are_few_and_what_is_hidden_is_empty(seen):
    assert not {"srv", "mnt", "boot", "var", "opt"} & set(seen["root"]) and seen["here"] == sandbox.HOME
    assert seen["kept"] and seen["hidden"] == [] and seen["own"] == [4, 4, 4]


def test_nobody_else_is_there_and_nothing_is_permitted(seen):
    assert seen["processes"] <= 3 and seen["devices"] == ["lo"]
    assert seen["privileges"] == [0, 0, 0, 0, 0]
    assert all(seen["refused"].values()), seen["refused"]
    assert seen["own limits"] and seen["threads"]
    if os.geteuid() == 0:
        assert 0 <= seen["user"] - sandbox.FIRST_USER < sandbox.USERS
    else:
        assert seen["user"] == os.geteuid()
    assert not set(seen["environment"]) - {"PATH", "COURSE_X", "PWD", "LC_CTYPE"}


def test_libraries_of_an_environment_made_by_modules_are_found(shut_in, tmp_path, monkeypatch):
    (tmp_path / "module" / "lab").mkdir(parents=True)
    (tmp_path / "module" / "lab" / "lab_tools.py").write_text("answer = 42")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}/module/lab{os.pathsep}/nowhere")
    (tmp_path / "module" / "secret").write_text("seed")
    view = sandbox.view([tmp_path / "module" / "secret"], 1 << 20)
    code = f"import os, lab_tools; print(lab_tools.answer, os.listdir({str(tmp_path / 'module')!r}))"
    assert inside(code, view, sandbox.environment()) == "42 ['lab']\n"


def test_what_lies_inside_something_shown_can_be_hidden(shut_in, tmp_path):
    (tmp_path / "seed.txt").write_text("secret")
    (tmp_path / "class" / "ada").mkdir(parents=True)
    tmp_path.chmod(0o755)
    hidden = (str(tmp_path / "seed.txt"), str(tmp_path / "class"))
    view = sandbox.View((*sandbox.shown(), str(tmp_path)), hidden, 1 << 20)
    code = f"""
import os
os.chdir({str(tmp_path)!r})
print(os.listdir('class'), os.listdir('.') != [])
try: print(open('seed.txt').read())
except PermissionError: print('refused')"""
    assert inside(code, view, {}) == "[] True\nrefused\n"


def test_the_filter_is_whole_instructions_for_both_processors(monkeypatch):
    for machine in ("x86_64", "aarch64", "riscv64"):
        monkeypatch.setattr(seccomp.platform, "machine", lambda machine=machine: machine)
        program = seccomp.program()
        assert len(program) % 8 == 0 and len(program) < 8 * 255


@pytest.mark.parametrize(
    ("machine", "program", "words"),
    [
        ("Darwin", "", "needs Linux, and this is Darwin"),
        ("Linux", None, "bubblewrap is missing: `apt install bubblewrap`"),
        ("Linux", "echo bubblewrap 0.6.1", "bubblewrap 0.6.1 is too old: version 0.8"),
        (
            "Linux",
            'if [ "$1" = --version ]; then echo bubblewrap 0.9.0; else echo "No permissions" >&2; exit 1; fi',
            "not permitted to make its namespaces here .No permissions",
        ),
    ],
)  # fmt: skip
def test_a_machine_that_cannot_is_told_why(machine, program, words, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.platform, "system", lambda: machine)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("sh", "setpriv"):
        if found := next((p for p in (Path("/bin") / name, Path("/usr/bin") / name) if p.exists()), None):
            (tmp_path / name).symlink_to(found)
    if program:
        (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(AssertionError, match=words):
        assert not sandbox.supported(), sandbox.supported()


def test_an_ordinary_user_can_shut_submissions_in(shut_in):
    if os.geteuid():
        pytest.skip("this test already runs as an ordinary user")
    code = f"import sys; sys.path.insert(0, {str(Path(sandbox.__file__).parents[2])!r}); " + (
        "from course_lib.grading import sandbox; print(sandbox.supported())"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code],
        user=12_345,
        group=12_345,
        extra_groups=[],
        capture_output=True,
        text=True,
    )
    if done.returncode or "permit" in done.stdout:
        pytest.skip(f"only root may do it here: {done.stdout}{done.stderr[-300:]}")
    assert done.stdout.strip() == ""
