"""The processes of one submission, as its supervisor sees them: what they use, and how they are ended."""

import contextlib
import os
import signal
import time

from course_lib.grading import limits
from course_lib.grading.clock import Clock
from course_lib.grading.limits import Usage


class Processes:
    """All that a child of this process has started, the child included.

    alone: this process is number 1 of a PID namespace, so that all others in it are the student's. `clock` counts what
    the student's processes could use, `wall` all time.
    """

    def __init__(self, *, alone: bool):
        self.alone = alone
        self.child = 0
        self.clock, self.wall = Clock(), Clock()
        self._baseline = limits.usage(os.getpid()).memory
        self._expected: set[int] = set()  # numbers of those that may go on running

    def measure(self) -> int:
        """Move the clocks on. Returns the bytes that the student's processes use beyond what they were born with."""
        usages = self._usages()
        self.wall.look()
        self.clock.look(sum(usage.seconds for usage in usages), any(usage.busy for usage in usages))
        return sum(max(0, usage.memory - self._baseline) for usage in usages)

    def _usages(self) -> list[Usage]:
        usages = [limits.usage(pid) for pid in self._others()]
        return usages if self.alone else [usage for usage in usages if usage.group == self.child]

    def _others(self) -> set[int]:
        if not os.path.isdir("/proc/self"):
            return set()
        return {int(name) for name in os.listdir("/proc") if name.isdigit()} - {os.getpid()}

    def remember(self) -> None:
        """What is running now is no stray."""
        self._expected = self._others()

    def end_strays(self) -> None:
        """What an answer has started and left behind must not meet the next one."""
        for _ in range(100 if self.alone else 0):
            strays = self._others() - self._expected
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if not strays:
                return
            time.sleep(0.001)

    def child_has_ended(self) -> bool:
        return bool(os.waitpid(self.child, os.WNOHANG)[0])

    def end_all(self) -> None:
        """No process of the student's is alive after this (where namespaces are; else none of its group)."""
        if not self.alone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGKILL)
        while True:
            if self.alone:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(-1, signal.SIGKILL)
            try:  # orphans are ours to wait for, too; again and again, should one have been born meanwhile
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    time.sleep(0.001)
            except ChildProcessError:
                return
