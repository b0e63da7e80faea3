"""A process that sees no network, no other process and almost no file: Linux namespaces, through the C library.

Order: `enter` in a fresh child of one thread, then fork (only children are in the new PID namespace), then `settle` in
that child, which is process 1 there, and `disarm` in what it forks to run a student's code.
"""

import contextlib
import ctypes
import os
import platform
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
DETACH = 2
PDEATHSIG, DUMPABLE, SECCOMP, BOUNDING_DROP, NO_NEW_PRIVILEGES = 1, 4, 22, 24, 38
MOUNT_SETATTR = 442  # the same number on every architecture

# a submission's own user where the grader runs as root: numbers that no distribution hands out to people
FIRST_USER, USERS = 64_000, 1_000


class NotIsolated(CourseError):
    """This system does not permit what the isolation needs."""


@dataclass(frozen=True)
class View:
    """What a submission sees of the file system."""

    shown: tuple[str, ...]  # folders and files, read-only, at their own places
    hidden: tuple[str, ...]  # of these nothing, although they may lie inside what is shown
    disk: int  # bytes of each of its own, empty, throw-away folders

    HOME = "/throw-away"  # not below /home: there the course itself may lie
    ANSWERS = "/answers"


def _c() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> int:
    """A function of the C library. Raises NotIsolated with the system's own words."""
    done = getattr(_c(), name)(*arguments)
    if done == -1:
        code = ctypes.get_errno()
        raise NotIsolated(f"this system does not permit {name} ({os.strerror(code)}).")
    return done


def _mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    _call(
        "mount",
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )


def supported() -> str:
    """Why isolation cannot be had here, as a sentence; empty where it can. Tries it in a child process."""
    if not hasattr(os, "fork") or platform.system() != "Linux":
        return f"{platform.system()} has no namespaces."
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        said = "the isolation failed without a word."
        try:
            enter(View(("/usr",), (), 1 << 20), 0)
            if inner := os.fork():
                os.waitpid(inner, 0)
                os._exit(0)
            settle(View(("/usr",), (), 1 << 20))
            said = ""
        except BaseException as error:
            said = str(error) or type(error).__name__
        finally:
            os.write(writer, f"{said}\n".encode())
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        return pipe.read().decode().strip()


def enter(view: View, slot: int) -> None:
    """Leave the network and the file system of this machine; the caller's next child has a PID namespace of its own.

    slot: submissions that run at the same time have different ones. Raises NotIsolated.
    """
    apart = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
    if os.geteuid() == 0:
        _call("unshare", apart)
    else:
        user, group = os.geteuid(), os.getegid()
        _call("unshare", apart | NEWUSER)
        _be(user, group)
    _build(view, _user(slot))


def _user(slot: int) -> int:
    return FIRST_USER + slot % USERS if os.geteuid() == 0 else os.geteuid()


def _be(user: int, group: int) -> None:
    """In a new user namespace: nobody but oneself exists."""
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path(f"/proc/self/{name}").write_text(text)
    except OSError as error:
        raise NotIsolated(f"this system does not permit a user namespace ({error}).") from error


def _build(view: View, user: int) -> None:
    """A root folder of nothing but what is shown, and a change to it. The old root is out of reach afterwards."""
    _mount("none", "/", flags=REC | PRIVATE)
    root = "/proc"  # a place that surely exists; covered for this process alone, and left behind with the old root
    _mount("root", root, "tmpfs", NOSUID | NODEV, "size=8m,mode=0755")
    for path in sorted(view.shown, key=len):
        _show(root, path)
    for device in ("null", "zero", "full", "random", "urandom"):
        _show(root, f"/dev/{device}", devices=True)
    own = [View.HOME, View.ANSWERS, "/dev/shm"]
    # a checkout or an environment may lie below /tmp: then that is read-only, and nobody can move it aside
    own += [] if any(path.startswith("/tmp/") for path in view.shown) else ["/tmp"]
    for path in own:
        os.makedirs(root + path, exist_ok=True)
        owned = (
            f"size={view.disk},nr_inodes=4096,uid={user},gid={user if os.geteuid() == 0 else os.getegid()}"
        )
        _mount("own", root + path, "tmpfs", NOSUID | NODEV, f"{owned},mode=0700")
    os.makedirs(root + "/etc", exist_ok=True)
    if not os.path.exists(root + "/etc/passwd"):
        Path(root + "/etc/passwd").write_text(f"student:x:{user}:{user}::{View.HOME}:/bin/false\n")
    os.makedirs(root + "/proc", exist_ok=True)
    old = root + "/.old"
    os.mkdir(old)
    os.chdir(root)
    _call("pivot_root", b".", b".old")
    os.chdir("/")
    # what is hidden may lie inside what is shown
    for path in view.hidden:
        if os.path.isdir(path):
            _mount("hidden", path, "tmpfs", RDONLY | NOSUID | NODEV, "size=4k,mode=0755")
        elif os.path.exists(path):
            _mount("/dev/null", path, flags=BIND)


