"""What a process sees and may do once it is shut in."""

import json
import os
import resource

import pytest

from course_lib.grading import isolation
from course_lib.grading.isolation import View


def look():
    """What there is to see from inside, as plain values."""
    told = {"root": sorted(os.listdir("/")), "processes": sum(p.isdigit() for p in os.listdir("/proc"))}
    told["hidden"] = os.listdir("/usr/share")
    told["kept"] = "lib" in os.listdir("/usr")
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

    told["refused"] = {
        "write": refused(lambda: os.mkdir("/usr/mine")),
        "root": refused(lambda: os.mkdir("/mine")),
        "become": refused(lambda: os.setuid(0)),
        "trace": refused(lambda: os.listdir("/proc/1/fd")),
        "memory": refused(lambda: os.memfd_create("mine")),
        "others' limits": refused(lambda: resource.prlimit(1, resource.RLIMIT_CPU)),
        "others' turns": refused(lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))),
    }
    told["own limits"] = not refused(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    told["mount"] = isolation._c().mount(b"none", b"/usr", b"tmpfs", 0, None)
    told["unshare"] = isolation._c().unshare(isolation.NEWUSER)
    with open(os.path.join(View.HOME, "mine"), "w") as file:
        told["own"] = file.write("mine")
    return told


@pytest.fixture(scope="module")
def seen(shut_in):
    view = View(
        ("/usr", "/bin", "/lib", "/lib64", os.path.dirname(isolation.__file__)), ("/usr/share",), 1 << 20
    )
    reader, writer = os.pipe()
    if not (child := os.fork()):
        try:
            isolation.enter(view, 7)
            if inner := os.fork():
                os.waitpid(inner, 0)
                os._exit(0)
            isolation.settle(view)
            if inner := os.fork():
                os.waitpid(inner, 0)
                os._exit(0)
            isolation.disarm()
            os.write(writer, json.dumps(look()).encode())
        except BaseException as error:
            os.write(writer, json.dumps({"error": repr(error)}).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return json.loads(pipe.read())


def test_files_are_few_and_what_is_hidden_is_empty(seen):
    assert "error" not in seen, seen
    assert not {"home", "root", "srv", "mnt", ".old"} & set(seen["root"])
    assert seen["kept"] and seen["hidden"] == [] and seen["own"] == 4


def test_nobody_else_is_there_and_nothing_is_permitted(seen):
    assert seen["processes"] == 2 and seen["devices"] == ["lo"]
    assert seen["privileges"] == [0, 0, 0, 0, 0]
    assert all(seen["refused"].values()), seen["refused"]
    assert seen["mount"] == seen["unshare"] == -1 and seen["own limits"]
