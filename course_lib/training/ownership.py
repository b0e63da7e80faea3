"""One process a run directory: a lock where the file system has locks, and a token that is read before each write.

The lock keeps a second process out. Where there are no locks (some network file systems), a thread of the owner touches
the token every few seconds, and whoever comes finds it fresh and goes. A token that nobody has touched for minutes, or
whose process has ended on this machine, is written over; should its owner live after all (it was suspended, say), it
stops at its next write: two never write the same run. The same look tells when the folder was moved or deleted.

The token says where its process number means something: on which start of which machine, and in which container. Equal
names of two machines say nothing.
"""

import fcntl
import os
import platform
import re
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.files import NO_LOCKS
from course_lib.training.stopping import Question, nobody_asks, queue_again

NAME = ".lock"
BEAT = 20.0  # seconds between two signs of life
STALE = 120.0  # seconds after the last one: a network file system may show for a minute what was there before
LOOK = 1.0  # seconds between two looks at a token whose process may have ended on another machine
_held: set[str] = set()  # tokens of this process


class Ownership:
    """Of an existing folder, from the making of this object until `release`.

    asked_to_stop: asked while another owner's sign of life is waited for.
    Raises CourseError when another process holds the folder, Interrupted when this one is to stop before that is
    known, OSError when the folder cannot be written.
    """

    def __init__(self, folder: Path, asked_to_stop: Question = nobody_asks):
        self.folder = folder
        self.token = f"process {os.getpid()} on {platform.node()} ({secrets.token_hex(8)} {_numbers()})\n"
        self._asked_to_stop = asked_to_stop
        self._folder = os.open(folder, os.O_RDONLY)  # this very folder, whatever it comes to be called
        self._lock = -1
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None
        try:
            self._acquire()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        _held.discard(self.token)
        if self._beating:
            self._ended.set()
            self._beating.join(5)
        if self._lock >= 0:
            # the next one, perhaps where locks are not seen, need not wait for a sign of life
            with suppress(OSError):
                if os.pread(self._lock, 1000, 0) == self.token.encode():
                    os.ftruncate(self._lock, 0)
        for handle in (self._lock, self._folder):
            if handle >= 0:
                os.close(handle)
        self._lock = self._folder = -1

    def verify(self) -> None:
        """Raises CourseError when the folder was moved, deleted or taken over by another process."""
        try:
            here = os.stat(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            raise self._gone() from None
        if not os.path.samestat(here, os.fstat(self._folder)):
            raise self._gone()
        try:
            token = (self.folder / NAME).read_text(errors="replace")
        except FileNotFoundError:  # somebody has tidied up
            self._acquire()
            return
        if token != self.token:
            raise CourseError(
                f"{self.folder} was taken over by {_who(token)} while it was trained here, and this process stops "
                f"before it writes more: let that one finish, or give --out another folder."
            )

    def _acquire(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1  # another file may have its number when none can be opened
        self._lock = os.open(self.folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        try:  # the system lets go of the lock when the process ends, however it ends
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = _another((self.folder / NAME).read_text(errors="replace"))
            raise CourseError(
                f"{self.folder} is being trained by {other}: wait for its end, or give --out another folder."
            ) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            notices.say(
                f"the file system of {self.folder} has no locks ({error.strerror}): this process gives a sign of life "
                f"every {BEAT:.0f} seconds instead, which keeps a second one out.",
                once="locks",
            )
            self._refuse_if_alive()
            if self._beating is None:
                self._beating = threading.Thread(target=self._beat, name="signs of life", daemon=True)
                self._beating.start()
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, self.token.encode(), 0)
        _held.add(self.token)

    def _beat(self) -> None:
        """Touch the token while it is this process's."""
        while not self._ended.wait(BEAT):
            with suppress(OSError):  # the folder was moved, or the network is away: `verify` tells
                if (self.folder / NAME).read_text(errors="replace") == self.token:
                    os.utime(self.folder / NAME)

    def _refuse_if_alive(self) -> None:
        """Raises CourseError when the process whose token lies here lives. Of another machine's, that is known when it
        gives a sign of life, or gives none for so long that it has ended."""
        first = self._look()
        while (found := self._look()) is not None and found[0] not in ("", self.token):
            token, touched = found
            age = max(self._now() - touched, 0.0)
            alive = _lives(token)
            if age > STALE or alive is False:
                return
            if alive or found != first:
                raise CourseError(
                    f"{self.folder} is being trained by {_another(token)}, which gave a sign of life {age:.0f} seconds "
                    f"ago: wait for its end, or give --out another folder. Should it have ended without a word, the "
                    f"folder is free {STALE:.0f} seconds after the last sign."
                )
            notices.say(
                f"{self.folder} was being trained by {_who(token)}: waiting at most {STALE - age:.0f} seconds for "
                f"a sign of life.",
                once=f"sign of life {token}",
            )
            if stop := self._asked_to_stop():
                raise stop(
                    f"stopped while waiting for a sign of life of {_who(token)}, and wrote nothing: the same command "
                    f"asks again whether {self.folder} is free{queue_again(stop)}."
                )
            time.sleep(LOOK)

    def _look(self) -> tuple[str, float] | None:
        """The token that lies here and when it was touched; None when somebody has tidied it up."""
        file = self.folder / NAME
        try:
            return file.read_text(errors="replace"), file.stat().st_mtime
        except FileNotFoundError:
            return None

    def _now(self) -> float:
        """By the clock of the file system, which need not be this machine's."""
        probe = self.folder / f"{NAME}.{secrets.token_hex(4)}.tmp"
        handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:  # asked of the open file: whoever has just taken the folder clears such files away
            return os.fstat(handle).st_mtime
        finally:
            os.close(handle)
            probe.unlink(missing_ok=True)

    def _gone(self) -> CourseError:
        try:
            now = os.readlink(f"/proc/self/fd/{self._folder}")
        except OSError:  # not Linux
            now = ""
        if now and os.path.isdir(now):
            return CourseError(
                f"{self.folder} was moved to {now} while it was trained: its last checkpoint is there, and the same "
                f"command with --out {now} resumes it."
            )
        return CourseError(
            f"{self.folder} was moved or deleted while it was trained: repeat the command with --out where it lies "
            f"now, or in a new folder."
        )


def _who(token: str) -> str:
    """The process that a token names."""
    named = re.match(r"process \d+ on \S+(?= \()", token)
    return named[0] if named else "another process"


def _another(token: str) -> str:
    """The same, said to be another than this one."""
    who = _who(token)
    return who if who == "another process" else f"another process ({who})"


def _numbers() -> str:
    """Within what a process number means one process: this start of this machine, and the namespace of processes, which
    a container has of its own. "unknown" where the system does not say."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{start} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return "unknown"


def _lives(token: str) -> bool | None:
    """Whether the process of a token does; None for one whose number means nothing here, of which nothing is known."""
    said = re.match(r"process (\d+) on .* \(\w+ (.+)\)$", token)
    if not said or said[2] == "unknown" or said[2] != _numbers():
        return None
    number = int(said[1])
    if number == os.getpid():  # its own
        return token in _held
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
