"""One process a run directory: a lock where the file system has locks, and a token that is read before each write.

The lock keeps a second process out. Where there are no locks (some network file systems), whoever comes last writes
its token over the one that is there, and the other stops at its next write: two never write the same run. The same
look tells when the folder was moved or deleted.
"""

import fcntl
import os
import platform
import secrets
from pathlib import Path

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.files import NO_LOCKS

NAME = ".lock"


class Ownership:
    """Of an existing folder, from the making of this object until `release`.

    Raises CourseError when another process holds the folder, OSError when it cannot be written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.token = f"process {os.getpid()} on {platform.node()} ({secrets.token_hex(8)})\n"
        self._folder = os.open(folder, os.O_RDONLY)  # this very folder, whatever it comes to be called
        self._lock = -1
        try:
            self._acquire()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
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
        self._lock = os.open(self.folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        try:  # the system lets go of the lock when the process ends, however it ends
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = _who((self.folder / NAME).read_text(errors="replace"))
            raise CourseError(
                f"{self.folder} is being trained by another process ({other}): wait for its end, or give --out another "
                f"folder."
            ) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            notices.say(
                f"the file system of {self.folder} has no locks ({error.strerror}): start no second process there; the "
                f"one that came first would stop.",
                once="locks",
            )
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, self.token.encode(), 0)

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
    return token.partition(" (")[0].strip() or "it says not which"
