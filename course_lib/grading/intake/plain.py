"""Reading what a student has put somewhere: plain files of a bounded size, and nothing else."""

import os
import stat
from pathlib import Path

LARGEST_HELPER = 1 << 18  # bytes of one Python file


class Refused(Exception):
    """A file that is not even opened, and why."""


def open_plain(path: Path, most: int) -> int:
    """Open a file for reading. Raises Refused for links, pipes, folders and what is too large; never waits."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"The file cannot be opened ({error.strerror}); a link is not followed.") from error
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        raise Refused("This is no plain file.")
    if about.st_size > most:
        os.close(handle)
        raise Refused(
            f"The file has {about.st_size / 1e6:,.0f} MB; more than {most / 1e6:,.0f} MB is not read: "
            "clear the outputs and hand it in again."
        )
    return handle


def helper_text(path: Path) -> str | None:
    """A Python file beside a notebook; None where it is no plain file of text, or a large one."""
    try:
        with os.fdopen(open_plain(path, LARGEST_HELPER), "rb") as file:
            return file.read().decode("utf-8-sig")
    except (Refused, UnicodeDecodeError):
        return None
