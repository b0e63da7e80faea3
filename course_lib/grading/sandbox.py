"""A process that sees no network, no other process and almost no file: bubblewrap, and how it is called.

Bubblewrap (`bwrap`) builds new namespaces, mounts in them only what it is told to, and starts a program there without
any privilege. It is what Flatpak runs its applications in, and a package of Debian, Ubuntu and Fedora.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.grading import seccomp

HOME = "/throw-away"  # of the program inside: empty, and gone with it; not below /home, where the course itself may lie
OLDEST = (0, 8)  # version of bubblewrap: the first with --size and --disable-userns
# a submission's own user where the grader runs as root: numbers that no distribution hands out to people
FIRST_USER, USERS = 64_000, 1_000
# what a program inside knows of the environment
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "COURSE_DATA")
_PASSED_ON += ("LD_LIBRARY_PATH", "PYTHONPYCACHEPREFIX")
_OWN = ("HOME", "TMPDIR", "MPLCONFIGDIR")  # point to the program's own folder
INSTALL = "`apt install bubblewrap` (Debian 12, Ubuntu 24.04 and later) or `dnf install bubblewrap` (Fedora)"


@dataclass(frozen=True)
class View:
    """What a program inside sees of the file system."""

    shown: tuple[str, ...]  # folders and files, read-only, at their own places
    hidden: tuple[str, ...]  # of these nothing, although they may lie inside what is shown
    disk: int  # bytes of each of its own, empty, throw-away folders


def supported() -> str:
    """Why nothing can be shut in here, as a sentence; empty where it can. Tries it."""
    if platform.system() != "Linux":
        return f"bubblewrap needs Linux, and this is {platform.system()}."
    if not shutil.which("bwrap"):
        return f"bubblewrap is missing: {INSTALL} adds it."
    said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True).stdout
    version = tuple(int(n) for n in re.findall(r"\d+", said)[:2])
    if version < OLDEST:
        return (
            f"{said.strip() or 'bubblewrap'} is too old: version {OLDEST[0]}.{OLDEST[1]} or later is needed."
        )
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "`setpriv` is missing, by which root becomes an ordinary user: it comes with util-linux."
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        return "this kernel does not list a process's children (CONFIG_PROC_CHILDREN)."
    view = View(("/usr", "/bin", "/lib", "/lib64"), (), 1 << 20)
    with start(["true"], view, 0, {"PATH": "/usr/bin:/bin"}) as process:
        words = process.communicate()[1].decode(errors="replace").strip()
    if process.returncode:
        last = words.splitlines()[-1] if words else "it says nothing"
        return f"bubblewrap is not permitted to make its namespaces here ({last})."
    return ""


def start(program: Sequence[str], view: View, slot: int, environment: dict[str, str]) -> subprocess.Popen:
    """Start a program shut in, with pipes to it. slot: programs that run at the same time have different ones."""
    with tempfile.TemporaryFile() as arguments, tempfile.TemporaryFile() as calls:
        arguments.write("\0".join(_options(view)).encode() + b"\0")
        calls.write(seccomp.program())
        for file in (arguments, calls):
            file.seek(0)
        numbers = arguments.fileno(), calls.fileno()
        # by file, so that no process inside can read in the command line what is hidden
        command = [
            shutil.which("bwrap") or "bwrap",
            "--args",
            str(numbers[0]),
            "--seccomp",
            str(numbers[1]),
            "--",
        ]
        return _popen([*command, *_as_user(slot), *program], environment, pass_fds=numbers, cwd="/")


def start_open(program: Sequence[str], folder: str, environment: dict[str, str]) -> subprocess.Popen:
    """Start a program that is not shut in, in a folder of its own."""
    return _popen([*program], environment | dict.fromkeys(_OWN, folder), cwd=folder)


def _popen(command: list[str], environment: dict[str, str], **options: Any) -> subprocess.Popen:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, **options
    )


def _options(view: View) -> list[str]:
    options = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.geteuid() == 0:  # to become somebody else, see `_as_user`
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            options += ["--cap-add", capability]
    else:
        options += ["--unshare-user", "--disable-userns"]
    options += ["--proc", "/proc", "--dev", "/dev"]
    for own in (HOME, "/tmp", "/dev/shm"):
        options += ["--perms", "1777", "--size", str(view.disk), "--tmpfs", own]
    shown = [p for p in sorted(view.shown) if not any(_inside(p, other) for other in view.shown)]
    # bubblewrap would make the folders above for itself alone
    for folder in sorted({str(above) for path in shown for above in Path(path).parents} - {"/", "/tmp"}):
        options += ["--perms", "0755", "--dir", folder]
    for path in shown:
        options += ["--ro-bind-try", path, path]
    for path in view.hidden:  # they may lie inside what is shown
        if os.path.isdir(path):
            options += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
        elif os.path.exists(path):
            options += ["--ro-bind", "/dev/null", path]
    return [*options, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]


def _as_user(slot: int) -> list[str]:
    """Root's submissions run as users of their own, whose processes the system can count."""
    if os.geteuid():
        return []
    # other graders, at the same time, have other numbers: the system counts the processes of each
    user = str(FIRST_USER + (os.getpid() * 101 + slot) % USERS)
    become = ["--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    return ["setpriv", *become, "--"]


def environment() -> dict[str, str]:
    """Of a process that runs or judges answers: a few names, one thread, nothing of the instructor's."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    made = {k: v for k, v in os.environ.items() if k in _PASSED_ON} | dict.fromkeys(threads, "1")
    made |= dict.fromkeys(_OWN, HOME) | dict.fromkeys(("USER", "LOGNAME"), "student")
    made |= {
        "COURSE_TIER": "smoke",
        "MPLBACKEND": "Agg",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # libraries of an environment made by modules are found by this alone
    search = [str(paths.project()), *_folders("PYTHONPATH")]
    return made | {"COURSE_CACHE": str(paths.cache()), "PYTHONPATH": os.pathsep.join(search)}


def _folders(variable: str) -> list[str]:
    return [os.path.abspath(p) for p in os.environ.get(variable, "").split(os.pathsep) if p]


def shown() -> list[str]:
    """Folders and files that a submission may read: the interpreter, its libraries, the course's code and data."""
    project, home = paths.project(), Path.home()
    system = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime"]
    system += ["/etc/fonts", "/etc/alternatives", "/sys/devices/system/cpu"]
    # a virtual environment is reached by the name it was given, which may be a link
    prefixes = [
        str(p)
        for given in (sys.prefix, sys.base_prefix)
        for p in (os.path.abspath(given), os.path.realpath(given))
    ]
    packages = [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]
    for variable in ("PYTHONPATH", "LD_LIBRARY_PATH", "PYTHONPYCACHEPREFIX"):
        packages += _folders(variable)
    own = [project / "course_lib", paths.zoo(), paths.records(), project / "pyproject.toml"]
    existing = {
        os.path.realpath(p)
        for p in [*packages, *own, *paths.data_folders(), paths.cache()]
        if os.path.exists(p)
    } | {p for p in packages if os.path.exists(p)}
    # an installed course lies among the packages, which may be seen
    private = [home] if paths.installed() else [project, home]
    above = {str(p) for folder in private for p in (folder, *folder.parents)}
    return [*system, *sorted((existing | set(prefixes)) - above)]


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def view(hidden: Sequence[Path], disk: int) -> View:
    """What a submission sees: `shown`, and nothing of `hidden`."""
    show = shown()
    paths_hidden = [str(Path(h).resolve()) for h in hidden]
    # what does not lie inside something shown is not there in the first place
    inside = [h for h in paths_hidden if any(_inside(h, s) for s in show)]
    return View(tuple(show), tuple(inside), disk)