def _show(root: str, path: str, devices: bool = False) -> None:
    """Bind `path` below `root`, read-only with all that is mounted in it; symbolic links stay links."""
    target = root + path
    if os.path.lexists(target) or not os.path.lexists(path):
        return  # inside something already shown, or not on this machine
    os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(path, target, flags=BIND | REC)
    _freeze(target, devices)


def _freeze(target: str, devices: bool) -> None:
    """Read-only, without set-user-id, for a mount and all mounts in it (Linux 5.12; before it, for itself alone)."""
    attributes = RDONLY | NOSUID | (0 if devices else NODEV)
    # struct mount_attr: set, clear, propagation, user namespace; the first flags are those of mount()
    about = struct.pack("QQQQ", attributes, 0, 0, 0)
    recursive = 0x8000
    done = _c().syscall(MOUNT_SETATTR, -100, target.encode(), recursive, about, len(about))
    if done == -1:
        _mount("none", target, flags=REMOUNT | BIND | attributes)


def settle(view: View) -> None:
    """In process 1 of the new namespace: its own /proc, then an ordinary user without a way to be anything else.

    Signals from inside cannot end process 1, and as it is not dumpable nobody inside can read or trace it.
    """
    _mount("proc", "/proc", "proc", NOSUID | NODEV | 8)
    _call("umount2", b"/.old", DETACH)
    os.rmdir("/.old")
    _mount("none", "/", flags=REMOUNT | BIND | RDONLY | NOSUID | NODEV)
    if os.geteuid() == 0:
        user = os.stat(View.HOME).st_uid
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError as error:
            raise NotIsolated(f"root may not become user {user} here ({error}).") from error
        _call("prctl", DUMPABLE, 1, 0, 0, 0)  # a change of user took its own /proc/self from it
        _call("unshare", NEWUSER)
        _be(user, user)
    # no further user namespaces below this one: with them a student would be root of something again
    with contextlib.suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    hold()


def hold() -> None:
    """End with the parent; nobody else may look into this process."""
    _call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _call("prctl", DUMPABLE, 0, 0, 0, 0)


def disarm() -> None:
    """Give up every privilege, for good, and some system calls. For the process that will run a student's code."""
    for capability in range(64):
        if _c().prctl(BOUNDING_DROP, capability, 0, 0, 0) == -1:
            break
    _call("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _forbid()
    _call("prctl", DUMPABLE, 1, 0, 0, 0)  # it may look at itself again (/proc/self)


# Numbers of calls that no exercise needs, by architecture: memory that no limit counts (memfd, System V), other
# namespaces, and corners of the kernel that have been a way out before.
_FORBIDDEN = {
    "x86_64": (0xC000003E, [29, 30, 31, 68, 101, 155, 165, 166, 248, 249, 250, 272, 298, 304, 308, 310, 311, 319]
               + [321, 323, 425, 426, 427, 428, 429, 430, 438, 442, 447]),
    "aarch64": (0xC00000B7, [39, 40, 41, 97, 117, 186, 190, 194, 195, 196, 217, 218, 219, 241, 265, 268, 270, 271]
                + [279, 280, 282, 425, 426, 427, 428, 429, 430, 438, 442, 447]),
}  # fmt: skip

# Calls that a process may make about itself (first argument 0) and about no other: prlimit, sched_setscheduler,
# sched_setattr. With them process 1 could be starved, for it has the same user.
_ITSELF = {"x86_64": [302, 144, 314], "aarch64": [261, 119, 274]}


def _forbid() -> None:
    """A filter of system calls: those above answer "not permitted"; calls of another architecture kill."""
    if platform.machine() not in _FORBIDDEN:
        return
    architecture, numbers = _FORBIDDEN[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | 1, 0x80000000
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, kill), (load, 0, 0, 0)]
    program += [(at_least, 0, 1, 0x40000000), (answer, 0, 0, kill)]  # the x32 twins of the same calls
    for number in numbers:
        program += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    for number in _ITSELF[platform.machine()]:
        program += [(equal, 0, 4, number), (load, 0, 0, 16), (equal, 1, 0, 0), (answer, 0, 0, refuse)]
        program += [(answer, 0, 0, allow)]
    program.append((answer, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    about = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    _call("prctl", SECCOMP, 2, about, 0, 0)
